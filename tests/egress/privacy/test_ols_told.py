"""What is told of a regression: its coefficients, or that noise drowned them; and how it is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from egress.privacy.ols import UNIT, OlsSpec, read_ols
from egress.privacy.ols_told import DROWNED, OlsAnswer, kept, ols_told, read_answer
from hub.policy.verdict import Refusal
from tests.egress.privacy.releases import manifest_of

# 1, grade, cost in units, of a thousand rows: cost rises by half its half width over grade's
EXACT = [1000, 0, 0, 400, 200, 120]
NOISE = 0.5 * UNIT**2
ANSWER = OlsAnswer(50_000_000, 1.47, 1e-6, 0.95, NOISE, tuple(one * UNIT**2 for one in EXACT))


@pytest.fixture
def spec() -> OlsSpec:
    found = read_ols("t", "cost", ("grade",), None, manifest_of())
    assert not isinstance(found, Refusal)
    return found


def digits(number: Any) -> int:
    """How many digits of it are printed."""
    return len(Decimal(repr(number)).normalize().as_tuple().digits)


def test_coefficients_are_told_with_no_digit_beyond_their_interval(spec: OlsSpec) -> None:
    shown = ols_told(spec, ANSWER)
    assert shown.nothing is None
    assert shown.table.columns == ("term", "estimate", "standard_error")
    (constant, value, _), (grade, slope, error) = shown.table.rows
    assert (constant, grade) == ("(constant)", "grade")
    assert float(str(value)) == pytest.approx(500 - 500 / 6, abs=1)
    assert float(str(slope)) == pytest.approx(500 / 6, abs=1)
    assert digits(error) <= 2
    for row, line in zip(shown.table.rows, shown.told["intervals"], strict=True):
        low, high = line[1]
        assert low < float(str(row[1])) < high
        half = Decimal(repr(high)) - Decimal(repr(row[1]))
        finest = half.adjusted() - 1
        for number in (row[1], low, high):
            assert Decimal(repr(number)).normalize().as_tuple().exponent >= finest  # type: ignore[operator]
    assert (shown.told["rho"], shown.told["confidence"]) == ("0.05", 0.95)
    assert json.loads(json.dumps(shown.told)) == shown.told


def test_it_says_how_many_rows_took_part(spec: OlsSpec) -> None:
    notes = [str(note["text"]) for note in ols_told(spec, ANSWER).told["notes"]]
    assert any(text.startswith("{rows} complete rows") for text in notes)
    (counted,) = [note for note in ols_told(spec, ANSWER).told["notes"] if "{rows}" in note["text"]]
    assert counted["values"] == {"rows": 1000, "half": 1}


def test_where_noise_drowns_them_nothing_is_told(spec: OlsSpec) -> None:
    shown = ols_told(spec, replace(ANSWER, scale=1e12))
    assert shown.table.rows == ()
    assert shown.nothing == DROWNED
    assert shown.told["notes"] == [DROWNED.to_dict()]


def test_an_answer_comes_back_from_the_ledger_as_it_was(spec: OlsSpec) -> None:
    assert read_answer(spec, json.loads(json.dumps(kept(ANSWER)))) == ANSWER


@pytest.mark.parametrize(
    "change",
    [{"noisy": []}, {"noisy": [1] * 5}, {"noisy": ["x"] * 6}, {"scale": 0.0}, {"scale": "inf"}, {"nano_rho": None}],
)
def test_what_is_no_answer_of_the_spec_is_not_read(spec: OlsSpec, change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_answer(spec, {**kept(ANSWER), **change})
