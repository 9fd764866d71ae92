"""Every threshold just below, at and just above; the values themselves come from the shipped rules or are set here."""

from __future__ import annotations

import pytest

from egress.checks import dof, dominance, extremes, implied, low_counts, p_ratio, unanimity
from egress.checks.examined import Examined
from egress.checks.model import Outcome, worst
from egress.query.model import Aggregate, ColumnRef, Key
from tests.egress.checks.values import ROWS, about, cell, examined, measure, outcomes
from tests.egress.query.extracts import rules

FAIL, PASS, REVIEW = Outcome.FAIL, Outcome.PASS, Outcome.REVIEW
SHARE = measure(Aggregate.AVG, binary=True)


@pytest.mark.parametrize("name", ["health-fr", "business-fr", "acro-default"])
@pytest.mark.parametrize(("step", "outcome"), [(-1, FAIL), (0, PASS), (1, PASS)])
def test_persons(name: str, step: int, outcome: Outcome) -> None:
    shipped = rules(name)
    findings = low_counts.check(examined([cell(), cell(shipped.min_persons.value + step)]), shipped)
    assert outcomes(findings, "low_counts") == [outcome]


def test_shipped_thresholds() -> None:
    assert [rules(name).min_persons.value for name in ("health-fr", "business-fr", "acro-default")] == [11, 3, 10]


def test_thirty_rows_of_one_person_fail() -> None:
    """Case G02: the unit is the person, not the row."""
    findings = low_counts.check(examined([cell(persons=1, rows=30)]), rules("acro-default"))
    assert outcomes(findings, "low_counts") == [FAIL]


@pytest.mark.parametrize(("events", "outcome"), [(19, FAIL), (20, PASS), (21, PASS)])
def test_events(events: int, outcome: Outcome) -> None:
    findings = low_counts.check(examined([cell(persons=15, rows=events)]), rules(min_events=20))
    assert outcomes(findings, "low_events") == [outcome]


def test_events_do_not_matter_where_no_count_is_published() -> None:
    findings = low_counts.check(
        examined([cell(persons=15, known=about())], measure(Aggregate.AVG)), rules(min_events=20)
    )
    assert all(finding.check != "low_events" for finding in findings)


@pytest.mark.parametrize("aggregate", [Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV, Aggregate.COUNT_VALUES])
@pytest.mark.parametrize(("persons", "outcome"), [(10, FAIL), (11, PASS), (12, PASS)])
def test_contributors_are_those_who_have_a_value(aggregate: Aggregate, persons: int, outcome: Outcome) -> None:
    found = examined([cell(known=about(persons=persons))], measure(aggregate))
    assert outcomes(low_counts.check(found, rules()), "low_contributors") == [outcome]


@pytest.mark.parametrize("aggregate", [Aggregate.SUM, Aggregate.AVG])
@pytest.mark.parametrize(("nonzero", "outcome"), [(0, FAIL), (10, FAIL), (11, PASS), (12, PASS)])
def test_zeros_lend_a_sum_no_cover(aggregate: Aggregate, nonzero: int, outcome: Outcome) -> None:
    found = examined([cell(known=about(nonzero=nonzero))], measure(aggregate))
    assert outcomes(low_counts.check(found, rules()), "low_contributors") == [outcome]


@pytest.mark.parametrize(
    ("below", "at", "above", "outcome"),
    [
        (10, 1, 50, FAIL),
        (11, 1, 50, PASS),
        (12, 1, 50, PASS),
        (50, 1, 10, FAIL),
        (50, 1, 11, PASS),
        (0, 10, 50, FAIL),
        (0, 11, 50, PASS),
        (0, 12, 50, PASS),
    ],
)
def test_quantiles_need_persons_on_each_side(below: int, at: int, above: int, outcome: Outcome) -> None:
    found = examined([cell(known=about(below=below, at=at, above=above))], measure(Aggregate.QUANTILE, parameter=0.5))
    assert outcomes(extremes.check(found, rules()), "quantile_support") == [outcome]


