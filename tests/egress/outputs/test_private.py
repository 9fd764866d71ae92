"""The words of private releases: what counts as one, and one sentence for what does not."""

from __future__ import annotations

from typing import Any

import pytest

from egress.outputs.private import (
    MAX_COLUMNS,
    MAX_CONDITION,
    MAX_ROWS,
    OlsWords,
    PrivateKind,
    SyntheticWords,
    words_of,
)
from hub.words import Message

OLS: dict[str, Any] = {"table": "t", "outcome": "cost", "predictors": ("age", "sex"), "where": "age > 3"}
ROWS: dict[str, Any] = {"table": "t", "columns": ("age", "sex"), "rows": 100}


def test_literals_are_taken_as_written() -> None:
    assert words_of(PrivateKind.OLS, OLS) == OlsWords("t", "cost", ("age", "sex"), "age > 3")
    assert words_of(PrivateKind.OLS, {**OLS, "where": None}) == OlsWords("t", "cost", ("age", "sex"), None)
    assert words_of(PrivateKind.SYNTHETIC, ROWS) == SyntheticWords("t", ("age", "sex"), 100)


@pytest.mark.parametrize(
    "change",
    [
        {"table": None},
        {"table": ("t",)},
        {"table": "t" * 61},
        {"outcome": 3},
        {"outcome": "age"},
        {"predictors": ()},
        {"predictors": "age"},
        {"predictors": ("age", "age")},
        {"predictors": ("age", 3)},
        {"predictors": tuple(f"c{at}" for at in range(MAX_COLUMNS + 1))},
        {"where": " "},
        {"where": True},
        {"where": "x" * (MAX_CONDITION + 1)},
    ],
)
def test_a_regression_of_anything_else_is_one_sentence(change: dict[str, Any]) -> None:
    assert isinstance(words_of(PrivateKind.OLS, {**OLS, **change}), Message)


@pytest.mark.parametrize("rows", [None, True, 0, -1, 1.0, "9", MAX_ROWS + 1])
def test_rows_are_a_whole_number_within_bounds(rows: object) -> None:
    assert isinstance(words_of(PrivateKind.SYNTHETIC, {**ROWS, "rows": rows}), Message)
    for fine in (1, MAX_ROWS):
        assert isinstance(words_of(PrivateKind.SYNTHETIC, {**ROWS, "rows": fine}), SyntheticWords)
