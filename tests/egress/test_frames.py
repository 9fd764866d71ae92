"""Claimed tables: checked and protected like recomputed ones, refused when they contradict themselves, never passed."""

from __future__ import annotations

from typing import Any

import pytest

from egress.checks.model import Assurance, Finding, Outcome
from egress.frames import Facts, assess_frame
from egress.outputs.claimed import Claimed
from egress.outputs.frames import read_acro, read_frame
from tests.egress.outputs.frames import acro_payload, payload
from tests.egress.query.extracts import catalogue, rules

SUM = {"name": "sum_cost", "agg": "sum", "of": "cost", "binary": False, "whole": True}


def claimed(**changes: Any) -> Claimed:
    emitted = read_frame(payload(**changes))
    assert emitted is not None
    return emitted.claimed


def counts(*persons: int) -> dict[str, Any]:
    """A table by class with as many rows as persons."""
    return {
        "rows": [[f"class {at}", count] for at, count in enumerate(persons)],
        "evidence": [{"grouping": [0], "rows": count, "persons": count, "measures": [None]} for count in persons],
    }


def sums(total: float, largest: float, second: float) -> dict[str, Any]:
    known = {"rows": 30, "persons": 20, "nonzero": 20, "total": total, "largest": largest, "second": second}
    return {
        "values": "cost",
        "agg": ["sum"],
        "measures": [SUM],
        "rows": [["F", int(total)]],
        "evidence": [{"grouping": [0], "rows": 30, "persons": 20, "measures": [known]}],
    }


def of(findings: tuple[Finding, ...], check: str) -> list[Outcome]:
    return [finding.outcome for finding in findings if finding.check == check]


def test_the_best_is_a_review() -> None:
    assessment = assess_frame(claimed(), rules(), Facts(catalogue()))
    assert assessment.assurance is Assurance.REPRODUCED
    assert assessment.outcome is Outcome.REVIEW
    assert of(assessment.findings, "frame") == [Outcome.REVIEW]
    assert assessment.protected is not None
    assert assessment.protected.rows == (("F", 30), ("M", 50))


@pytest.mark.parametrize(("persons", "shown"), [(10, None), (11, 11), (12, 12)])
def test_small_cells_are_suppressed_like_any_other(persons: int, shown: int | None) -> None:
    assessment = assess_frame(claimed(**counts(40, persons, 50)), rules(min_persons=11), Facts(catalogue()))
    assert assessment.protected is not None
    assert assessment.protected.rows[1] == ("class 1", shown)


def test_rows_of_one_person_are_one_person() -> None:
    many = {"evidence": [{"grouping": [0], "rows": 30, "persons": 1, "measures": [None]}], "rows": [["F", 30]]}
    assert assess_frame(claimed(**many), rules(), Facts(catalogue())).outcome is Outcome.FAIL


@pytest.mark.parametrize(("largest", "fails"), [(849.0, False), (851.0, True)])
def test_dominance_is_looked_for_in_what_is_claimed(largest: float, fails: bool) -> None:
    assessment = assess_frame(claimed(**sums(1000, largest, 20)), rules(), Facts(catalogue()))
    assert (assessment.outcome is Outcome.FAIL) is fails


def test_labels_outside_the_catalogue_are_for_people_and_published_ones_are_not() -> None:
    assert of(assess_frame(claimed(), rules(), Facts(catalogue())).findings, "frame_labels") == []
    assert of(assess_frame(claimed(), rules()).findings, "frame_labels") == [Outcome.REVIEW]
    smuggled = claimed(rows=[["F", 30], ["Mme Durand", 50]])
    assert of(assess_frame(smuggled, rules(), Facts(catalogue())).findings, "frame_labels") == [Outcome.REVIEW]


def test_a_person_key_among_the_labels_is_refused() -> None:
    key = "3f2a9c417e6b"
    smuggled = claimed(rows=[["F", 30], [key, 50]])
    assert assess_frame(smuggled, rules(), Facts(catalogue(), frozenset({key}))).outcome is Outcome.FAIL
    assert assess_frame(smuggled, rules(), Facts(catalogue())).outcome is Outcome.REVIEW


