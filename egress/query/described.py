"""A query's keys and filters as a person reads them. Never run: what runs is written by `egress.query.sql`."""

from __future__ import annotations

import re

from egress.query.model import Query
from egress.query.sql import expression_sql

_PLAIN = re.compile(r'"([A-Za-z_][A-Za-z0-9_]*)"')


def keys_in_words(query: Query) -> tuple[str, ...]:
    """What the cells are broken down by, a key that is not a plain column with its name."""
    return tuple(
        text if text.rpartition(".")[2] == key.name else f"{key.name}: {text}"
        for key in query.keys
        for text in (_plain(expression_sql(key.expression)),)
    )


def filters_in_words(query: Query) -> tuple[str, ...]:
    """The conditions that every row meets."""
    return tuple(_plain(expression_sql(condition)) for condition in query.where)


def _plain(sql: str) -> str:
    text = _PLAIN.sub(r"\1", sql)
    return text[1:-1] if text.startswith("(") and text.endswith(")") and _is_one_pair(text) else text


def _is_one_pair(text: str) -> bool:
    """Whether the first parenthesis closes with the last."""
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return place == len(text) - 1
    return False
