"""Claimed models: looked at like any output, refused when they contradict themselves, rounded, and never passed."""

from __future__ import annotations

from typing import Any

import pytest

from egress.assess import Assessment
from egress.checks.model import Assurance, Outcome
from egress.frames import Facts
from egress.models import assess_model
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.models_read import read_model
from hub.policy.model import DisclosureRules
from tests.egress.outputs.models import curves, group, node, payload, regression, term, tree
from tests.egress.query.extracts import catalogue, rules

CURVE = {"duration": "nights", "event": "urgent", "every": 30}


def assessed(
    raw: dict[str, Any], known: DisclosureRules | None = None, facts: Facts | None = None
) -> tuple[Assessment, ...]:
    emitted = read_model(raw)
    assert emitted is not None
    return assess_model(DeclaredModel(emitted.words, 1, emitted.claimed), known or rules(), facts or Facts(catalogue()))


def refused(raw: dict[str, Any], check: str, known: DisclosureRules | None = None, facts: Facts | None = None) -> bool:
    """Whether the model is refused by `check`; then one output is left of it, and shows nothing."""
    first, *others = assessed(raw, known, facts)
    found = {finding.check for finding in first.findings if finding.outcome is Outcome.FAIL}
    assert (first.outcome is Outcome.FAIL) is bool(found)
    if found:
        assert (first.protected, others) == (None, [])
    return check in found


def of(one: Assessment, check: str) -> list[Outcome]:
    return [finding.outcome for finding in one.findings if finding.check == check]


def learning(**changes: Any) -> DisclosureRules:
    """Rules that let learned models before people."""
    known = rules(**changes)
    assert known.models is not None
    open_ones = known.models.value.model_copy(update={"learned": "review"})
    return known.model_copy(update={"models": known.models.model_copy(update={"value": open_ones})})