@pytest.mark.parametrize("aggregate", [Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV])
@pytest.mark.parametrize(("largest", "outcome"), [(84.9, PASS), (85.0, PASS), (85.1, FAIL)])
def test_one_person_makes_at_most_85_percent(aggregate: Aggregate, largest: float, outcome: Outcome) -> None:
    found = examined([cell(known=about(total=100.0, largest=largest, second=0.1))], measure(aggregate))
    assert outcomes(dominance.check(found, rules()), "dominance") == [outcome]


@pytest.mark.parametrize(("second", "outcome"), [(39.9, PASS), (40.0, PASS), (40.1, FAIL)])
def test_two_persons_make_at_most_90_percent(second: float, outcome: Outcome) -> None:
    found = examined([cell(known=about(total=100.0, largest=50.0, second=second))], measure(Aggregate.SUM))
    assert outcomes(dominance.check(found, rules("acro-default")), "dominance") == [outcome]


@pytest.mark.parametrize(("second", "outcome"), [(44.9, PASS), (45.0, PASS), (45.1, FAIL)])
def test_p_percent(second: float, outcome: Outcome) -> None:
    """x1 = 50: what is left besides the two largest must be at least 10 % of it, 5."""
    found = examined([cell(known=about(total=100.0, largest=50.0, second=second))], measure(Aggregate.SUM))
    assert outcomes(p_ratio.check(found, rules()), "p_ratio") == [outcome]


def test_case_b01_p_percent_sees_what_dominance_misses() -> None:
    """Handbook ch. 4, example 1: total 100 000, x1 = 50 000, x2 = 49 000."""
    found = examined([cell(known=about(total=100000.0, largest=50000.0, second=49000.0))], measure(Aggregate.SUM))
    one_ninety = rules(dominance={"n": 1, "k": 0.90}, p_ratio=0.10)
    assert outcomes(dominance.check(found, one_ninety), "dominance") == [PASS]
    assert outcomes(p_ratio.check(found, one_ninety), "p_ratio") == [FAIL]


def test_an_empty_total_shows_nobody_to_the_p_percent_rule() -> None:
    found = examined([cell(known=about(total=0.0, largest=0.0, second=0.0))], measure(Aggregate.SUM))
    assert outcomes(p_ratio.check(found, rules()), "p_ratio") == [PASS]


@pytest.mark.parametrize("check", [dominance.check, p_ratio.check])
def test_shares_and_quantiles_have_no_dominance(check: object) -> None:
    for what in (SHARE, measure(Aggregate.QUANTILE), ROWS):
        found = examined([cell(known=about(total=1.0, largest=1.0, second=0.0))], what)
        assert check(found, rules()) == ()  # type: ignore[operator]


@pytest.mark.parametrize("side", ["zeros", "nonzero"])
@pytest.mark.parametrize(("persons", "outcome"), [(0, FAIL), (10, FAIL), (11, PASS), (12, PASS)])
def test_both_sides_of_a_share(side: str, persons: int, outcome: Outcome) -> None:
    known = about(**{"zeros": 200, "nonzero": 200, side: persons})
    assert outcomes(implied.check(examined([cell(known=known)], SHARE), rules()), "implied_counts") == [outcome]


@pytest.mark.parametrize(("missing", "outcome"), [(0, PASS), (1, FAIL), (10, FAIL), (11, PASS)])
def test_a_count_of_values_implies_those_without(missing: int, outcome: Outcome) -> None:
    found = examined([cell(known=about(missing=missing))], measure(Aggregate.COUNT_VALUES))
    assert outcomes(implied.check(found, rules()), "implied_counts") == [outcome]


