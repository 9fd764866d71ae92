"""Cox models of lifelines: fitted again by the library's own class on the frame that is handed in beside the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula
from lifelines import CoxPHFitter

from bulle.fitted import INCOMPLETE, OTHER, ModelError, unsolved
from bulle.fitted.design import Design, figures, real
from bulle.fitted.people import codes_of, frame_of
from egress.outputs.models import ClaimedRegression, ModelWords
from hub.words import say

_NEAR = 1e-4
_TAKEN = ("coef", "se(coef)", "z", "p", "coef lower 95%", "coef upper 95%")


def claimed(words: ModelWords, fitted: Any, microdata: object) -> ClaimedRegression:
    """What is told of a fitted Cox model. Raises: ModelError, FrameError."""
    special = (fitted.strata, fitted.cluster_col, fitted.weights_col, fitted.entry_col)
    if any(one is not None for one in special) or np.any(fitted.penalizer) or fitted.robust:
        raise ModelError(
            say("Of Cox models, strata, clusters, weights, late entries, penalties and robust errors are not known.")
        )
    whole = frame_of(microdata)
    used = _columns(fitted, whole)
    frame = whole[used]
    if frame.isna().any(axis=None):
        raise ModelError(INCOMPLETE)

    try:
        again = CoxPHFitter().fit(frame, fitted.duration_col, fitted.event_col, formula=_formula(fitted))
    except Exception as error:
        raise unsolved(error) from error
    before = fitted.params_
    if list(before.index) != list(again.params_.index) or not np.allclose(before, again.params_, rtol=_NEAR, atol=1e-8):
        raise ModelError(OTHER)
    return _told(words, again, whole)


def _columns(fitted: Any, frame: pd.DataFrame) -> list[str]:
    formula = _formula(fitted)
    wanted = set(Formula(formula).required_variables) if formula else set(fitted.params_.index)
    needed = [*(name for name in frame.columns if name in wanted), fitted.duration_col]
    needed += [fitted.event_col] if fitted.event_col is not None else []
    missing = [name for name in (*needed, *(() if formula else wanted)) if name not in frame.columns]
    if missing:
        raise ModelError(say("The frame lacks columns that the model was fitted to: hand in that one as microdata=."))
    return list(dict.fromkeys(needed))


def _formula(fitted: Any) -> str | None:
    return str(fitted.formula) if fitted.formula is not None else None


def _told(words: ModelWords, again: Any, frame: pd.DataFrame) -> ClaimedRegression:
    rows = frame.shape[0]
    events = np.ones(rows) if again.event_col is None else real(frame[again.event_col])
    table = again.summary
    names = tuple(map(str, table.index))
    values = real(again.regressors.transform_df(frame)["beta_"][list(table.index)])
    design = Design(names, values, events, str(again.duration_col), codes_of(frame, words.units), events=True)
    numbers = real(table[list(_TAKEN)])
    terms = tuple(design.term(at, tuple(map(float, line))) for at, line in enumerate(numbers))
    ratio = again.log_likelihood_ratio_test()
    known = figures(
        ("df_model", ratio.degrees_freedom),
        ("log_likelihood", again.log_likelihood_),
        ("log_likelihood_null", again._ll_null_),
        ("aic", again.AIC_partial_),
        ("concordance", again.concordance_index_),
        ("likelihood_ratio", ratio.test_statistic),
        ("likelihood_ratio_p_value", ratio.p_value),
    )
    return ClaimedRegression("CoxPHFitter", design.outcome_name, "nonrobust", terms, known, design.fit(None))