class TestRegression:
    def test_the_best_is_a_review_of_two_tables(self) -> None:
        first, summary = assessed(payload())
        assert (first.assurance, first.outcome) == (Assurance.REPRODUCED, Outcome.REVIEW)
        assert (summary.declaration.name, summary.outcome) == ("cost_model_summary", Outcome.REVIEW)
        assert of(first, "claimed_model") == [Outcome.REVIEW]
        assert of(first, "model_terms") == [Outcome.PASS]

    def test_rows_leave_by_name_and_rounded(self) -> None:
        first, summary = assessed(
            payload(
                model=regression(
                    terms=[term("age", estimate=2.000001234, low=1.23456), term("sex[T.M]"), term("Intercept")]
                )
            )
        )
        assert first.protected is not None
        assert [row[0] for row in first.protected.rows] == ["Intercept", "age", "sex[T.M]"]
        assert first.protected.rows[1][1:] == (2.0, 1.0, 2.0, 0.05, 1.235, 4.0)
        assert summary.protected is not None
        told = dict(summary.protected.rows)
        assert (told["observations"], told["persons"], told["df_resid"], told["aic"]) == (400, 200, 397, 1235.0)

    @pytest.mark.parametrize(("persons", "fails"), [(10, True), (11, False), (12, False)])
    def test_persons_behind_a_dummy(self, persons: int, fails: bool) -> None:
        levels = [["sex[T.M]", persons, 190]]
        assert refused(payload(model=regression(of_fit={"levels": levels})), "sparse_level") is fails

    @pytest.mark.parametrize(("persons", "fails"), [(12, True), (13, False), (14, False)])
    def test_degrees_of_freedom_are_of_persons(self, persons: int, fails: bool) -> None:
        few = {"persons": persons, "leverage": 0.4, "levels": [], "smallest": 1}
        terms = [term(name, persons=persons) for name in ("Intercept", "age", "sex[T.M]")]
        assert refused(payload(model=regression(terms=terms, of_fit=few)), "degrees_of_freedom") is fails

    @pytest.mark.parametrize(("smallest", "outcome"), [(10, Outcome.FAIL), (11, Outcome.REVIEW), (12, Outcome.REVIEW)])
    def test_a_table_of_means(self, smallest: int, outcome: Outcome) -> None:
        first = assessed(payload(model=regression(of_fit={"cells": 3, "smallest": smallest})))[0]
        assert of(first, "saturated") == [outcome]

    @pytest.mark.parametrize(("persons", "fails"), [(10, True), (11, False), (12, False)])
    def test_persons_with_each_outcome(self, persons: int, fails: bool) -> None:
        assert refused(payload(model=regression(of_fit={"outcomes": [150, persons]})), "few_outcomes") is fails

    def test_perfect_prediction(self) -> None:
        assert refused(payload(model=regression(of_fit={"alike": ["sex[T.M]"]})), "separation")

    @pytest.mark.parametrize(("size", "fails"), [(2, True), (3, False), (4, False)])
    def test_as_many_rows_as_the_rules_let_leave(self, size: int, fails: bool) -> None:
        known = rules()
        assert known.models is not None
        limit = known.models.model_copy(update={"value": known.models.value.model_copy(update={"size": size})})
        assert refused(payload(), "model_size", known.model_copy(update={"models": limit})) is fails

    def test_rules_without_models_let_none_leave(self) -> None:
        assert refused(payload(), "models", rules(models=None))

    @pytest.mark.parametrize(
        ("title", "outcome"),
        [
            ("", []),
            ("Regression of cost by sex and age", []),
            ("Cost of M and F", []),
            ("Cost of Durand", [Outcome.REVIEW]),
            ("Cost by diagnosis", [Outcome.REVIEW]),  # no column of this model
        ],
    )
    def test_words_of_the_title_are_those_of_its_columns(self, title: str, outcome: list[Outcome]) -> None:
        assert of(assessed(payload(title=title))[0], "declaration") == outcome

    def test_terms_are_looked_for_in_the_catalogue(self) -> None:
        free = regression(terms=[term("sex[T.M]"), term("Intercept"), term("x39182")])
        assert of(assessed(payload(model=free))[0], "model_terms") == [Outcome.REVIEW]
        keys = Facts(catalogue(), frozenset({"x39182"}))
        assert refused(payload(model=free), "identifiers", facts=keys)


@pytest.mark.parametrize(
    "model",
    [
        regression(of_fit={"persons": 401}),
        regression(of_fit={"cells": 401}),
        regression(of_fit={"levels": [["age", 201, 200]]}),
        regression(of_fit={"outcomes": [201]}),
        regression(of_fit={"smallest": 201}),
        regression(terms=[term("age", persons=201), term("Intercept"), term("sex[T.M]")]),
        regression(of_fit={"parameters": 2}),
        regression(figures=[["df_resid", 398]]),
        regression(of_fit={"leverage": 0.001}),  # the persons' leverages are 3 together
        regression(of_fit={"leverage": 3.1}),
        regression(of_fit={"r_squared": 1.1}),
        regression(terms=[term("age", low=2.1), term("Intercept"), term("sex[T.M]")]),
        regression(terms=[term("age", p_value=1.1), term("Intercept"), term("sex[T.M]")]),
        regression(terms=[term("age", std_error=-1.0), term("Intercept"), term("sex[T.M]")]),
        regression(terms=[term("age", statistic=3.0), term("Intercept"), term("sex[T.M]")]),
    ],
)
def test_what_cannot_be_true_of_a_regression(model: dict[str, Any]) -> None:
    assert refused(payload(model=model), "claimed_evidence")


def test_more_units_than_persons_are_no_persons() -> None:
    assert not refused(payload(), "claimed_evidence", facts=Facts(catalogue(), persons=200))
    assert refused(payload(), "claimed_evidence", facts=Facts(catalogue(), persons=199))


