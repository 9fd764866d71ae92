"""What the terms of a model are called: names of columns, published categories, and the functions of formulas.

The term of a dummy holds a value of the data, and the notebook's process wrote all of them. What the catalogue does not
publish is read by people; what looks like an identifier does not leave.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from egress.checks.examined import Rule
from egress.checks.identifiers import RULE as IDENTIFIERS
from egress.checks.identifiers import looks_direct
from egress.checks.model import Finding, Outcome, Risk
from hub.catalogue.model import Catalogue
from hub.words import say

TERMS = Rule("model_terms", Risk.COVERT_CHANNEL)

# What formulas are made of beside columns, and powers and degrees.
_FUNCTIONS = frozenset(
    {"Intercept", "intercept", "const", "C", "I", "Q", "Treatment", "Sum", "reference", "center", "scale", "poly"}
    | {"np", "log", "log1p", "log2", "log10", "exp", "sqrt", "square", "abs", "standardize"}
)
_POWERS = frozenset(("1", "2", "3"))
_FACTOR = re.compile(r"(?P<call>[^\[\]]*)(?:\[(?:[TS]\.)?(?P<label>[^\[\]]*)\])?\Z")
_TOKEN = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?|\S")
_SIGNS = frozenset("()+-*/,.='\"")
_MOST_TOKENS = 16  # signs and nested calls say something by their number
_WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")


def check(terms: Iterable[str], catalogue: Catalogue | None, pseudonyms: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings about names of terms, outcomes and features; `pseudonyms` are person keys among their words."""
    found: list[Finding] = []
    named = tuple(terms)
    for term in named:
        why = looks_direct(term)
        if why is None and not set(pseudonyms).isdisjoint(words_of(term)):
            why = say("This is a person key of the extract.")
        if why is not None:
            found.append(IDENTIFIERS.found(Outcome.FAIL, "terms", why))
            break
    columns, labels = _published(catalogue)
    free = sum(not _is_published(term, columns, labels) for term in named)
    if free:
        why = say("{terms} terms have words or numbers that the catalogue does not publish.", terms=free)
        found.append(TERMS.found(Outcome.REVIEW, "terms", why))
    elif not found:
        why = say("All terms are names of columns and published categories.")
        found.append(TERMS.passed("terms", why))
    return tuple(found)


def columns_of(terms: Iterable[str], catalogue: Catalogue) -> frozenset[str]:
    """The columns of the catalogue that terms name."""
    known = {name for table in catalogue.tables.values() for name in table.columns}
    return frozenset(known.intersection(token for term in terms for token in _TOKEN.findall(term)))


def words_of(term: str) -> frozenset[str]:
    """What of a term could be a person key."""
    return frozenset({term, *_WORD.findall(term), *re.split(r"[\[\]:_.]", term)})


def _published(catalogue: Catalogue | None) -> tuple[frozenset[str], frozenset[str]]:
    columns, labels = set(), {"True", "False"}
    for table in catalogue.tables.values() if catalogue is not None else ():
        for name, column in table.columns.items():
            listed = {str(value) for value in (*(column.categories or ()), *(column.breaks or ()))}
            columns |= {name, *(f"{name}_{value}" for value in listed)}  # as pandas.get_dummies calls them
            labels |= listed
    return frozenset(columns), frozenset(labels)


def _is_published(term: str, columns: Collection[str], labels: Collection[str]) -> bool:
    return term in columns or all(_is_factor(factor.strip(), columns, labels) for factor in _factors(term))


def _factors(term: str) -> list[str]:
    """The parts of an interaction; a colon in brackets is part of a label."""
    return re.split(r":(?![^\[]*\])", term)


def _is_factor(factor: str, columns: Collection[str], labels: Collection[str]) -> bool:
    parts = _FACTOR.match(factor)
    if parts is None or (parts["label"] is not None and parts["label"] not in labels):
        return False
    known = (columns, labels, _FUNCTIONS, _POWERS, _SIGNS)
    tokens = _TOKEN.findall(parts["call"])
    spoken = any(token not in _SIGNS for token in tokens) and len(tokens) <= _MOST_TOKENS
    return spoken and all(any(token in words for words in known) for token in tokens)
