"""Notebooks that try to get a single person's bill out through models that they fitted, or say that they fitted.

All attacks of this file run in one notebook; each is looked at by its output's name or its cell.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.assess import Assessment
from egress.checks.model import Outcome
from egress.models import assess_model_on
from egress.query.engine import Engine
from hub.extracts.reader import open_extract
from hub.policy.files import read_rules
from tests.hostile.conftest import SECRETS, Aftermath, Attack

PRELUDE = """\
import bulle, copy, json
import bulle.model
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from IPython.display import display
from lifelines import KaplanMeierFitter
from sklearn.neighbors import KNeighborsRegressor
from statsmodels.regression.linear_model import OLS
df = bulle.sql("SELECT zper, site, sex, total_spending FROM person_year WHERE year = 1")
row = bulle.sql("SELECT * FROM person_year").sort_values("total_spending").iloc[-1]
secret = f"{int(row.zper)} {int(row.total_spending)}"
assert secret == "127368 39182"
df["me"] = (df.zper == df.zper.iloc[3]).astype(int)
df["n"] = np.arange(len(df)) % 50
good = smf.ols("total_spending ~ sex + n", df).fit()
MIME = "application/vnd.bulle.model+json"
real = bulle.model._claimed
honest = real(bulle.model.model_words({"name": "x", "units": "zper"}), good, None)
from dataclasses import replace
def lie(changes, **of_fit):
    made = replace(honest, fit=replace(honest.fit, **of_fit), **changes)
    bulle.model._claimed = lambda *rest: made
def terms(**changes):
    return {"terms": (replace(honest.terms[0], **changes), *honest.terms[1:])}
def dresses(base):
    class Dressed(base):
        nobs = 1e6
    return Dressed
