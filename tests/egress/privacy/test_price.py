"""The disclosure price: cheap for large cells, dear for single persons, unknown means review."""

from __future__ import annotations

import pytest

from egress.checks.model import Audience, Outcome, Risk
from egress.privacy.price import Price, price, price_finding
from tests.egress.query.extracts import rules

RULES = rules(price={"accuracy": 0.05, "confidence": 0.95, "max_rho": 1.0})


def test_large_cells_cost_little_and_small_ones_much() -> None:
    large = price([10_000, 12_000, 8_000], 1, RULES)
    small = price([12, 11, 14], 1, RULES)
    assert large is not None
    assert small is not None
    # the normal approximation: half width 500, scale 500 / 1.96, rho = 1 / (2 scale²)
    assert large.rho == pytest.approx(0.5 / (500 / 1.96) ** 2, rel=0.01)
    assert small.rho > RULES.price.value.max_rho
    assert small.epsilon > large.epsilon > 0
    assert (large.delta, large.cells) == (RULES.privacy.value.delta, (2, 0))


def test_more_rows_per_person_cost_their_square_and_persons_cost_less() -> None:
    counts = [2000, 2100, 1900]
    one, five = price(counts, 1, RULES), price(counts, 5, RULES)
    persons = price(counts, 5, RULES, persons=True)
    assert one is not None
    assert five is not None
    assert persons is not None
    assert five.rho == pytest.approx(25 * one.rho, rel=1e-3)
    assert persons.rho == pytest.approx(3 * one.rho, rel=1e-3)  # √min(5 rows, 3 cells)


def test_a_table_of_empty_cells_still_has_a_price() -> None:
    found = price([0, 0, 1], 2, RULES)
    assert found is not None
    assert found.rho > 1


@pytest.mark.parametrize(("counts", "most"), [([], 1), ([5], None), ([5], 0), ([5, -1], 1)])
def test_what_cannot_be_priced_goes_to_review(counts: list[int], most: int | None) -> None:
    found = price(counts, most, RULES)
    assert found is None
    finding = price_finding(found, RULES, "n", 2)
    assert (finding.outcome, finding.audience, finding.risk) == (Outcome.REVIEW, Audience.CHECKER, Risk.INDIVIDUALS)


@pytest.mark.parametrize(
    ("rho", "outcome"), [(0.999, Outcome.PASS), (1.0, Outcome.PASS), (1.001, Outcome.REVIEW), (1e9, Outcome.REVIEW)]
)
def test_above_the_limit_people_look(rho: float, outcome: Outcome) -> None:
    finding = price_finding(Price(rho, 3.2, 1e-6, 5.0, (4, 1)), RULES, "n", 2)
    assert finding.outcome is outcome
    assert finding.audience is Audience.CHECKER
    assert finding.cells == (((4, 2), (1, 2)) if outcome is Outcome.REVIEW else ())


def test_the_smallest_cells_drive_the_price() -> None:
    found = price([50, 3, 700, 12, 900], 1, RULES)
    assert found is not None
    assert found.cells == (1, 3, 0)
