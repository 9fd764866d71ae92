"""What adds up in a computed table, and what an attacker knows of it beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from egress.checks.examined import Examined
from egress.protect.relations import Relation, relations_of
from egress.protect.system import Marks, Numbers, Problem, System, Vector
from egress.query.model import Aggregate, Measure
from hub.policy.model import DisclosureRules

_COUNTED = frozenset({Aggregate.COUNT_VALUES, Aggregate.COUNT_PERSONS})


def problem_of(examined: Examined, primary: frozenset[int], rules: DisclosureRules) -> Problem:
    """The rows of a table as cells to protect; `primary` are suppressed for their own sake."""
    cells = examined.evidence.cells
    marks = np.zeros(len(cells), dtype=bool)
    marks[sorted(primary)] = True
    relations = relations_of(examined.query, cells)
    persons = np.array([cell.persons for cell in cells])
    vectors = vectors_of(examined, relations, marks, rules)
    return Problem(System.of(relations, len(cells)), vectors, marks, singles=persons == 1)


def vectors_of(
    examined: Examined, relations: Sequence[Relation], primary: Marks, rules: DisclosureRules
) -> tuple[Vector, ...]:
    """The rows behind each cell, and each published count or sum; an average is a sum to whoever knows the count.

    Numbers of persons add up only where nobody stands in two cells; where they do not, no total gives one back.
    """
    cells = examined.evidence.cells
    rows = np.array([float(cell.rows) for cell in cells])
    persons = np.array([float(cell.persons) for cell in cells])
    found = [_counts("", rows, primary, rules, of_persons=bool(np.array_equal(rows, persons)))]
    for position, measure in enumerate(examined.query.measures):
        values = _values(examined, position, measure)
        if values is None:
            continue
        if measure.aggregate in _COUNTED or measure.binary:
            of_persons = measure.aggregate is Aggregate.COUNT_PERSONS and measure.argument is None
            if _adds_up(values, relations):
                found.append(_counts(measure.name, np.rint(values), primary, rules, of_persons=of_persons))
        else:
            known = [cell.measures[position] for cell in cells]
            negatives = any(one is not None and one.negatives for one in known)
            found.append(Vector.totals(measure.name, values, share=_share(rules), negatives=negatives))
    return tuple(found)


def _counts(name: str, values: Numbers, primary: Marks, rules: DisclosureRules, *, of_persons: bool) -> Vector:
    interval = rules.protection_interval.value if rules.protection_interval is not None else None
    return Vector.counts(
        name,
        values,
        primary,
        threshold=rules.min_persons.value if of_persons else None,
        width=interval.counts if interval is not None else 1,
        zeros=rules.zeros is not None and rules.zeros.value,
    )


def _share(rules: DisclosureRules) -> float:
    """How wide sums must stay open, as a share of the value: the policy's interval, or its p % rule."""
    if rules.protection_interval is not None:
        return rules.protection_interval.value.share
    return rules.p_ratio.value if rules.p_ratio is not None else 0.0


def _values(examined: Examined, position: int, measure: Measure) -> Numbers | None:
    if measure.aggregate not in {Aggregate.SUM, Aggregate.AVG} | _COUNTED:
        return None
    at = examined.column(measure)
    shown = np.array([float(row[at] or 0) for row in examined.table.rows])  # type: ignore[arg-type]  # a number
    if measure.aggregate is not Aggregate.AVG:
        return shown
    known = [cell.measures[position] for cell in examined.evidence.cells]
    return np.asarray(shown / measure.scale * np.array([0.0 if one is None else float(one.rows) for one in known]))


def _adds_up(values: Numbers, relations: Sequence[Relation]) -> bool:
    return all(abs(values[one.parent] - values[list(one.children)].sum()) < 0.5 for one in relations)
