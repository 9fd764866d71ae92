"""A problem as the text file that τ-ARGUS solvers read, and their answer as marks. A proposal only: our audit judges.

The format (JJ, of CSP by Fischetti and Salazar): number of cells; per cell its number, value, cost, status (u: to be
protected, s: may be suppressed, z: may not), bounds, and how far it must be free to fall and to rise; then the sums.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from egress.protect.system import Marks, Numbers, Problem, Vector

# Costs are whole numbers there: a fraction ends the solver's process.
_COST = 10_000
# The solver's own infinity is 2e13; larger tables are told in larger units.
_LARGEST = 1e9
# Beyond this the exact program does not end within any limit we would wait for (89 secondaries of 700 cells: 26 s).
MAX_CELLS = 2_500
_LONGEST_ANSWER = 1_000_000


def planned(problem: Problem) -> tuple[str, ...]:
    """One file per vector. Empty: the problem is larger than the solver may be asked, or asks for nothing."""
    if problem.system.size > MAX_CELLS or not problem.secret.any():
        return ()
    return tuple(_file(problem, vector) for vector in problem.vectors if (vector.need[problem.secret] > 0).any())


def proposed(answer: str, size: int) -> Marks | None:
    """The cells that an answer names. None: it is not an answer."""
    if len(answer) > _LONGEST_ANSWER:
        return None
    marks = np.zeros(size, dtype=bool)
    for word in answer.split():
        if not (word.isascii() and word.isdigit() and int(word) < size):
            return None
        marks[int(word)] = True
    return marks


def _file(problem: Problem, vector: Vector) -> str:
    return "\n".join(["0", str(problem.system.size), *_cells(problem, vector), *_sums(problem), ""])


def _cells(problem: Problem, vector: Vector) -> Iterator[str]:
    scale = scaled(vector)
    far = 4.0 * float(np.abs(vector.values).max(initial=0.0)) / scale + 1000.0
    secret, free = problem.secret, problem.free
    cost = whole_costs(problem)
    values = vector.values / scale
    low = np.minimum(np.maximum(vector.low / scale, -far), values)
    high = np.maximum(np.minimum(vector.high / scale, far), values)
    fall, rise = (np.where(secret, width / scale, 0.0) for width in widths(vector))
    status = np.where(secret, "u", np.where(free, "s", "z"))
    for at in range(problem.system.size):
        yield (
            f"{at} {values[at]:.6f} {int(cost[at])} {status[at]} "
            f"{low[at]:.6f} {high[at]:.6f} {fall[at]:.6f} {rise[at]:.6f} 0.0"
        )


def scaled(vector: Vector) -> float:
    """What one of the solver's units is worth."""
    return max(1.0, float(np.abs(vector.values).max(initial=0.0)) / _LARGEST)


def whole_costs(problem: Problem) -> Numbers:
    """Prices as the solver takes them."""
    whole: Numbers = np.maximum(np.rint(problem.price * _COST / problem.price.max()), 1.0)
    return whole


def widths(vector: Vector) -> tuple[Numbers, Numbers]:
    """How far each value must be free to fall and to rise, as far as its bounds allow it at all."""
    rise = np.minimum(vector.need, vector.room_up)
    wanted = vector.need if vector.sided else vector.need - rise
    return np.minimum(wanted, vector.room_down), rise


def _sums(problem: Problem) -> Iterator[str]:
    sums = problem.system.sums
    yield str(sums.shape[0])
    for line in range(sums.shape[0]):
        start, end = sums.indptr[line], sums.indptr[line + 1]
        terms = " ".join(
            f"{at} ({int(-by)})" for at, by in zip(sums.indices[start:end], sums.data[start:end], strict=True)
        )
        yield f"0 {end - start} : {terms}"
