"""bulle.release_model: a model is fitted again from its data, and told with evidence by person, or in one sentence."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from lifelines import CoxPHFitter, KaplanMeierFitter, NelsonAalenFitter
from lifelines.statistics import logrank_test
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from statsmodels.regression.linear_model import OLS

import bulle
from bulle.model import declared_model
from egress.outputs.models import MODEL_MIME, ClaimedCurves, ClaimedModel, ClaimedRegression, ClaimedTree
from egress.outputs.models_read import read_model
from tests.bulle.shown import showing
from tests.extracts import rand_hie

CURVE = {"duration": "t", "event": "e"}


@pytest.fixture(autouse=True)
def rerun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown, and no extract is looked at."""
    monkeypatch.setenv("BULLE_RERUN", "1")


def visits(persons: int = 200, rows: int = 2) -> pd.DataFrame:
    """Persons with some rows each; one of them, number 7, lives alone on an island and pays for it."""
    draw = np.random.default_rng(5)
    frame = pd.DataFrame({"pid": np.repeat(np.arange(persons), rows)})
    frame["age"] = draw.integers(20, 80, len(frame)).astype(float)
    frame["sex"] = np.where(frame.pid % 2, "F", "M")
    frame["island"] = (frame.pid == 7).astype(int)
    frame["cost"] = 10 * frame.age + draw.normal(size=len(frame)) + 5_000 * frame.island
    frame["ill"] = (draw.random(len(frame)) < 0.4).astype(int)
    frame["t"] = draw.exponential(100, len(frame)).round(2)
    frame["e"] = (draw.random(len(frame)) < 0.7).astype(int)
    return frame


def claimed(fitted: Any, microdata: Any = None, **words: Any) -> ClaimedModel:
    bundle = declared_model({"name": "m", "units": "pid", **words}, fitted, microdata)
    emitted = read_model(bundle[MODEL_MIME])
    assert emitted is not None
    return emitted.claimed


def regression(fitted: Any, microdata: Any = None, **words: Any) -> ClaimedRegression:
    found = claimed(fitted, microdata, **words)
    assert isinstance(found, ClaimedRegression)
    return found


def refused(fitted: Any, microdata: Any = None, **words: Any) -> str:
    """The sentence in place of a declaration; a re-run says nothing at all."""
    arguments = {"name": "m", "units": "pid", **words}
    assert declared_model(arguments, fitted, microdata) == {}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BULLE_RERUN")
        bundle = declared_model(arguments, fitted, microdata)
    assert set(bundle) == {"text/html", "text/plain"}
    text = str(bundle["text/plain"])
    assert "\n" not in text
    assert "did not work" not in text
    return text


