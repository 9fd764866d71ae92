"""Rounding of single values."""

from __future__ import annotations

import pytest

from egress.checks.model import Protection
from egress.protect.rounding import rounded, to_base, to_digits
from egress.query.model import Aggregate
from tests.egress.checks.values import ROWS, measure
from tests.egress.query.extracts import rules


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15), (-2, 0), (-3, -5)]
)
def test_to_base(value: int, expected: int) -> None:
    assert to_base(value, 5) == expected


def test_halves_go_up() -> None:
    assert to_base(5, 10) == 10
    assert to_base(15, 10) == 20


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1234.5678, 1235.0),
        (0.00123456, 0.001235),
        (99999.0, 100000.0),
        (-1234.5678, -1235.0),
        (0.0, 0.0),
        (1e-300, 1e-300),
    ],
)
def test_to_digits(value: float, expected: float) -> None:
    assert to_digits(value, 4) == expected


SUPPRESS, ROUND, NONE = Protection.SUPPRESS, Protection.ROUND, Protection.NONE


@pytest.mark.parametrize(
    ("value", "what", "protection", "expected"),
    [
        (1234567, ROWS, SUPPRESS, 1234567),
        (1234567, ROWS, ROUND, 1234565),
        (123456.789, measure(Aggregate.AVG), SUPPRESS, 123500.0),
        (123456.789, measure(Aggregate.AVG), NONE, 123500.0),
        (123456.789, measure(Aggregate.SUM), SUPPRESS, 123500.0),
        (1234567, measure(Aggregate.SUM, whole=True), SUPPRESS, 1234567),
        (1234567, measure(Aggregate.SUM, whole=True), ROUND, 1235000),
        (1234567, measure(Aggregate.SUM, binary=True), SUPPRESS, 1234567),
        (1234567, measure(Aggregate.SUM, binary=True), ROUND, 1234565),
        (None, measure(Aggregate.SUM), ROUND, None),
        (0.123456, measure(Aggregate.STDDEV), ROUND, 0.1235),
    ],
)
def test_what_leaves(value: object, what: object, protection: Protection, expected: object) -> None:
    assert rounded(value, what, protection, rules()) == expected  # type: ignore[arg-type]