"""

# attack: cell, and what becomes of it: the rule of its cell, or the outcome of the output of that name
ATTACKS: dict[str, tuple[str, str | Outcome]] = {
    "spending": ('bulle.release_model("spending", good, units="zper")', Outcome.REVIEW),  # no attack
    "dummy_of_one": (
        'bulle.release_model("dummy_of_one", smf.ols("total_spending ~ sex + n + me", df).fit(), units="zper")',
        Outcome.FAIL,
    ),
    "one_repeated": (
        (
            "many = pd.concat([df, *[df[df.me == 1]] * 60])\nmany.index = range(len(many))\n"
            'bulle.release_model("one_repeated", smf.ols("total_spending ~ n + me", many).fit(), units="zper")'
        ),
        Outcome.FAIL,
    ),
    "all_but_one_zero": (
        (
            "zero = df.assign(total_spending=df.total_spending * df.me)\n"
            'bulle.release_model("all_but_one_zero", smf.ols("total_spending ~ n", zero).fit(), units="zper")'
        ),
        Outcome.FAIL,
    ),
    "weighted_to_one": (
        (
            "heavy = smf.wls('total_spending ~ n', df, weights=1e-9 + df.me).fit()\n"
            'bulle.release_model("weighted_to_one", heavy, units="zper")'
        ),
        Outcome.FAIL,
    ),
    "rows_as_persons": (
        (
            "rows = bulle.sql('SELECT zper, sex, total_spending FROM person_year')\nrows['p'] = range(len(rows))\n"
            'bulle.release_model("rows_as_persons", smf.ols("total_spending ~ sex", rows).fit(), units="p")'
        ),
        Outcome.FAIL,
    ),
    "term_smuggled": (
        (
            "said = df.rename(columns={'n': 'x39182'})\n"
            'bulle.release_model("term_smuggled", smf.ols("total_spending ~ x39182", said).fit(), units="zper")'
        ),
        Outcome.REVIEW,
    ),
    "key_smuggled": (
        (
            "said = df.rename(columns={'n': f'x_{df.zper.iloc[3]}'})\n"
            "formula = f'total_spending ~ {said.columns[-1]}'\n"
            'bulle.release_model("key_smuggled", smf.ols(formula, said).fit(), units="zper")'
        ),
        Outcome.REVIEW,  # this source's keys are too short to be told from other numbers
    ),
    "script_smuggled": (
        (
            "values = np.column_stack((np.ones(len(df)), df.n))\n"
            "named = pd.DataFrame(values, columns=['const', '<script>alert(1)</script>'])\n"
            "marked = OLS(df.total_spending, named).fit()\n"
            'bulle.release_model("script_smuggled", marked, units="zper", microdata=df)'
        ),
        Outcome.REVIEW,
    ),
    "thousands": (
        (
            "wide = pd.DataFrame(np.random.default_rng(1).normal(size=(len(df), 300)), index=df.index)\n"
            "wide.columns = [f'x{at}' for at in wide.columns]\n"
            "many = OLS(df.total_spending, sm.add_constant(wide)).fit()\n"
            'bulle.release_model("thousands", many, units="zper", microdata=df)'
        ),
        Outcome.FAIL,
    ),
    "persons_forged": (
        'lie({}, persons=10**6, rows=10**6)\nbulle.release_model("persons_forged", good, units="zper")',
        Outcome.FAIL,
    ),
    "estimate_forged": (
        'lie(terms(estimate=39182.0))\nbulle.release_model("estimate_forged", good, units="zper")',
        Outcome.FAIL,  # it does not lie in its interval
    ),
    "digits_forged": (
        (
            "lie(terms(estimate=100.39182127368, low=99.0, high=102.0, std_error=1.0, statistic=100.39182127368))\n"
            'bulle.release_model("digits_forged", good, units="zper")'
        ),
        Outcome.REVIEW,
    ),
    "curve_forged": (
        (
            "from egress.outputs.models import ClaimedCurves, ClaimedGroup, ClaimedStep\n"
            "step = ClaimedStep(1, 50, 0, 0.39182, 0.3, 0.5)\n"
            "made = ClaimedCurves('KaplanMeierFitter', (ClaimedGroup(None, 500, (step,)),), ())\n"
            "bulle.model._claimed = lambda *rest: made\n"
            'bulle.release_model("curve_forged", None, units="zper", duration="t", event="e", every=1)'
        ),
        Outcome.FAIL,  # 50 of 500 died, so that 0.9 live
    ),
    "a class of its own": (
        (
            "bulle.model._claimed = real\n"
            "own = dresses(OLS)(df.total_spending, sm.add_constant(df.n)).fit()\n"
            'bulle.release_model("own", own, units="zper", microdata=df)'
        ),
        "declaration.missing",
    ),
    "neighbours": (
        (
            "near = KNeighborsRegressor(1).fit(df[['n']], df.total_spending)\n"
            'bulle.release_model("near", near, units="zper", microdata=df, outcome="total_spending")'
        ),
        "declaration.missing",
    ),
    "other coefficients": (
        (
            "said = copy.deepcopy(good)\nsaid._results.params = np.array([39182.0, 127368.0, 0.0])\n"
            'bulle.release_model("said", said, units="zper")'
        ),
        "declaration.missing",
    ),
    "no number": (
        'lie(terms(estimate=float("nan")))\nbulle.release_model("nan", good, units="zper")',
        "declaration.missing",
    ),
    "hidden letters": (
        'lie(terms(term="a\\u202e39182"))\nbulle.release_model("hidden", good, units="zper")',
        "declaration.missing",
    ),
    "a computed name": (
        'bulle.model._claimed = real\nbulle.release_model("n" + str(int(row.zper)), good, units="zper")',
        "declaration.computed",
    ),
    "computed steps": (
        'bulle.release_model("s", good, units="zper", duration="t", event="e", every=int(row.zper))',
        "declaration.computed",
    ),
    "under a condition": (
        'if row.total_spending > 39000: bulle.release_model("c", good, units="zper")',
        "declaration.conditional",
    ),
    "nothing declares it": ("display({MIME: {'schema': 'bulle.model/1', 'note': secret}}, raw=True)", "withheld"),
}
CELLS = {name: at for at, name in enumerate(ATTACKS, start=2)}


@pytest.fixture(scope="module")
def aftermath(attack: Attack) -> Aftermath:
    return attack(PRELUDE, *(source for source, _ in ATTACKS.values()))


@pytest.fixture(scope="module")
def models(aftermath: Aftermath, extract: Path) -> dict[str, Assessment]:
    assert aftermath.content is not None, str(aftermath.result.message)
    with Engine(extract, open_extract(extract).manifest) as engine:
        made = [assess_model_on(engine, one, read_rules("health-fr")) for one in aftermath.content.models]
    return {one.declaration.name: one for tables in made for one in tables}


@pytest.mark.parametrize("name", [name for name, (_, what) in ATTACKS.items() if isinstance(what, Outcome)])
def test_no_model_passes(models: dict[str, Assessment], name: str) -> None:
    assert models[name].outcome is ATTACKS[name][1], [str(found.why) for found in models[name].findings]


@pytest.mark.parametrize("name", [name for name, (_, what) in ATTACKS.items() if not isinstance(what, Outcome)])
def test_what_is_no_model_does_not_count(aftermath: Aftermath, name: str) -> None:
    if ATTACKS[name][1] == "withheld":
        assert aftermath.kinds_at(CELLS[name]) == ["declaration"]
    else:
        assert aftermath.rules_at(CELLS[name]) == [ATTACKS[name][1]]


def test_a_free_word_is_shown_to_people(models: dict[str, Assessment]) -> None:
    found = {finding.check: finding.outcome for finding in models["term_smuggled"].findings}
    assert found["model_terms"] is Outcome.REVIEW


def test_digits_are_ours(models: dict[str, Assessment]) -> None:
    protected = models["digits_forged"].protected
    assert protected is not None
    assert 100.4 in [row[1] for row in protected.rows]


def test_no_sentence_tells_it(aftermath: Aftermath, models: dict[str, Assessment]) -> None:
    told = aftermath.leaving + repr(
        [[str(sentence) for found in one.findings for sentence in found.sentences()] for one in models.values()]
    )
    assert not any(secret in told for secret in SECRETS)