class TestCurves:
    def test_a_curve_leaves_coarsened(self) -> None:
        happened = ((1, 6, 0), (2, 6, 0), (3, 20, 12), (9, 40, 0))
        first, summary = assessed(payload("curves", curves(group(None, 100, *happened)), **CURVE))
        assert first.protected is not None
        assert [row[:4] for row in first.protected.rows] == [
            (0, 100, 0, 0),
            (60, 88, 12, 0),
            (90, 56, 20, 12),
            (270, 16, 40, 0),
        ]
        assert first.exact is not None
        assert len(first.exact.rows) == 5
        assert summary.protected is not None
        assert dict(summary.protected.rows)["persons"] == 100
        assert of(first, "statbarn") == [Outcome.PASS]

    def test_groups_that_the_catalogue_lists(self) -> None:
        both = [group(label, 100, (1, 20, 0)) for label in ("M", "F")]
        first, _ = assessed(payload("curves", curves(*both), **CURVE, by="sex"))
        assert of(first, "frame_labels") == []
        assert first.protected is not None
        assert [row[:2] for row in first.protected.rows] == [("F", 0), ("F", 30), ("M", 0), ("M", 30)]
        other = curves(*both, group("Durand", 100, (1, 20, 0)))
        assert of(assessed(payload("curves", other, **CURVE, by="sex"))[0], "frame_labels") == [Outcome.REVIEW]

    def test_a_group_of_few_persons(self) -> None:
        few = curves(group("F", 100, (1, 20, 0)), group("M", 10))
        assert refused(payload("curves", few, **CURVE, by="sex"), "survival_groups")

    def test_a_hazard(self) -> None:
        model = curves(group(None, 100, (1, 20, 0), (2, 20, 20), rising=True), method="NelsonAalenFitter")
        first, _ = assessed(payload("curves", model, **CURVE))
        assert first.protected is not None
        assert first.protected.columns[4] == "cumulative_hazard"

    @pytest.mark.parametrize(
        "changed",
        [
            {"events": 101},
            {"value": 0.9},  # 20 of 100 died and nobody was censored
            {"value": 0.7},
            {"low": 0.9},
            {"high": 0.7},
        ],
    )
    def test_what_cannot_be_true(self, changed: dict[str, Any]) -> None:
        one = group(None, 100, (1, 20, 0))
        one["steps"][0] |= changed
        assert refused(payload("curves", curves(one), **CURVE), "claimed_evidence")

    def test_a_value_between_both_orders_of_censoring_is_possible(self) -> None:
        for value, possible in ((0.749, False), (0.75, True), (0.78, True), (0.8, True), (0.801, False)):
            one = group(None, 100, (1, 20, 20))
            one["steps"][0] |= {"value": value, "low": value, "high": value}
            assert refused(payload("curves", curves(one), **CURVE), "claimed_evidence") is not possible