class TestRegressions:
    def test_numbers_are_those_of_statsmodels(self) -> None:
        fitted = smf.ols("cost ~ age + C(sex)", visits()).fit()
        found = regression(fitted)
        assert [term.term for term in found.terms] == ["Intercept", "C(sex)[T.M]", "age"]
        assert [term.estimate for term in found.terms] == pytest.approx(list(fitted.params))
        assert [term.low for term in found.terms] == pytest.approx(list(fitted.conf_int()[0]))
        assert dict(found.figures)["aic"] == pytest.approx(fitted.aic)
        assert (found.method, found.outcome, found.errors) == ("OLS", "cost", "nonrobust")

    def test_evidence_is_by_person_and_of_the_rows_that_took_part(self) -> None:
        frame = visits()
        frame.loc[frame.pid.isin([0, 1, 2]), "age"] = None
        frame.loc[6, "age"] = None  # one of two rows of person 3
        found = regression(smf.ols("cost ~ age + C(sex)", frame).fit())
        assert (found.fit.rows, found.fit.persons) == (393, 197)
        assert found.terms[0].persons == 197
        levels = {name: (persons, others) for name, persons, others in found.fit.levels}
        assert levels["C(sex)[T.M]"] == (98, 98)

    def test_a_dummy_of_one_person_is_seen_whatever_it_is_called_and_however_it_is_scaled(self) -> None:
        frame = visits()
        frame["far"] = 3 - 0.001 * frame.island
        frame["mixed"] = frame.age + 1e6 * frame.island
        for column in ("island", "far"):
            found = regression(smf.ols(f"cost ~ age + {column}", frame).fit())
            assert (column, 1, 1) in found.fit.levels
        assert regression(smf.ols("cost ~ mixed", frame).fit()).fit.leverage > 0.99

    @pytest.mark.parametrize("coding", ["", ", Sum", ", Treatment('c')"])
    def test_a_small_level_of_reference(self, coding: str) -> None:
        """Every level is told by some coefficient, the constant's too."""
        frame = visits()
        frame["region"] = np.where(frame.pid < 5, "a", np.where(frame.pid < 90, "b", "c"))
        found = regression(smf.ols(f"cost ~ C(sex) + C(region{coding})", frame).fit())
        assert min(min(persons, others) for _, persons, others in found.fit.levels) == 5

    @pytest.mark.parametrize("coding", ["", ", Sum", ", Poly", ", Diff", ", Helmert"])
    def test_a_small_cell_of_an_interaction_whatever_the_contrasts_are(self, coding: str) -> None:
        frame = visits(400)
        frame["region"] = np.array(["a", "b", "c", "d"])[frame.pid % 4]
        frame["side"] = np.where((frame.region == "a") & (frame.pid > 12), "x", np.where(frame.pid % 3, "y", "x"))
        smallest = int(frame.groupby(["region", "side"]).pid.nunique().min())
        assert smallest < 5
        found = regression(smf.ols(f"cost ~ age + C(side) * C(region{coding})", frame).fit())
        assert min(min(persons, others) for _, persons, others in found.fit.levels) == smallest
        apart = regression(smf.ols(f"cost ~ age + C(side) + C(region{coding})", frame).fit())
        assert min(min(persons, others) for _, persons, others in apart.fit.levels) >= 90  # no mean of a cell is told

    def test_a_number_with_rare_values_is_no_level(self) -> None:
        frame = visits()
        frame["children"] = np.where(frame.pid < 3, 7, frame.pid % 3)
        found = regression(smf.ols("cost ~ age + children", frame).fit())
        assert min(min(persons, others) for _, persons, others in found.fit.levels) > 50

    def test_an_offset_that_lets_one_person_count(self) -> None:
        frame = visits()
        frame["aside"] = np.where(frame.pid == 7, 0.0, -30.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = smf.glm(
                "ill ~ 1",
                frame.assign(ill=frame.ill.where(frame.pid != 7, 1)),
                family=sm.families.Poisson(),
                offset=frame.aside,
            ).fit()
        assert regression(fitted).fit.leverage > 0.99

    def test_an_outcome_that_one_person_has(self) -> None:
        found = regression(smf.ols("island ~ age + t", visits()).fit())
        assert ("island", 1, 200) in found.fit.levels

    @pytest.mark.parametrize(
        ("fit", "method"),
        [
            (lambda frame: smf.wls("cost ~ age", frame, weights=frame.age).fit(), "WLS"),
            (lambda frame: smf.glm("ill ~ age", frame, family=sm.families.Binomial()).fit(), "GLM Binomial Logit"),
            (
                lambda frame: smf.glm("ill ~ age", frame, family=sm.families.Poisson(), offset=frame.t / 99).fit(),
                "GLM Poisson Log",
            ),
            (lambda frame: smf.logit("ill ~ age", frame).fit(disp=0), "Logit"),
            (lambda frame: smf.probit("ill ~ age", frame).fit(disp=0, cov_type="HC1"), "Probit"),
            (lambda frame: smf.poisson("ill ~ age", frame).fit(disp=0), "Poisson"),
        ],
    )
    def test_kinds(self, fit: Any, method: str) -> None:
        fitted = fit(visits())
        found = regression(fitted)
        assert found.method == method
        assert [term.std_error for term in found.terms] == pytest.approx(list(fitted.bse), rel=1e-4)
        assert len(found.fit.outcomes) == (0 if "Poisson" in method or method == "WLS" else 3)

    def test_clusters_and_arrays(self) -> None:
        frame = visits()
        fitted = OLS(frame.cost, sm.add_constant(frame[["age"]])).fit(
            cov_type="cluster", cov_kwds={"groups": frame.pid}
        )
        found = regression(fitted, frame)
        assert found.errors == "cluster"
        assert [term.std_error for term in found.terms] == pytest.approx(list(fitted.bse))

    def test_a_result_that_lies_is_not_believed(self) -> None:
        fitted = smf.ols("cost ~ age", visits()).fit()
        honest = fitted.rsquared
        fitted._cache["rsquared"] = 0.5
        assert regression(fitted).fit.r_squared == pytest.approx(honest)
        fitted = smf.ols("cost ~ age", visits()).fit()
        fitted._results.df_resid = 1e6
        assert "other coefficients or errors" in refused(fitted)
        fitted = smf.ols("cost ~ age", visits()).fit()
        fitted._results.params = np.array([39182.0, 127368.0])
        assert "other coefficients" in refused(fitted)

    def test_what_is_not_known_says_what_is(self) -> None:
        class Mine(OLS):  # type: ignore[misc]  # statsmodels is untyped
            """A class of the author's own may say anything."""

        frame = visits()
        values = sm.add_constant(frame[["age"]])
        assert "known are OLS, WLS" in refused(Mine(frame.cost, values).fit(), frame)
        assert "known are OLS, WLS" in refused(sm.GLS(frame.cost, values).fit(), frame)
        assert "not known (None)" in refused(smf.ols("cost ~ age", frame).fit_regularized())
        assert "known are nonrobust" in refused(
            smf.ols("cost ~ age", frame).fit(cov_type="HAC", cov_kwds={"maxlags": 1})
        )
        assert "holds no numbers" in refused(OLS(frame.cost.to_numpy() + 1j, values.to_numpy() + 0j).fit(), frame)
        assert "family or link" in refused(smf.glm("cost ~ age", frame, family=sm.families.Tweedie()).fit())
        assert "This model is not known (dict)" in refused({}, frame)

    def test_data_that_make_no_model(self) -> None:
        frame = visits()
        twice = frame.assign(again=2 * frame.age)
        assert "same thing twice" in refused(smf.ols("cost ~ age + again", twice).fit())
        separated = frame.assign(ill=(frame.age > 50).astype(int))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = smf.glm("ill ~ age", separated, family=sm.families.Binomial()).fit()
            assert regression(fitted).fit.r_squared == pytest.approx(1)
        assert "as microdata=" in refused(OLS(frame.cost.to_numpy(), frame[["age"]].to_numpy()).fit())
        fitted = smf.ols("cost ~ age", frame).fit()
        assert "cannot be found" in refused(fitted, frame.set_index("sex"))
        assert "no column person" in refused(fitted, units="person")

    def test_terms_of_many_letters_are_refused(self) -> None:
        frame = visits().rename(columns={"age": "a\u202eb"})
        values = sm.add_constant(frame[["a\u202eb"]])
        assert "cannot be shown" in refused(OLS(frame.cost, values).fit(), frame)

    def test_perfect_prediction_within_a_level(self) -> None:
        frame = visits().assign(ill=lambda one: np.where(one.island == 1, 1, one.ill))
        assert regression(smf.ols("ill ~ age + island", frame).fit()).fit.alike == ("island",)


class TestHazards:
    def test_cox(self) -> None:
        frame = visits(rows=1)
        fitted = CoxPHFitter().fit(frame[["age", "sex", "t", "e"]], "t", "e", formula="age + sex")
        found = regression(fitted, frame)
        assert [term.term for term in found.terms] == ["age", "sex[T.M]"]
        assert [term.p_value for term in found.terms] == pytest.approx(list(fitted.summary["p"]))
        died = int(frame.e.sum())
        assert found.fit.outcomes == (died, 200 - died)
        assert dict(found.figures)["concordance"] == pytest.approx(fitted.concordance_index_)

    def test_a_level_without_events(self) -> None:
        frame = visits(rows=1).assign(e=lambda one: np.where(one.sex == "F", 0, one.e))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = CoxPHFitter().fit(frame[["sex", "t", "e"]], "t", "e", formula="sex")
        assert regression(fitted, frame).fit.alike == ("sex[T.M]",)

    def test_what_is_not_known(self) -> None:
        frame = visits(rows=1)
        assert "strata" in refused(CoxPHFitter().fit(frame[["age", "sex", "t", "e"]], "t", "e", strata=["sex"]), frame)
        fitted = CoxPHFitter().fit(frame[["age", "t", "e"]], "t", "e")
        assert "as microdata=" in refused(fitted)
        assert "lacks columns" in refused(fitted, frame.drop(columns="age"))
        assert "other coefficients" in refused(fitted, frame.assign(age=frame.age[::-1].to_numpy()))


class TestCurves:
    def test_steps_hold_what_happened_in_them(self) -> None:
        frame = visits(rows=1)
        fitted = KaplanMeierFitter().fit(frame.t, frame.e)
        found = claimed(fitted, frame, **CURVE, every=50)
        assert isinstance(found, ClaimedCurves)
        (group,) = found.groups
        assert (group.label, group.persons) == (None, 200)
        for step in group.steps:
            inside = frame[(frame.t <= 50 * step.step) & (frame.t > 50 * (step.step - 1))]
            assert (step.events, step.censored) == (int(inside.e.sum()), int((1 - inside.e).sum()))
            assert step.value == pytest.approx(fitted.predict(50 * step.step))
        assert sum(step.events + step.censored for step in group.steps) == 200

    def test_groups_and_the_test_between_them(self) -> None:
        frame = visits(rows=1)
        found = claimed(NelsonAalenFitter().fit(frame.t, frame.e), frame, **CURVE, every=50, by="sex")
        assert isinstance(found, ClaimedCurves)
        assert sorted(str(group.label) for group in found.groups) == ["F", "M"]
        women = frame.sex == "F"
        test = logrank_test(frame.t[women], frame.t[~women], frame.e[women], frame.e[~women])
        assert dict(found.figures)["logrank_p_value"] == pytest.approx(test.p_value)

    def test_what_is_refused(self) -> None:
        frame = visits(rows=1)
        fitted = KaplanMeierFitter().fit(frame.t, frame.e)
        assert "needs duration=" in refused(fitted, frame)
        assert "one row per person" in refused(fitted, visits(rows=2), **CURVE, every=50)
        assert "the curve is another" in refused(fitted, frame.assign(t=frame.t + 1), **CURVE, every=50)
        assert "must not be negative" in refused(fitted, frame.assign(t=-frame.t), **CURVE, every=50)
        assert "missing or infinite" in refused(fitted, frame.assign(t=np.inf), **CURVE, every=50)
        weighted = KaplanMeierFitter().fit(frame.t, frame.e, weights=frame.pid % 2 + 1)
        assert "weights" in refused(weighted, frame, **CURVE, every=50)
        assert "for survival curves" in refused(smf.ols("cost ~ age", frame).fit(), **CURVE, every=50)


class TestLearned:
    def test_linear_models_are_coefficients(self) -> None:
        frame = visits()
        fitted = LinearRegression().fit(frame[["age", "t"]], frame.cost)
        found = regression(fitted, frame, outcome="cost")
        assert [term.estimate for term in found.terms] == pytest.approx([fitted.intercept_, *fitted.coef_])
        assert found.errors is None
        logistic = LogisticRegression().fit(frame[["age"]], frame.ill)
        assert len(regression(logistic, frame, outcome="ill").fit.outcomes) == 3

    def test_a_tree_by_person(self) -> None:
        frame = visits()
        fitted = DecisionTreeClassifier(min_samples_leaf=60, random_state=0).fit(frame[["age", "t"]], frame.ill)
        found = claimed(fitted, frame, outcome="ill")
        assert isinstance(found, ClaimedTree)
        assert (found.rows, found.persons, found.labels) == (400, 200, (0, 1))
        leaves = fitted.apply(frame[["age", "t"]])
        persons = sorted(frame.pid[leaves == leaf].nunique() for leaf in np.unique(leaves))
        assert sorted(node.persons for node in found.nodes if node.feature is None) == persons
        assert (found.min_samples_leaf, found.max_depth) == (60, None)

    def test_a_leaf_of_one_person_is_seen(self) -> None:
        frame = visits(rows=30)
        fitted = DecisionTreeRegressor(min_samples_leaf=20, random_state=0).fit(frame[["island"]], frame.cost)
        found = claimed(fitted, frame, outcome="cost")
        assert isinstance(found, ClaimedTree)
        assert min(node.persons for node in found.nodes) == found.alike == 1

    @pytest.mark.parametrize("kind", [KNeighborsClassifier, SVC, GaussianProcessRegressor])
    def test_what_stores_rows_never_leaves(self, kind: type) -> None:
        frame = visits(40)
        assert "stores rows" in refused(kind().fit(frame[["age"]], frame.ill), frame, outcome="ill")

    def test_what_is_not_known_says_what_is(self) -> None:
        frame = visits()
        forest = RandomForestClassifier(3).fit(frame[["age"]], frame.ill)
        assert "known are LinearRegression" in refused(forest, frame, outcome="ill")
        tree = DecisionTreeClassifier(max_depth=2)
        assert "random_state" in refused(tree.fit(frame[["age"]], frame.ill), frame, outcome="ill")
        line = LinearRegression().fit(frame[["age"]], frame.cost)
        assert "as outcome=" in refused(line, frame)
        sexes = LogisticRegression().fit(frame[["age"]], frame.sex)
        assert "holds no numbers" in refused(sexes, frame, outcome="sex")
        thirds = frame.assign(third=frame.pid % 3)
        three = LogisticRegression().fit(thirds[["age"]], thirds.third)
        assert "must be 0 or 1" in refused(three, thirds, outcome="third")
        assert "Fit the model on a DataFrame" in refused(
            LinearRegression().fit(frame[["age"]].to_numpy(), frame.cost), frame, outcome="cost"
        )
        assert "other coefficients" in refused(line, frame.assign(cost=frame.cost + 1), outcome="cost")


def test_in_the_notebook_both_tables_are_shown_with_what_the_rules_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BULLE_RERUN")
    monkeypatch.setenv("BULLE_LANGUAGE", "en")
    with showing(rand_hie(tmp_path), monkeypatch) as shown:
        frame = bulle.sql("SELECT zper, sex, total_spending FROM person_year WHERE year = 1")
        fitted = smf.ols("total_spending ~ C(sex)", frame).fit()
        (told,) = shown(bulle.release_model, "spending_by_sex", fitted, units="zper")
    assert "C(sex)" in told["text/html"]
    assert "table of means" in told["text/plain"]
    assert "spending_by_sex_summary" in told["text/plain"]
    assert set(told) == {MODEL_MIME, "text/html", "text/plain"}