def test_rows_leave_sorted_and_numbers_with_our_digits() -> None:
    mean = {"name": "mean_cost", "agg": "mean", "of": "cost", "binary": False, "whole": False}
    known = {"rows": 30, "persons": 20, "nonzero": 20, "total": 4000.0, "largest": 300.0, "second": 300.0}
    cell = {"grouping": [0], "rows": 30, "persons": 20, "measures": [known]}
    made = claimed(
        values="cost",
        agg=["mean"],
        measures=[mean],
        rows=[["M", 123.456789012345], ["F", 98.7654321]],
        evidence=[cell, cell],
    )
    assessment = assess_frame(made, rules(), Facts(catalogue()))
    assert assessment.protected is not None
    assert assessment.protected.rows == (("F", 98.77), ("M", 123.5))


def test_a_notebook_that_showed_another_table_is_told() -> None:
    assessment = assess_frame(claimed(), rules(), Facts(catalogue()), differs=True)
    assert of(assessment.findings, "frame") == [Outcome.REVIEW, Outcome.REVIEW]


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": [["F", 31], ["M", 50]]},  # a count that is not that of its rows
        counts(40, 50) | {"evidence": [{"grouping": [0], "rows": 40, "persons": 41, "measures": [None]}] * 2},
        sums(1000, 1001, 20),
        sums(1000, 200, 300),
        sums(1000, 200, 100) | {"rows": [["F", 1001]]},
        sums(1000, 200, 100) | {"evidence": [{"grouping": [0], "rows": 30, "persons": 20, "measures": [None]}]},
        sums(1000, 200, 100)
        | {"evidence": [{"grouping": [0], "rows": 30, "persons": 20, "measures": [{"rows": 1.5}]}]},
        sums(1000, 200, 100) | {"evidence": [{"grouping": [0], "rows": 30, "persons": 20, "measures": [{"magic": 1}]}]},
        sums(1000, 200, 100)
        | {"evidence": [{"grouping": [0], "rows": 30, "persons": 20, "measures": [{"rows": 31, "persons": 20}]}]},
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    assert assess_frame(claimed(**changes), rules(), Facts(catalogue())).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("total", "persons", "fails"), [(80, 60, False), (81, 60, True), (80, 61, True), (80, 39, True)]
)
def test_margins_must_be_those_of_their_cells(total: int, persons: int, fails: bool) -> None:
    whole = payload()
    made = claimed(
        margins=True,
        rows=[*whole["rows"], [None, total]],
        evidence=[*whole["evidence"], {"grouping": [], "rows": total, "persons": persons, "measures": [None]}],
    )
    assessment = assess_frame(made, rules(), Facts(catalogue()))
    assert (assessment.outcome is Outcome.FAIL) is fails
    if not fails and assessment.protected is not None:
        assert assessment.protected.rows[-1] == ("Total", 80)


@pytest.mark.parametrize(("persons", "fails"), [(39, True), (40, False), (None, False)])
def test_more_units_than_persons_are_no_persons(persons: int | None, fails: bool) -> None:
    outcome = assess_frame(claimed(), rules(), Facts(catalogue(), persons=persons)).outcome
    assert (outcome is Outcome.FAIL) is fails


def test_an_empty_table_is_refused() -> None:
    assert assess_frame(claimed(rows=[], evidence=[]), rules(), Facts(catalogue())).outcome is Outcome.FAIL


def test_acro_tables_are_unverified_and_for_people() -> None:
    emitted = read_acro(acro_payload())
    assert emitted is not None
    assessment = assess_frame(emitted.claimed[0], rules(), Facts(catalogue()))
    assert (assessment.assurance, assessment.outcome) == (Assurance.UNVERIFIED, Outcome.REVIEW)
    low = next(finding for finding in assessment.findings if finding.cells)
    assert low.cells == ((0, 2),)
    assert "acro.crosstab(a, b)" in assessment.declaration.sql


def test_an_identifier_in_an_acro_table_is_refused() -> None:
    emitted = read_acro(acro_payload(rows=[["a@b.fr", "G", 70]]))
    assert emitted is not None
    assert assess_frame(emitted.claimed[0], rules(), Facts(catalogue())).outcome is Outcome.FAIL