class TestTrees:
    def test_they_are_refused_where_the_rules_do_not_speak_for_them(self) -> None:
        assert refused(payload("tree", tree(), outcome="diagnosis"), "models")
        assert refused(payload(model=regression(method="Ridge", errors=None)), "models")

    def test_people_look_at_one_that_the_rules_allow(self) -> None:
        first, summary = assessed(payload("tree", tree(), outcome="diagnosis"), learning())
        assert (first.outcome, summary.outcome) == (Outcome.REVIEW, Outcome.REVIEW)
        assert first.protected is not None
        assert first.protected.rows == (
            (1, None, None, "age", 49.5, None, None),
            (2, 1, "at most", None, None, "A", 50),
            (3, 1, "above", None, None, "A", 50),
        )

    @pytest.mark.parametrize(("persons", "fails"), [(10, True), (11, False), (12, False)])
    def test_persons_of_a_leaf(self, persons: int, fails: bool) -> None:
        leaves = tree(
            node(None, False, 90 + persons, split=True), node(0, False, 90), node(0, True, persons), labels=[]
        )
        leaves |= {"rows": 90 + persons, "persons": 90 + persons, "method": "DecisionTreeRegressor"}
        assert refused(payload("tree", leaves, outcome="cost"), "small_leaves", learning()) is fails

    @pytest.mark.parametrize(("persons", "fails"), [(0, True), (10, True), (11, False), (12, False)])
    def test_persons_of_a_class_in_a_leaf(self, persons: int, fails: bool) -> None:
        leaves = tree(
            node(None, False, 100, 60, 40, split=True),
            node(0, False, 50, 50 - persons, persons),
            node(0, True, 50, 10 + persons, 40 - persons),
        )
        assert refused(payload("tree", leaves), "leaf_classes", learning()) is fails

    @pytest.mark.parametrize(("alike", "fails"), [(10, True), (11, False), (12, False)])
    def test_persons_with_one_prediction(self, alike: int, fails: bool) -> None:
        assert refused(payload("tree", tree(alike=alike)), "equal_predictions", learning()) is fails

    @pytest.mark.parametrize(
        ("depth", "leaf", "review"), [(3, 7, False), (4, 7, True), (4, 8, False), (8, 15, True), (None, 16, False)]
    )
    def test_settings_of_more_risk_than_needed(self, depth: int | None, leaf: int, review: bool) -> None:
        first = assessed(payload("tree", tree(max_depth=depth, min_samples_leaf=leaf)), learning())[0]
        assert (of(first, "learning_settings") == [Outcome.REVIEW]) is review

    @pytest.mark.parametrize(
        "model",
        [
            tree(persons=99),
            tree(alike=101),
            tree(node(None, False, 100, 60, 40, split=True)),
            tree(node(None, False, 100, 60, 40), node(0, False, 50, 30, 20)),
            tree(node(None, False, 100, 60, 40, split=True), node(0, True, 50, 30, 20), node(0, True, 50, 30, 20)),
            tree(node(None, False, 100, 60, 40, split=True), node(0, False, 50, 30, 20), node(0, True, 51, 30, 21)),
            tree(node(None, False, 100, 60, 101), min_samples_leaf=1),
            tree(node(None, False, 100, 20, 20), min_samples_leaf=1),
        ],
    )
    def test_what_cannot_be_true(self, model: dict[str, Any]) -> None:
        assert refused(payload("tree", model), "claimed_evidence", learning())


class TestBeside:
    """Models of one request subtract from each other."""

    @staticmethod
    def found(raw: dict[str, Any], *others: dict[str, Any]) -> list[Outcome]:
        made = []
        for at, one in enumerate((raw, *others)):
            emitted = read_model({**one, "name": f"model_{at}"})
            assert emitted is not None
            made.append(DeclaredModel(emitted.words, 1, emitted.claimed))
        return of(assess_model(made[0], rules(), Facts(catalogue()), made)[0], "near_models")

    @pytest.mark.parametrize(
        ("persons", "rows", "reviews"),
        [(200, 400, 0), (199, 400, 1), (200, 399, 1), (190, 390, 1), (189, 389, 0), (210, 410, 1), (211, 411, 0)],
    )
    def test_nearly_the_same_persons(self, persons: int, rows: int, reviews: int) -> None:
        other = regression(of_fit={"persons": persons, "rows": rows}, figures=[])
        assert self.found(payload(), payload(model=other)) == [Outcome.REVIEW] * reviews

    def test_another_outcome_is_another_question(self) -> None:
        other = regression(of_fit={"persons": 199}, outcome="nights")
        assert self.found(payload(), payload(model=other)) == []

    def test_curves_of_the_same_events_subtract(self) -> None:
        whole = payload("curves", curves(group(None, 200, (1, 20, 0))), **CURVE)
        by_sex = payload("curves", curves(group("F", 100, (1, 20, 0)), group("M", 100)), **CURVE, by="sex")
        assert self.found(whole, by_sex) == [Outcome.REVIEW]
        assert self.found(whole) == []
