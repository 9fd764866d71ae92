"""Direct identifiers in words that would leave: names of columns and outputs, the title, labels of keys, values.

Looked for: the extract's own person keys and anything built as a pseudonym, social security numbers (NIR, with or
without key), RPPS, FINESS, ADELI, SIREN, e-mail addresses, telephone and account numbers, full dates as dates of birth
are. Texts are first brought to one spelling. What was found is never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeAlias

from egress.checks import patterns
from egress.checks.examined import Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.plain import unmasked, visible
from egress.query.model import Call, ColumnRef, Key
from egress.query.table import Table, Value
from hub.policy.model import DisclosureRules
from hub.words import Message, say

RULE = Rule("identifiers", Risk.INDIVIDUALS)
DAYS = Rule("full_dates", Risk.INDIVIDUALS)

Pattern: TypeAlias = tuple[Callable[[str], bool], Message]

# Each in the order in which they are told; the first that fits. A person is never a published category …
_PERSONS: tuple[Pattern, ...] = (
    (patterns.is_nir, say("This looks like a social security number.")),
    (patterns.is_nir_alone, say("This looks like a social security number.")),
    (patterns.is_email, say("This looks like an e-mail address.")),
)
# … while a holder may well list establishments by their number, and classes by their first day.
_OTHERS: tuple[Pattern, ...] = (
    (patterns.is_iban, say("This looks like a bank account.")),
    (patterns.is_phone, say("This looks like a telephone number.")),
    (patterns.is_professional, say("This looks like the number of a health professional.")),
    (patterns.is_establishment, say("This looks like the number of an establishment or a professional.")),
    (patterns.is_long_code, say("This looks like an identifier: a long number or code.")),
)
_BIRTH = say("This looks like a full date, as a date of birth is.")
_KEY = say("This is a person key of the extract.")
# Longer than any identifier looked for, e-mail addresses of sixty letters included.
_PIECE, _OVERLAP = 400, 100
_WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")


def looks_direct(text: str, *, published: bool = False) -> Message | None:
    """What `text` looks like, if it looks like an identifier. `published`: it is a category of the catalogue."""
    for shown in dict.fromkeys(piece for whole in (visible(text), unmasked(text)) for piece in _pieces(whole)):
        for looks_like, why in _PERSONS if published else (*_PERSONS, *_OTHERS):
            if looks_like(shown):
                return why
        if not published and patterns.is_full_date(shown):
            return _BIRTH
    return None


def _pieces(text: str) -> Iterator[str]:
    """Overlapping pieces, so that the time taken grows with the text and not with its square."""
    return (text[start : start + _PIECE] for start in range(0, max(len(text) - _OVERLAP, 1), _PIECE - _OVERLAP))


def words_of(table: Table, *texts: str) -> frozenset[str]:
    """Every word that would leave beside the values: texts, names of columns, labels. To be asked of the extract."""
    labels = {str(value) for row in table.rows for value in row if isinstance(value, str)}
    numbers = {
        str(value) for row in table.rows for value in row if isinstance(value, int) and not isinstance(value, bool)
    }
    spoken = {word for text in (*texts, *table.columns) for word in (text, *_WORD.findall(text), *text.split("_"))}
    return frozenset({*labels, *numbers, *(visible(label) for label in labels), *spoken})


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    del rules  # no threshold: an identifier is one whatever the rules
    findings: list[Finding] = []
    seen: set[str] = set()
    for where, text, published in _words(examined):
        why = looks_direct(text, published=published)
        if why is None and not examined.pseudonyms.isdisjoint((text, visible(text), *_WORD.findall(text))):
            why = _KEY
        if why is not None and where not in seen:
            seen.add(where)
            findings.append(RULE.found(Outcome.FAIL, where, why))
    findings += _values(examined)
    findings += _days(examined)
    if not findings:
        findings.append(RULE.passed("words", say("No name or label looks like an identifier.")))
    return tuple(findings)


def _words(examined: Examined) -> Iterator[tuple[str, str, bool]]:
    """Where, what, and whether the catalogue lists it."""
    if examined.title:
        yield "title", examined.title, False
    for column in examined.query.columns:
        yield "column names", column, False
    for key in examined.query.keys:
        at = examined.query.columns.index(key.name)
        for label in {str(row[at]) for row in examined.table.rows if isinstance(row[at], str | int)}:
            yield key.name, label, key.listed and isinstance(key.expression, ColumnRef)


def _values(examined: Examined) -> Iterator[Finding]:
    """Whole numbers that are a NIR with its key, or a person key: by chance perhaps, so people look."""
    for measure in examined.query.measures:
        at = examined.column(measure)
        rows = [row for row, values in enumerate(examined.table.rows) if _is_known(values[at], examined.pseudonyms)]
        if rows:
            why = say("{rows} values look like identifiers of persons.", rows=len(rows))
            yield RULE.found(Outcome.REVIEW, measure.name, why, tuple((row, at) for row in rows))


def _is_known(value: Value | None, keys: frozenset[str]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return str(value) in keys or patterns.is_nir(str(value))


def _days(examined: Examined) -> Iterator[Finding]:
    """Keys of single days: of an admission, or of a birth; the machine cannot tell."""
    for key in examined.query.keys:
        at = examined.query.columns.index(key.name)
        if not _coarse(key) and any(isinstance(row[at], date) for row in examined.table.rows):
            why = say("These labels are single days; take the month, the quarter or the year where it is enough.")
            yield DAYS.found(Outcome.REVIEW, key.name, why)


def _coarse(key: Key) -> bool:
    return isinstance(key.expression, Call) and key.expression.function.startswith("date_trunc_")
