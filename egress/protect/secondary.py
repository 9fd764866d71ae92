"""Secondary suppression: which further rows must go so that no total gives back a suppressed one.

Per exposed row the cheapest set of rows is sought that can shift together with it (a mixed-integer program, HiGHS);
larger tables take its linear relaxation. The audit judges what came out, and asks again until nothing is exposed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, identity

from egress.protect.audit import Audit, Numbers, Vector, matrix
from egress.protect.relations import Relation

# Limits of computing time, not of disclosure.
MAX_ROWS_EXACT = 300
MAX_ROWS = 5_000
MAX_TURNS = 40


def protect(primary: frozenset[int], vectors: Sequence[Vector], relations: Sequence[Relation]) -> frozenset[int] | None:
    """The rows to suppress, `primary` among them; None when no set of rows protects, or the table is too large."""
    if not primary or not relations:
        return primary
    if len(vectors[0].values) > MAX_ROWS:
        return None
    suppressed = lone_children(primary, relations)
    sums = matrix(relations, len(vectors[0].values))
    pressed = 1.0
    for _ in range(MAX_TURNS):
        before, left = suppressed, frozenset[int]()
        for vector in vectors:
            suppressed, exposed = _turn(vector, suppressed, relations, sums, pressed)
            left |= exposed
        if not left:
            return suppressed
        if suppressed == before:
            suppressed |= {other for row in left for other in neighbours(row, relations)}
            pressed *= 2
        if suppressed == before:
            return None
    return None


def _turn(
    vector: Vector, suppressed: frozenset[int], relations: Sequence[Relation], sums: csr_array, pressed: float
) -> tuple[frozenset[int], frozenset[int]]:
    """More suppressed rows for each row of `vector` that is exposed, and the rows that were."""
    exposed = Audit.of(vector, suppressed, relations).exposed()
    for row in exposed:
        audit = Audit.of(vector, suppressed, relations)
        if not audit.hidden(row, *audit.bounds(row)):
            suppressed |= partners(row, vector, suppressed, sums, pressed)
    return suppressed, frozenset(exposed)


def lone_children(suppressed: frozenset[int], relations: Sequence[Relation]) -> frozenset[int]:
    """`suppressed`, and the parent of each only child: they are equal."""
    while True:
        more = {
            row
            for relation in relations
            if len(relation.children) == 1 and suppressed & set(relation.rows())
            for row in relation.rows()
        }
        if more <= suppressed:
            return suppressed
        suppressed |= more


def neighbours(row: int, relations: Sequence[Relation]) -> set[int]:
    """All rows that stand in one sum with `row`."""
    return {other for relation in relations if row in relation.rows() for other in relation.rows()}


def partners(
    row: int, vector: Vector, suppressed: frozenset[int], sums: csr_array, pressed: float = 1.0
) -> frozenset[int]:
    """The cheapest rows that must be suppressed besides so that `row` may be larger by what hides it."""
    size = len(vector.values)
    values = np.abs(np.array(vector.values))
    scale = float(values.max()) or 1.0
    shift = max(vector.need[row], 1.0 if vector.whole else 0.0) * pressed / scale
    low = np.full(size, -np.inf) if vector.negative else -values / scale
    # Fewest rows first, then the smallest ones; a suppressed row costs nothing more.
    cost = np.array([0.0 if at in suppressed else 1.0 + values[at] / (scale * size) for at in range(size)])
    solve = _exact if size <= MAX_ROWS_EXACT else _relaxed
    moved = solve(row, shift, sums, low, cost)
    if moved is None:
        return frozenset()
    return frozenset(int(at) for at in np.flatnonzero(np.abs(moved) > 1e-9)) - suppressed


def _exact(row: int, shift: float, sums: csr_array, low: Numbers, cost: Numbers) -> Numbers | None:
    """Shifts d and marks y: sums of d are 0, d is 0 unless y; least cost of y."""
    size = len(cost)
    most = 2.0 * size
    free = np.where(np.isfinite(low), low, -most)
    eye = identity(size, format="csr")
    low_of = csr_array((free, (range(size), range(size))), shape=(size, size))
    constraints = [
        LinearConstraint(hstack([sums, csr_array((sums.shape[0], size))]), 0, 0),
        LinearConstraint(hstack([eye, -most * eye]), -np.inf, 0),
        LinearConstraint(hstack([eye, -low_of]), 0, np.inf),
    ]
    least, largest = np.concatenate([free, np.zeros(size)]), np.concatenate([np.full(size, most), np.ones(size)])
    least[row] = largest[row] = shift
    solved = milp(
        np.concatenate([np.zeros(size), cost]),
        integrality=np.concatenate([np.zeros(size), np.ones(size)]),
        bounds=Bounds(least, largest),
        constraints=constraints,
    )
    if solved.x is None:
        return None
    moved = np.asarray(solved.x[:size])
    return np.where(solved.x[size:] > 0.5, np.where(cost > 0, 1.0, moved), np.where(np.abs(moved) > 1e-6, moved, 0.0))


def _relaxed(row: int, shift: float, sums: csr_array, low: Numbers, cost: Numbers) -> Numbers | None:
    """d = up - down, least cost of both."""
    size = len(cost)
    largest = np.concatenate([np.full(size, np.inf), -low])
    least = np.zeros(2 * size)
    least[row] = largest[row] = shift
    largest[size + row] = 0.0
    cheap = np.maximum(cost, 1e-6)
    solved = milp(
        np.concatenate([cheap, cheap]),
        bounds=Bounds(least, largest),
        constraints=LinearConstraint(hstack([sums, -sums]), 0, 0),
    )
    if solved.x is None:
        return None
    return np.asarray(solved.x[:size] - solved.x[size:])
