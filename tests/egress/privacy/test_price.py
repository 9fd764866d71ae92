"""The disclosure price: cheap for large cells, dear for single persons, unknown means review."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from egress.checks.model import Audience, Outcome, Risk
from egress.privacy import costs
from egress.privacy.price import (
    ColumnPrice,
    Part,
    Price,
    Ratio,
    Twin,
    Unpriced,
    plain_scale,
    price_findings,
    price_json,
    priced,
    ratio_parts,
)
from egress.privacy.spec import Kind, Statistic
from hub.words import say
from tests.egress.query.extracts import rules

RULES = rules(price={"accuracy": 0.05, "confidence": 0.95, "max_rho": 1.0})
ASKED = RULES.price.value
ROWS = Statistic(Kind.ROWS)
PERSONS = Statistic(Kind.PERSONS)
COST = Statistic(Kind.TOTAL, "cost", 0, 0, 1000)
CENTRED = Statistic(Kind.TOTAL, "cost", 0, 0, 1000, 500)
VALUES = Statistic(Kind.VALUES, "cost")


def counted(sizes: Sequence[int], most: int = 1, kind: Statistic = ROWS) -> Price:
    twin = Twin("n", 2, (Part(kind, plain_scale(sizes, ASKED)),), tuple(map(float, sizes)))
    return priced([twin], [], most, len(sizes), RULES)


def rho(found: Price) -> float:
    assert found.rho is not None
    return found.rho


def test_large_cells_cost_little_and_small_ones_much() -> None:
    large, small = counted([10_000, 12_000, 8_000]), counted([12, 11, 14])
    # the normal approximation: half width 500, scale 500 / 1.96, rho = 1 / (2 scale²)
    assert large.rho == pytest.approx(0.5 / (500 / 1.96) ** 2, rel=0.01)
    assert rho(small) > ASKED.max_rho
    assert (small.epsilon or 0) > (large.epsilon or 0) > 0
    assert large.delta == RULES.privacy.value.delta
    assert large.cells == ((2, 2), (0, 2))


def test_more_rows_per_person_cost_their_square_and_persons_cost_less() -> None:
    sizes = [2000, 2100, 1900]
    one = rho(counted(sizes))
    assert rho(counted(sizes, 5)) == pytest.approx(25 * one, rel=1e-3)
    assert rho(counted(sizes, 5, PERSONS)) == pytest.approx(3 * one, rel=1e-3)  # √min(5 rows, 3 cells)


def test_a_sum_costs_what_its_bounds_are_to_its_cells() -> None:
    """±5 % of the median 500,000, one row of at most 1,000: scale 25,000 / 1.96, rho = (1000 / scale)² / 2."""
    twin = Twin("c", 1, (Part(COST, plain_scale([4e5, 5e5, 6e5], ASKED)),), (4e5, 5e5, 6e5))
    assert rho(priced([twin], [], 1, 3, RULES)) == pytest.approx(0.5 * (1000 * 1.96 / 25_000) ** 2, rel=1e-3)


@pytest.mark.parametrize(("mean", "most"), [(500, 1), (200, 1), (900, 3), (500, 3)])
def test_a_mean_costs_what_fieller_asks_of_its_two_parts(mean: float, most: int) -> None:
    parts = ratio_parts(Ratio(CENTRED, VALUES, mean, mean - 500, 1000), most, 3, ASKED)
    total, count = parts
    half = 1.96 * (total.scale**2 + (mean - 500) ** 2 * count.scale**2) ** 0.5 / 1000
    assert half == pytest.approx(0.05 * mean, rel=1e-3)
    charges = [costs.cost(part.statistic, part.scale, most, 3) for part in parts]
    assert charges[0] == pytest.approx(charges[1], rel=1e-6)


def test_a_table_costs_all_its_columns_and_a_shared_statistic_once() -> None:
    sizes = (2000.0, 2100.0, 1900.0)
    count = Twin("n", 1, (Part(VALUES, 50.0),), sizes)
    mean = Twin("m", 2, (Part(CENTRED, 20_000.0), Part(VALUES, 40.0)), sizes)
    found = priced([count, mean], [], 1, 3, RULES)
    own = [column.rho for column in found.columns]
    shared = costs.cost(VALUES, 50.0, 1, 3) / 1e9
    assert rho(found) == pytest.approx(sum(own) - shared, abs=1e-9)
    assert found.epsilon == costs.epsilon(rho(found), found.delta)
    assert {column for _, column in found.cells} == {2}  # the dearest one


def test_a_table_of_empty_cells_still_has_a_price() -> None:
    assert rho(counted([0, 0, 1], 2)) > 1
    (total, count) = ratio_parts(Ratio(CENTRED, VALUES, 0, -500, 0), 2, 3, ASKED)
    assert total.scale > 0
    assert count.scale > 0


def test_what_cannot_be_priced_is_named_and_goes_to_review() -> None:
    found = priced([], [Unpriced("n", 2, say("The disclosure price …"))], 1, 3, RULES)
    assert (found.rho, found.epsilon, found.cells) == (None, None, ())
    (finding,) = price_findings(found, RULES)
    assert (finding.outcome, finding.audience, finding.risk) == (Outcome.REVIEW, Audience.CHECKER, Risk.INDIVIDUALS)
    assert price_json(found, RULES) == {
        "delta": 1e-6,
        "limit": 1.0,
        "columns": [{"name": "n", "rho": None}],
        "cells": [],
    }


@pytest.mark.parametrize(
    ("paid", "outcome"),
    [
        (0.999999999, Outcome.PASS),
        (1.0, Outcome.PASS),
        (1.000000001, Outcome.REVIEW),
        (1e9, Outcome.REVIEW),
    ],
)
def test_above_the_limit_people_look(paid: float, outcome: Outcome) -> None:
    found = Price(paid, 3.2, 1e-6, (ColumnPrice("n", 2, paid, (4, 1)),))
    (finding,) = price_findings(found, RULES)
    assert finding.outcome is outcome
    assert finding.audience is Audience.CHECKER
    assert finding.cells == (((4, 2), (1, 2)) if outcome is Outcome.REVIEW else ())
    told = price_json(found, RULES)
    assert (told["rho"], told["columns"], told["cells"]) == (paid, [{"name": "n", "rho": paid}], [[4, 2], [1, 2]])


def test_one_column_without_a_price_sends_a_cheap_table_to_review() -> None:
    found = Price(0.1, 2.1, 1e-6, (ColumnPrice("n", 1, 0.1, ()),), (Unpriced("m", 2, say("The …")),))
    assert [finding.outcome for finding in price_findings(found, RULES)] == [Outcome.PASS, Outcome.REVIEW]


def test_the_smallest_cells_drive_the_price() -> None:
    assert counted([50, 3, 700, 12, 900]).cells == ((1, 2), (3, 2), (0, 2))
