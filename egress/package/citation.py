"""How a DP release is told in one sentence, ready for a paper. Pure."""

from __future__ import annotations

from egress.package.noise import GAUSSIAN, OLS, Told
from egress.package.spelling import number, visible
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.status import Status
from hub.language import render
from hub.words import Message, say

TO_CITE = say("To cite a table with differential privacy:")
_GAUSSIAN = say("discrete Gaussian noise")
_NOISY_MAX = say("quantiles by noisy maximum")
_BOTH = say("discrete Gaussian noise, quantiles by noisy maximum")
_REGRESSION = say("least squares on cross products with discrete Gaussian noise")
_OTHER = say("noise drawn by OpenDP")


def citation(request: ReleaseRequest, report: OutputReport, told: Told, language: str) -> str | None:
    """The sentence; None before the decision, or when the report does not say what it cost."""
    day = request.reached.get(Status.APPROVED)
    if day is None or told.rho is None or told.epsilon is None or told.delta is None:
        return None
    sentence = say(
        "Project {project}, table “{table}” ({request}): differentially private release, {mechanism}, ρ = {rho} "
        "(ε = {epsilon} at δ = {delta}), unit of privacy: one person with all rows, Bulle {version}, {day}.",
        project=request.project,
        table=visible(report.title or report.name),
        request=request.id,
        mechanism=render(mechanism(told), language),
        rho=number(told.rho, language),
        epsilon=number(round(told.epsilon, 4), language),
        delta=number(told.delta, language),
        version=request.basis.versions.get("bulle", "?") if request.basis else "?",
        day=day[:10],
    )
    return render(sentence, language)


def mechanism(told: Told) -> Message:
    """What made the noise, from the shapes of the columns."""
    if told.kind == OLS:
        return _REGRESSION
    gaussian, chosen = bool(told.shapes & GAUSSIAN), "quantile" in told.shapes
    if gaussian and chosen:
        return _BOTH
    if gaussian or chosen:
        return _GAUSSIAN if gaussian else _NOISY_MAX
    # Older reports do not name their columns' shapes; all of them had intervals of Gaussian noise.
    return _GAUSSIAN if told.intervals and not told.columns else _OTHER
