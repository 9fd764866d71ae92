"""What a declaration itself may carry: the parser's notes, its name, its title and its privacy budget.

A declaration is written by code that has read the data. Words outside the catalogue are a channel: people read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.query.model import Query
from egress.query.names import is_plain
from hub.catalogue.model import Catalogue
from hub.words import Message, say

RULE = Rule("declaration", Risk.COVERT_CHANNEL)

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")
_SMALL_WORDS = """
a an and at by each for from in into not of on or per than the their to with without between before after under over all
count mean average median number rate share sum total table person people patient year month
à au aux avec an ans année chaque dans de des du en entre et la le les leur ou par pour sans selon sur un une tous toute
moyenne médiane nombre part personne somme tableau taux mois
"""
# rho in steps of 1, 2, 5: a choice among few values says little.
_ROUND_RHO = frozenset(Decimal(step).scaleb(power) for step in (1, 2, 5) for power in range(-4, 1))


def notes(query: Query) -> tuple[Finding, ...]:
    """One finding per kind of note; places are joined, so that a long query does not bury the rest."""
    by_rule: dict[tuple[str, str], list[tuple[str, Message]]] = {}
    for note in query.notes:
        by_rule.setdefault((note.rule, str(note.why)), []).append((note.where, note.why))
    found = tuple(
        RULE.found(Outcome.REVIEW, ", ".join(dict.fromkeys(where for where, _ in places)), places[0][1])
        for places in by_rule.values()
    )
    return found or (RULE.passed("SQL", say("The SQL holds published words and constants only.")),)


def words(name: str, title: str, query: Query, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings about the declaration's name and title."""
    findings: list[Finding] = []
    if not _IDENTIFIER.match(name):
        why = say("A name has letters, digits and underscores, begins with a letter, and at most 63 of them.")
        findings.append(RULE.found(Outcome.FAIL, "name", why))
    elif not is_plain(name):
        findings.append(RULE.found(Outcome.REVIEW, "name", say("The name is not a plain word.")))
    if title and not set(_split(title)) <= vocabulary(query, catalogue):
        why = say("The title has words or numbers that are not those of the catalogue and of this table.")
        findings.append(RULE.found(Outcome.REVIEW, "title", why))
    elif not all(letter.isalnum() or letter in " ,.;:()'’-–/%" for letter in title) or len(title) > 200:
        findings.append(RULE.found(Outcome.REVIEW, "title", say("The title has unusual characters or is very long.")))
    return tuple(findings)


def budget(rho: Decimal | None) -> tuple[Finding, ...]:
    """A privacy budget with many digits is a channel as well."""
    if rho is None or rho in _ROUND_RHO:
        return ()
    return (RULE.found(Outcome.REVIEW, "rho", say("This rho is not one of 1, 2 or 5 times a power of ten.")),)


def _split(text: str) -> Iterator[str]:
    return (word.lower().rstrip("s") if word.isalpha() else word for word in _WORD.findall(text))


def vocabulary(query: Query, catalogue: Catalogue) -> set[str]:
    """The words a title may use: those of the catalogue, of this table's columns, and small words of both languages."""
    texts = [*query.columns, _SMALL_WORDS, catalogue.source.name, catalogue.source.description or ""]
    for name, table in catalogue.tables.items():
        texts += [name, table.description or ""]
        for label, column in table.columns.items():
            texts += [label, column.description]
            texts += [
                str(value) for value in (*(column.categories or ()), *(column.breaks or ()), *(column.bounds or ()))
            ]
    return {word for text in texts for word in _split(text)}
