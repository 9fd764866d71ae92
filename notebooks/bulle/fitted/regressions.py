"""Regressions of statsmodels: fitted again by the library's own classes from the arrays that the model holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from statsmodels.discrete.discrete_model import Logit, Poisson, Probit
from statsmodels.genmod.families import family as families
from statsmodels.genmod.families import links
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS, WLS

from bulle.fitted import NOT_BINARY, ModelError, unsolved
from bulle.fitted.design import Design, figures, real
from bulle.fitted.people import codes_at, frame_of
from bulle.fitted.span import Floats
from egress.outputs.models import ERRORS, FAMILIES, LINKS, STATSMODELS, ClaimedRegression, ModelWords
from hub.words import say

_NEAR = 1e-4  # an iteration may begin elsewhere, and ends where it ends


def claimed(words: ModelWords, fitted: Any, microdata: object) -> ClaimedRegression:
    """What is told of a result of statsmodels. Raises: ModelError, FrameError."""
    model: Any = getattr(fitted, "model", None)
    fit = _FITS.get(type(model))
    if fit is None:
        raise ModelError(
            say(
                "This model of statsmodels is not known ({kind}); known are {known}.",
                kind=type(model).__name__[:40],
                known=", ".join(STATSMODELS),
            )
        )
    values, outcome = real(model.exog), real(model.endog)
    if values.ndim != 2 or outcome.shape != values.shape[:1]:
        raise ModelError(say("Its outcome must be one column with a value for each row."))
    errors, options = _errors(fitted, len(outcome))
    method, again, weights = _again(lambda: fit(model, values, outcome, options))
    _same(fitted, again)
    data = model.data
    frame = frame_of(getattr(data, "frame", None) if microdata is None else microdata)
    codes = codes_at(frame, words.units, data.row_labels, len(outcome))
    classes = type(model) in {Logit, Probit} or "Binomial" in method
    if classes and not np.isin(outcome, (0, 1)).all():
        raise ModelError(NOT_BINARY)
    names = tuple(map(str, model.exog_names))
    design = Design(names, values, outcome, str(model.endog_names), codes, weights, classes)
    interval = np.asarray(again.conf_int(), dtype=np.float64)
    numbers = zip(again.params, again.bse, again.tvalues, again.pvalues, *interval.T, strict=True)
    terms = tuple(design.term(at, tuple(map(float, line))) for at, line in enumerate(numbers))
    known = design.fit(_r_squared(again, classes=classes))
    return ClaimedRegression(method, design.outcome_name, errors, terms, _figures(again), known)


def _errors(fitted: Any, rows: int) -> tuple[str, dict[str, Any]]:
    """How standard errors were worked out, as words and as arguments of a fit."""
    kind = str(getattr(fitted, "cov_type", None))
    if kind not in ERRORS:
        raise ModelError(
            say(
                "These standard errors are not known ({kind}); known are {known}.",
                kind=kind[:40],
                known=", ".join(ERRORS),
            )
        )
    if kind != "cluster":
        return kind, {"cov_type": kind}
    groups = np.asarray(fitted.cov_kwds["groups"])
    if groups.shape != (rows,):
        raise ModelError(say("The clusters of its standard errors must be one column with a value for each row."))
    return kind, {"cov_type": kind, "cov_kwds": {"groups": np.unique(groups, return_inverse=True)[1]}}


def _again(fit: Callable[[], tuple[str, Any, Floats | None]]) -> tuple[str, Any, Floats | None]:
    try:
        made = fit()
    except ModelError:
        raise
    except Exception as error:
        raise unsolved(error) from error
    if not getattr(made[1], "converged", True) or not getattr(made[1], "mle_retvals", {"converged": True})["converged"]:
        raise ModelError(say("Fitted again, the model does not converge: leave out what predicts perfectly."))
    return made


def _same(fitted: Any, again: Any) -> None:
    pairs = ((fitted.params, again.params), (fitted.bse, again.bse))
    shapes = all(np.shape(before) == np.shape(now) for before, now in pairs)
    if not shapes or not all(np.allclose(before, now, rtol=_NEAR, atol=1e-8) for before, now in pairs):
        raise ModelError(
            say(
                "Fitted again by the library's own settings, the model has other coefficients or errors: constrained, "
                "regularised and interrupted fits are not known."
            )
        )


def _least_squares(
    model: Any, values: Floats, outcome: Floats, options: dict[str, Any]
) -> tuple[str, Any, Floats | None]:
    if type(model) is OLS:
        return "OLS", OLS(outcome, values).fit(**options), None
    weights = real(model.weights)
    return "WLS", WLS(outcome, values, weights=weights).fit(**options), weights


def _general(model: Any, values: Floats, outcome: Floats, options: dict[str, Any]) -> tuple[str, Any, Floats | None]:
    family, link = type(model.family).__name__, type(model.family.link).__name__
    known = family in FAMILIES and type(model.family) is getattr(families, family)
    if not known or link not in LINKS or type(model.family.link) is not getattr(links, link):
        raise ModelError(
            say(
                "This family or link is not known; known are {families} with {links}.",
                families=", ".join(FAMILIES),
                links=", ".join(LINKS),
            )
        )
    if any(not (np.asarray(getattr(model, name)) == 1).all() for name in ("freq_weights", "var_weights")):
        raise ModelError(say("Weights of this model are not read: give one row per observation."))
    varying = getattr(families, family)(getattr(links, link)())
    again = GLM(outcome, values, family=varying, **_offset(model)).fit(**options)
    return f"GLM {family} {link}", again, np.asarray(varying.weights(again.mu), dtype=np.float64)


def _discrete(model: Any, values: Floats, outcome: Floats, options: dict[str, Any]) -> tuple[str, Any, Floats | None]:
    kind = type(model)
    again = kind(outcome, values, **_offset(model)).fit(disp=0, **options)
    return kind.__name__, again, np.asarray(_VARYING[kind].weights(again.predict()), dtype=np.float64)


def _offset(model: Any) -> dict[str, Floats]:
    exposure, offset = getattr(model, "exposure", None), getattr(model, "offset", None)
    if exposure is not None and np.any(exposure):
        raise ModelError(say("An exposure is not read: give its logarithm as offset."))
    return {"offset": real(offset)} if offset is not None and np.any(offset) else {}


# How much the outcome may vary in these, by the family of generalised models that they are.
_VARYING = {
    Logit: families.Binomial(),
    Probit: families.Binomial(links.Probit()),
    Poisson: families.Poisson(),
}
_FITS: dict[type, Callable[[Any, Floats, Floats, dict[str, Any]], tuple[str, Any, Floats | None]]] = {
    OLS: _least_squares,
    WLS: _least_squares,
    GLM: _general,
    Logit: _discrete,
    Probit: _discrete,
    Poisson: _discrete,
}


def _r_squared(again: Any, *, classes: bool) -> float | None:
    """How well a line fits, or McFadden's measure of classes: 1 where each is predicted without fail."""
    if classes:
        return float(1 - again.llf / again.llnull)
    return float(again.rsquared) if hasattr(again, "rsquared") else None


def _figures(again: Any) -> tuple[tuple[str, float], ...]:
    """The figures of a summary that this kind of result has."""
    names = {
        "df_model": "df_model",
        "df_resid": "df_resid",
        "r_squared": "rsquared",
        "r_squared_adjusted": "rsquared_adj",
        "pseudo_r_squared": "prsquared",
        "log_likelihood": "llf",
        "log_likelihood_null": "llnull",
        "aic": "aic",
        "deviance": "deviance",
        "pearson_chi2": "pearson_chi2",
    }
    bic = again.bic_llf if isinstance(again.model, GLM) else again.bic
    return figures(*((name, getattr(again, attribute, None)) for name, attribute in names.items()), ("bic", bic))
