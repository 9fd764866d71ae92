"""What a release with noise was asked for, in words: what it is broken down by, and only where. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from egress.outputs.private import OlsWords, PrivateKind, PrivateWords, words_of
from egress.package.spelling import visible
from egress.privacy.rows import rows_of
from egress.query.described import filters_in_words, keys_in_words
from egress.query.model import Query
from egress.query.parse import parse
from egress.release.report import OutputReport
from hub.catalogue.model import Catalogue
from hub.words import Message

Words = tuple[tuple[str, ...], tuple[str, ...]]


def in_words(report: OutputReport, catalogue: Catalogue | None) -> Words:
    """Keys and conditions; of a regression, outcome ~ predictors. Empty where it cannot be read any more."""
    if catalogue is None:
        return (), ()
    if "asked" in report.dp:
        words = _private(report.dp.get("kind"), report.dp["asked"])
        return ((), ()) if words is None else _of_private(words, catalogue)
    query = parse(report.sql, catalogue)
    if not isinstance(query, Query):
        return (), ()
    return tuple(map(visible, keys_in_words(query))), _filters(query)


def _private(kind: Any, asked: Any) -> PrivateWords | None:
    if kind not in set(PrivateKind) or not isinstance(asked, Mapping):
        return None
    words = words_of(PrivateKind(kind), asked)
    return None if isinstance(words, Message) else words


def _of_private(words: PrivateWords, catalogue: Catalogue) -> Words:
    rows = rows_of(words.table, words.where, catalogue)
    filters = _filters(rows) if isinstance(rows, Query) else ()
    if isinstance(words, OlsWords):
        return (visible(f"{words.outcome} ~ {' + '.join(words.predictors)}"),), filters
    return tuple(map(visible, words.columns)), filters


def _filters(query: Query) -> tuple[str, ...]:
    return tuple(map(visible, filters_in_words(query)))
