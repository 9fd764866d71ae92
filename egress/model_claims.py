"""Whether what is claimed of a model can be true at all: what contradicts itself whatever the data are."""

from __future__ import annotations

from egress.outputs.models import (
    ClaimedCurves,
    ClaimedModel,
    ClaimedNode,
    ClaimedRegression,
    ClaimedStep,
    ClaimedTerm,
    ClaimedTree,
)
from hub.words import Message, say

_SLACK = 1e-6
_COARSE = 1e-3  # a statistic is the quotient of two numbers that were rounded by nobody, and yet of another order
_UNTRUE = say("Its evidence contradicts itself: a part is larger than its whole.")


def contradiction(claimed: ClaimedModel, persons: int | None = None) -> Message | None:
    """What in a claimed model cannot be true of an extract with `persons`, or of any."""
    if persons is not None and _persons(claimed) > persons:
        return say("The model has more units than the extract has persons: the units are not persons.")
    match claimed:
        case ClaimedRegression():
            return _of_regression(claimed)
        case ClaimedCurves():
            return _of_curves(claimed)
        case ClaimedTree():
            return _of_tree(claimed)


def _persons(claimed: ClaimedModel) -> int:
    match claimed:
        case ClaimedRegression():
            return claimed.fit.persons
        case ClaimedCurves():
            return sum(group.persons for group in claimed.groups)
        case ClaimedTree():
            return claimed.persons


def _of_regression(claimed: ClaimedRegression) -> Message | None:
    fit, terms = claimed.fit, claimed.terms
    of_levels, of_terms = (persons for _, *both in fit.levels for persons in both), (term.persons for term in terms)
    if max(fit.smallest, *fit.outcomes, *of_levels, *of_terms) > fit.persons or max(fit.persons, fit.cells) > fit.rows:
        return _UNTRUE
    left = fit.rows - len(terms)
    if fit.parameters != len(terms) or dict(claimed.figures).get("df_resid", left) != left:
        return say("Its degrees of freedom are not its observations less its coefficients.")
    # A person's leverage is the sum of those of their rows; those of all are as many as the parameters.
    if not fit.parameters * (1 - _SLACK) <= fit.leverage * fit.persons <= fit.parameters * fit.persons * (1 + _SLACK):
        return say("Its leverage contradicts its number of coefficients.")
    if (fit.r_squared or 0) > 1 + _SLACK or not all(map(_is_possible, terms)):
        return say("Its coefficients contradict their errors, or its fit is better than exact.")
    return None


def _is_possible(term: ClaimedTerm) -> bool:
    error, statistic = term.std_error, term.statistic
    if term.low is not None and term.high is not None and not term.low <= term.estimate <= term.high:
        return False
    if term.p_value is not None and not 0 <= term.p_value <= 1:
        return False
    if error is None or statistic is None:
        return error is None and statistic is None
    return error >= 0 and abs(statistic * error - term.estimate) <= _COARSE * (abs(term.estimate) + error)


def _of_curves(claimed: ClaimedCurves) -> Message | None:
    rising = claimed.method == "NelsonAalenFitter"
    for group in claimed.groups:
        left, value = group.persons, 0.0 if rising else 1.0
        for step in group.steps:
            if step.events + step.censored > left:
                return _UNTRUE
            least, most = _hazards(left, step) if rising else _shares(left, step)
            ends = (value + least, value + most) if rising else (value * least, value * most)
            if not ends[0] - _SLACK <= step.value <= ends[1] + _SLACK:
                return say("The curve contradicts its events and its persons at risk.")
            if not step.low - _SLACK <= step.value <= step.high + _SLACK:
                return say("The curve does not lie in its interval.")
            left, value = left - step.events - step.censored, step.value
    return None


def _shares(left: int, step: ClaimedStep) -> tuple[float, float]:
    """The least and the greatest share that can survive a step: its censored leave before its events, or after."""
    late = left - step.censored
    least = (late - step.events) / late if late else 1.0
    return least, (left - step.events) / left if left else 1.0


def _hazards(left: int, step: ClaimedStep) -> tuple[float, float]:
    """The least and the greatest increase of the hazard: events all at once and first, or one by one and last."""
    late = left - step.censored
    return step.events / left if left else 0.0, sum(1 / (late - done) for done in range(step.events))


def _of_tree(claimed: ClaimedTree) -> Message | None:
    nodes = claimed.nodes
    below: dict[int, list[ClaimedNode]] = {}
    for node in nodes:
        below.setdefault(-1 if node.parent is None else node.parent, []).append(node)
    if (nodes[0].rows, nodes[0].persons) != (claimed.rows, claimed.persons) or claimed.alike > claimed.persons:
        return _UNTRUE
    for place, node in enumerate(nodes):
        branches = sorted(child.above for child in below.get(place, ()))
        if branches != ([] if node.feature is None else [False, True]):
            return say("The tree has a branch too many, or lacks one.")
        if not _is_whole(node, below.get(place, [])):
            return _UNTRUE
    return None


def _is_whole(node: ClaimedNode, branches: list[ClaimedNode]) -> bool:
    """Whether rows, persons and classes of a node can be those of its branches."""
    if node.persons > node.rows or (node.classes and not max(node.classes) <= node.persons <= sum(node.classes)):
        return False
    persons = [child.persons for child in branches]
    rows = sum(child.rows for child in branches)
    return not branches or (rows == node.rows and max(persons) <= node.persons <= sum(persons))
