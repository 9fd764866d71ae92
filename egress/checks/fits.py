"""Fitted models: few degrees of freedom, levels of few persons, saturation. For summaries of regressions.

A dummy that is 1 for one person makes a coefficient of that person's value (Bleninger, Drechsler, Ronning 2011); a
model with as many parameters as cells is the table of their means. What is not known is for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

DOF = Rule("degrees_of_freedom", Risk.LOW_DOF)
LEVELS = Rule("sparse_level", Risk.LOW_COUNT)
SATURATED = Rule("saturated", Risk.LOW_DOF)
LEVERAGE = Rule("leverage", Risk.INDIVIDUALS)
VECTORS = Rule("model_vectors", Risk.INDIVIDUALS)
OUTCOMES = Rule("few_outcomes", Risk.LOW_COUNT)
SEPARATED = Rule("separation", Risk.CLASS_DISCLOSURE)


@dataclass(frozen=True)
class Fit:
    """What is known of one fitted model. None: not known.

    `levels`: per column, the outcome's too, its name, persons with another value than the commonest one, and persons
    with the value that fewest have of those whose mean the model tells (both of a dummy), else all; and likewise the
    level of reference and the cells that it tells apart;
    `cells`: distinct rows of regressors; `leverage`: the largest of the hat matrix; `r_squared` where there is one;
    `vectors`: whether the summary shows a value per observation (fitted values, residuals).
    `smallest`: persons with the regressors that fewest have. `outcomes`: persons with each outcome that is an event or
    a class; none where the outcome is a number. `alike`: the terms of which one level has but one outcome.
    """

    persons: int | None = None
    parameters: int | None = None
    levels: tuple[tuple[str, int, int], ...] | None = None
    cells: int | None = None
    r_squared: float | None = None
    leverage: float | None = None
    vectors: bool | None = None
    smallest: int | None = None
    outcomes: tuple[int, ...] = ()
    alike: tuple[str, ...] = ()


def check_fit(fit: Fit, rules: DisclosureRules) -> tuple[Finding, ...]:
    """The findings about one model, in the order of its risks."""
    about = (*_saturation(fit, rules), *_leverage(fit, rules), *_outcomes(fit, rules), *_separation(fit))
    return (*_freedom(fit, rules), *_levels(fit, rules), *about, *_vectors(fit))


def _freedom(fit: Fit, rules: DisclosureRules) -> Iterator[Finding]:
    if fit.persons is None or fit.parameters is None:
        yield DOF.found(Outcome.REVIEW, "model", say("How many persons and parameters this model has is not known."))
    elif rules.min_dof is not None:
        least = rules.min_dof.value
        if fit.persons - fit.parameters < least:
            why = say("The model has fewer than {least} degrees of freedom left.", least=least)
            yield DOF.found(Outcome.FAIL, "model", why)
        else:
            yield DOF.passed("model", say("The model has at least {least} degrees of freedom left.", least=least))


def _levels(fit: Fit, rules: DisclosureRules) -> Iterator[Finding]:
    least = rules.min_persons.value
    if fit.levels is None or fit.persons is None:
        yield LEVELS.found(Outcome.REVIEW, "model", say("How many persons stand behind each coefficient is not known."))
        return
    sparse = [name for name, persons, others in fit.levels if min(persons, others) < least]
    if sparse:
        why = say(
            "{rows} coefficients are about fewer than {least} persons, or about all but so few.",
            rows=len(sparse),
            least=least,
        )
        yield LEVELS.found(Outcome.FAIL, "model", why)
    else:
        yield LEVELS.passed("model", say("At least {least} persons stand behind each coefficient.", least=least))


def _saturation(fit: Fit, rules: DisclosureRules) -> Iterator[Finding]:
    if fit.cells is None or fit.parameters is None:
        why = say("Whether the model is no more than a table of means is not known.")
        yield SATURATED.found(Outcome.REVIEW, "model", why)
    elif fit.parameters >= fit.cells and fit.smallest is not None and fit.smallest >= rules.min_persons.value:
        why = say(
            "The model is the table of means of groups of at least {least} persons; declared as a table by "
            "bulle.release, it would be recomputed.",
            least=rules.min_persons.value,
        )
        yield SATURATED.found(Outcome.REVIEW, "model", why)
    elif fit.parameters >= fit.cells:
        why = say("The model is saturated: it has as many parameters as cells, so it is a table of their means.")
        yield SATURATED.found(Outcome.FAIL, "model", why)
    elif fit.r_squared is not None and not (isfinite(fit.r_squared) and round(fit.r_squared, 6) < 1):
        yield SATURATED.found(Outcome.FAIL, "model", say("The model fits its data exactly: it gives values back."))
    else:
        yield SATURATED.passed("model", say("The model has fewer parameters than cells."))


def _leverage(fit: Fit, rules: DisclosureRules) -> Iterator[Finding]:
    """One observation that decides a prediction by itself: its leverage is near 1."""
    if fit.leverage is None:
        why = say("How much one observation decides of this model is not known.")
        yield LEVERAGE.found(Outcome.REVIEW, "model", why)
    elif not fit.leverage < 1 - 1 / rules.min_persons.value:
        yield LEVERAGE.found(Outcome.FAIL, "model", say("One observation decides nearly all of its prediction."))
    else:
        yield LEVERAGE.passed("model", say("No single observation decides its prediction."))


def _outcomes(fit: Fit, rules: DisclosureRules) -> Iterator[Finding]:
    """Events, or persons of each class of the outcome."""
    least = rules.min_persons.value
    if any(persons < least for persons in fit.outcomes):
        why = say("Fewer than {least} persons have one of the outcomes.", least=least)
        yield OUTCOMES.found(Outcome.FAIL, "model", why)
    elif fit.outcomes:
        yield OUTCOMES.passed("model", say("At least {least} persons have each outcome.", least=least))


def _separation(fit: Fit) -> Iterator[Finding]:
    """Who is of a level whose outcomes are all the same is known to have that outcome (perfect prediction)."""
    if fit.alike:
        why = say(
            "In a level of {terms} coefficients all have the same outcome: who is of that level is known to have it.",
            terms=len(fit.alike),
        )
        yield SEPARATED.found(Outcome.FAIL, "model", why)


def _vectors(fit: Fit) -> Iterator[Finding]:
    if fit.vectors is None:
        why = say("Whether the summary shows values per observation is not known.")
        yield VECTORS.found(Outcome.REVIEW, "model", why)
    elif fit.vectors:
        why = say("Fitted values and residuals are values of single observations; leave them out.")
        yield VECTORS.found(Outcome.FAIL, "model", why)
