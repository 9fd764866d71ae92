"""The tables that a claimed model is: coefficients, steps or nodes, and a summary. Exact: rounding comes after."""

from __future__ import annotations

from collections.abc import Iterator

from egress.checks.curves import Step
from egress.checks.table import Table, Value
from egress.outputs.models import (
    FIGURES,
    WHOLE,
    ClaimedCurves,
    ClaimedGroup,
    ClaimedModel,
    ClaimedNode,
    ClaimedRegression,
    ClaimedTree,
    ModelWords,
)
from egress.query.evidence import CellEvidence, Evidence

INTERCEPTS = ("Intercept", "const", "intercept")
_NUMBERS = ("estimate", "std_error", "statistic", "p_value", "low", "high")
_NAMES = (*_NUMBERS[:4], "low_95", "high_95")


def regression_table(claimed: ClaimedRegression) -> tuple[Table, Evidence]:
    """One row per coefficient by name, the intercept first; columns that no row has are left out."""
    ordered = sorted(claimed.terms, key=lambda one: (one.term not in INTERCEPTS, one.term))
    known = [at for at, name in enumerate(_NUMBERS) if any(getattr(term, name) is not None for term in ordered)]
    columns = ("term", *(_NAMES[at] for at in known))
    rows = tuple((term.term, *(getattr(term, _NUMBERS[at]) for at in known)) for term in ordered)
    behind = tuple(CellEvidence((term.term,), (0,), term.rows, term.persons, ()) for term in ordered)
    return Table(columns, rows), Evidence(behind)


def steps_of(group: ClaimedGroup, every: int) -> tuple[Step, ...]:
    """The steps of one curve in the unit of its durations, as they were claimed."""
    steps, left = [], group.persons
    for one in group.steps:
        left -= one.events + one.censored
        steps.append(Step(one.step * every, left, one.events, one.censored, one.value, one.low, one.high))
    return tuple(steps)


def curve_table(
    words: ModelWords, claimed: ClaimedCurves, steps: dict[int, tuple[Step, ...]]
) -> tuple[Table, Evidence]:
    """The curves with `steps`, by the places of their groups; each begins with its persons at time 0."""
    rising = claimed.method == "NelsonAalenFitter"
    value = "cumulative_hazard" if rising else "survival"
    keys = () if words.by is None else (words.by,)
    rows: list[tuple[Value | None, ...]] = []
    behind: list[CellEvidence] = []
    for place in sorted(steps, key=lambda at: _place(claimed.groups[at])):
        group = claimed.groups[place]
        label = () if words.by is None else (group.label,)
        start = Step(0, group.persons, 0, 0, *((0.0 if rising else 1.0,) * 3))
        before = group.persons
        for step in (start, *steps[place]):
            numbers = (step.at_risk, step.events, step.censored, step.value, step.low, step.high)
            rows.append((*label, step.time, *numbers))
            behind.append(CellEvidence(label, tuple(range(len(keys))), before, before, ()))
            before = step.at_risk
    columns = (*keys, "time", "at_risk", "events", "censored", value, "low_95", "high_95")
    return Table(columns, tuple(rows)), Evidence(tuple(behind))


def _place(group: ClaimedGroup) -> tuple[bool, int, str]:
    if isinstance(group.label, str):
        return True, 0, group.label
    return False, int(group.label or 0), ""


def tree_table(claimed: ClaimedTree) -> tuple[Table, Evidence]:
    """One row per node in preorder, counted from 1. Only a leaf predicts and tells its persons: those of the nodes
    above would tell of how many all rows lie in one branch.
    """
    columns = ("node", "parent", "branch", "feature", "threshold", "prediction", "persons")
    rows = tuple(_node_row(place, node) for place, node in enumerate(claimed.nodes, start=1))
    behind = tuple(
        CellEvidence((place,), (0,), node.rows, node.persons, ()) for place, node in enumerate(claimed.nodes, start=1)
    )
    return Table(columns, rows), Evidence(behind)


def _node_row(place: int, node: ClaimedNode) -> tuple[Value | None, ...]:
    parent = None if node.parent is None else node.parent + 1
    branch = None if node.parent is None else "above" if node.above else "at most"
    leaf = node.feature is None
    predicted, persons = (node.prediction, node.persons) if leaf else (None, None)
    return place, parent, branch, node.feature, node.threshold, predicted, persons


def summary_table(words: ModelWords, claimed: ClaimedModel) -> Table:
    """What the model is, how many stand behind it, and its figures in their fixed order."""
    figures = dict(claimed.figures)
    told = ((name, figures[name]) for name in FIGURES if name in figures)
    rows = [*_said(words, claimed), *((name, int(value) if name in WHOLE else value) for name, value in told)]
    return Table(("figure", "value"), tuple(rows))


def _said(words: ModelWords, claimed: ClaimedModel) -> Iterator[tuple[str, Value]]:
    yield "method", claimed.method
    match claimed:
        case ClaimedRegression(outcome=outcome, errors=errors, fit=fit):
            yield "outcome", outcome
            if errors is not None:
                yield "standard_errors", errors
            yield "observations", fit.rows
            yield "persons", fit.persons
            if fit.outcomes:
                yield "persons_with_event", fit.outcomes[0]
        case ClaimedCurves(groups=groups):
            yield "duration", words.duration or ""
            yield "persons", sum(group.persons for group in groups)
            yield "groups", len(groups)
        case ClaimedTree(nodes=nodes, rows=rows, persons=persons):
            yield "outcome", words.outcome or ""
            yield "observations", rows
            yield "persons", persons
            yield "leaves", sum(node.feature is None for node in nodes)