@pytest.mark.parametrize(("persons", "outcome"), [(10, FAIL), (11, PASS), (12, PASS)])
def test_a_standard_deviation_needs_degrees_of_freedom(persons: int, outcome: Outcome) -> None:
    found = examined([cell(known=about(persons=persons))], measure(Aggregate.STDDEV))
    assert outcomes(dof.check(found, rules()), "degrees_of_freedom") == [outcome]


# -- class disclosure

DIAGNOSIS = (Key("k", ColumnRef("t", "k")), Key("d", ColumnRef("t", "d"), sensitive=True))


def classes(counts: dict[tuple[str, object], int], keys: tuple[Key, ...] = DIAGNOSIS) -> Examined:
    return examined([cell(persons, keys=names) for names, persons in counts.items()], keys=keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(("most", "outcome"), [(899, PASS), (900, PASS), (901, FAIL)])
def test_nearly_all_of_a_group_in_one_sensitive_class(most: int, outcome: Outcome) -> None:
    found = classes({("g", "a"): most, ("g", "b"): 1000 - most, ("h", "a"): 500, ("h", "b"): 500})
    assert outcomes(unanimity.check(found, rules()), "unanimity") == [outcome]


def test_case_c04_handbook_chapter_5() -> None:
    """Married (6, 0) and Divorced (5, 1) are disclosive, Single (2, 2) is not."""
    found = classes(
        {
            ("Married", "full"): 6,
            ("Divorced", "full"): 5,
            ("Divorced", "part"): 1,
            ("Single", "full"): 2,
            ("Single", "part"): 2,
        }
    )
    (finding,) = unanimity.check(found, rules(min_persons=1))
    assert finding.outcome is FAIL
    assert {row for row, _ in finding.cells} == {0, 1}


def test_a_key_that_is_not_sensitive_may_be_unanimous() -> None:
    keys = (Key("k", ColumnRef("t", "k")), Key("d", ColumnRef("t", "d")))
    assert unanimity.check(classes({("g", "a"): 500}, keys), rules()) == ()


def test_the_absence_of_a_yes_or_no_is_weighed_by_people() -> None:
    keys = (Key("k", ColumnRef("t", "k")), Key("d", ColumnRef("t", "d"), sensitive=True, boolean=True))
    rare = classes({("g", False): 950, ("g", True): 50}, keys)
    usual = classes({("g", False): 50, ("g", True): 950}, keys)
    assert outcomes(unanimity.check(rare, rules()), "unanimity") == [REVIEW]
    assert outcomes(unanimity.check(usual, rules()), "unanimity") == [FAIL]


@pytest.mark.parametrize(("ones", "outcome"), [(899, PASS), (900, PASS), (901, FAIL)])
def test_the_share_of_a_sensitive_value(ones: int, outcome: Outcome) -> None:
    what = measure(Aggregate.AVG, binary=True, sensitive=True)
    known = about(persons=1000, nonzero=ones, zeros=1000 - ones)
    found = unanimity.check(examined([cell(1000, known)], what), rules())
    assert worst(finding.outcome for finding in found) is outcome


def test_one_value_in_every_row_is_looked_at() -> None:
    found = unanimity.check(examined([cell(known=about(constant=True))], measure(Aggregate.AVG)), rules())
    assert outcomes(found, "unanimity") == [REVIEW]


# -- rules that are not there


@pytest.mark.parametrize(
    ("check", "absent", "what"),
    [
        (dominance.check, "dominance", Aggregate.SUM),
        (p_ratio.check, "p_ratio", Aggregate.SUM),
        (unanimity.check, "unanimity", Aggregate.SUM),
        (dof.check, "min_dof", Aggregate.STDDEV),
    ],
)
def test_a_threshold_that_is_absent_does_not_run(check: object, absent: str, what: Aggregate) -> None:
    found = examined([cell(2, about(persons=2, total=1.0, largest=1.0))], measure(what, sensitive=True))
    assert check(found, rules(**{absent: None})) == ()  # type: ignore[operator]
