"""What a declaration itself may carry: the parser's notes, its names, its title and its privacy budget.

A declaration is written by code that has read the data. Words outside the catalogue are a channel: people read them.
The limits of this file bound how much words can say at most; none is a threshold of disclosure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.vocabulary import GLUE, of_key, of_measure, of_table, own_name, split
from egress.query.model import Query
from egress.query.names import is_plain
from hub.catalogue.model import Catalogue
from hub.words import Message, say

RULE = Rule("declaration", Risk.COVERT_CHANNEL)

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\Z")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")
# Words with one sign between them: so that spaces, dashes and points say nothing by their number and kind.
_TITLE = re.compile(r"[^\W_]+(?:(?: |, |: |; | \(|\), |\) |-|–|'|’)[^\W_]+)*[.)]?\Z")
MOST_WORDS = 8
MOST_TITLE_WORDS = 16
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


def words(
    name: str, title: str, query: Query, catalogue: Catalogue, more: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Findings about the declaration's name and title, and the names of its columns; `more` words are known as well."""
    known = of_table(query, catalogue) | more
    return (*called(name, title, known, catalogue), *_columns(query, catalogue))


def called(name: str, title: str, known: frozenset[str], catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings about a name and a title for which the words `known` are those of the output."""
    return (*_name(name, known), *_title(title, known, catalogue))


def of_chart(name: str, title: str, query: Query, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings about the name and title of a chart over the table of `query`."""
    return called(name, title, of_table(query, catalogue) | {"chart", "by", "of"}, catalogue)


def budget(rho: Decimal | None) -> tuple[Finding, ...]:
    """A privacy budget with many digits is a channel as well."""
    if rho is None or rho in _ROUND_RHO:
        return ()
    return (RULE.found(Outcome.REVIEW, "rho", say("This rho is not one of 1, 2 or 5 times a power of ten.")),)


def _name(name: str, known: frozenset[str]) -> Iterator[Finding]:
    if not _IDENTIFIER.match(name):
        why = say("A name has letters, digits and underscores, begins with a letter, and at most 63 of them.")
        yield RULE.found(Outcome.FAIL, "name", why)
    elif not is_plain(name) or not _NAME.match(name):
        yield RULE.found(Outcome.REVIEW, "name", say("The name is not a plain word."))
    elif len(name) > 1 and not _spoken(name, known, MOST_WORDS):
        why = say("The name has words that are not those of this table, or too many of them.")
        yield RULE.found(Outcome.REVIEW, "name", why)


def _title(title: str, known: frozenset[str], catalogue: Catalogue) -> Iterator[Finding]:
    if not title:
        return
    if not set(split(title)) <= known:
        why = say("The title has words or numbers that are not those of the catalogue and of this table.")
        yield RULE.found(Outcome.REVIEW, "title", why)
    elif not _TITLE.match(title):
        yield RULE.found(Outcome.REVIEW, "title", say("The title has unusual characters or is very long."))
    elif not _spoken(title, known, MOST_TITLE_WORDS, GLUE) or not _usual_case(title, catalogue):
        why = say("The title repeats words, has very many, or unusual capital letters.")
        yield RULE.found(Outcome.REVIEW, "title", why)


def _columns(query: Query, catalogue: Catalogue) -> Iterator[Finding]:
    """Names of columns: their own name in the catalogue, or plain words about just this column."""
    called = [(key.name, own_name(key.expression), of_key(key.expression, query, catalogue)) for key in query.keys]
    called += [
        (measure.name, own_name(measure.argument), of_measure(measure, query, catalogue)) for measure in query.measures
    ]
    odd = [name for name, own, known in called if name != own and not _called(name, known)]
    if odd:
        # Not repeated here: a name may carry anything.
        why = say("{rows} column names have words that are not those of their column.", rows=len(odd))
        yield RULE.found(Outcome.REVIEW, "column names", why)


def _called(name: str, known: frozenset[str]) -> bool:
    return bool(_NAME.match(name)) and _spoken(name, known, MOST_WORDS)


def _spoken(text: str, known: frozenset[str], most: int, twice: frozenset[str] = frozenset()) -> bool:
    """Whether `text` is at most `most` words of `known`, each once, those of `twice` at most twice."""
    counts = Counter(split(text))
    if not set(counts) <= known or counts.total() > most:
        return False
    return all(count <= 1 + (word in twice) for word, count in counts.items())


def _usual_case(title: str, catalogue: Catalogue) -> bool:
    """Lower case, a first capital, or a spelling of the catalogue's own."""
    texts = [catalogue.source.name, catalogue.source.description or ""]
    for name, table in catalogue.tables.items():
        texts += [name, table.description or "", *table.columns]
        for column in table.columns.values():
            texts += [column.description, *(str(value) for value in column.categories or ())]
    spelled = {word for text in texts for word in re.findall(r"[^\W\d_]+", text)}
    found = re.findall(r"[^\W\d_]+", title)
    return all(word.islower() or word in spelled or (word == found[0] and word.istitle()) for word in found)
