"""A pattern in the making: suppressed cells, and for each secret the witnesses that hide it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from egress.protect.subtrees import sums_of
from egress.protect.system import Marks, Numbers, Places, Problem, Vector
from egress.protect.witness import Witness

# Nobody in the table: an attacker who knows what is published and no cell beside.
OUTSIDER = -1
# What of a sum must stay open so that it is not known exactly, as a share of the width that hides a secret.
INEXACT = 1e-2
_LOST = 1e-3


class Secret(NamedTuple):
    """One value of one vector, and from whom it is hidden: an outsider, or the lone contributor of cell `knower`."""

    vector: int
    cell: int
    knower: int = OUTSIDER


@dataclass(frozen=True, eq=False)
class Asked:
    """What must stay possible, per cell: `up` and `down` each, `both` together; never more than bounds allow.

    `inexact`: so much together that the value is not known exactly; asked against lone contributors, and of cells
    suppressed besides.
    """

    up: Numbers
    down: Numbers
    both: Numbers
    inexact: Numbers

    @classmethod
    def of(cls, vector: Vector, secret: Marks) -> Asked:
        need = np.where(secret, vector.need, 0.0)
        room = vector.room_up + vector.room_down
        inexact = np.minimum(1.0 if vector.whole else INEXACT * vector.need, room)
        if vector.sided:
            up, down = np.minimum(need, vector.room_up), np.minimum(need, vector.room_down)
            return cls(up, down, up + down, inexact)
        none = np.zeros(len(need))
        return cls(none, none, np.minimum(need, room), inexact)


@dataclass(frozen=True, eq=False)
class Step:
    """A witness came, or went."""

    number: int
    witness: Witness
    entered: bool


@dataclass(frozen=True, eq=False)
class Marked:
    """Cells were suppressed, or published."""

    cells: Places
    to: bool


@dataclass(eq=False)
class Cover:
    """Mutable while a pattern is sought; nothing outside `protect` sees it.

    `knowers`: for each secret cell the lone contributors who stand in one sum with it. `kept`: secondary cells that
    must not be known exactly either. `journal`: what was done, to be undone.
    """

    problem: Problem
    asked: tuple[Asked, ...]
    suppressed: Marks
    knowers: dict[int, tuple[int, ...]]
    kept: set[tuple[int, int]] = field(default_factory=set)
    witnesses: list[Witness | None] = field(default_factory=list)
    using: dict[int, set[int]] = field(default_factory=dict)
    hides: dict[Secret, dict[int, float]] = field(default_factory=dict)
    journal: list[Step | Marked] = field(default_factory=list)

    @classmethod
    def start(cls, problem: Problem, suppressed: Marks) -> Cover:
        asked = tuple(Asked.of(vector, problem.secret) for vector in problem.vectors)
        return cls(problem, asked, suppressed.copy(), knowers(problem))

    def secrets(self) -> list[Secret]:
        """All values that must be hidden, small ones first, and from whom."""
        found = [
            Secret(at, int(cell), knower)
            for at, asked in enumerate(self.asked)
            for cell in np.flatnonzero(asked.both > 0)
            for knower in (OUTSIDER, *self.knowers.get(int(cell), ()))
        ]
        sizes = [np.abs(vector.values) for vector in self.problem.vectors]
        return sorted(found, key=lambda one: (one.vector, one.knower >= 0, sizes[one.vector][one.cell], one))

    def keep(self, vector: int, cell: int) -> Secret:
        """From now on the secondary `cell` must not be known exactly."""
        self.kept.add((vector, cell))
        for number in self.using.get(cell, ()):
            witness = self.witnesses[number]
            if witness is not None and witness.vector == vector:
                move = witness.moves[np.flatnonzero(witness.cells == cell)[0]]
                self.hides.setdefault(Secret(vector, cell), {})[number] = float(move)
        return Secret(vector, cell)

    def widths(self, secret: Secret) -> tuple[float, float, float]:
        """Needed upwards, downwards, and in all."""
        asked, cell = self.asked[secret.vector], secret.cell
        if secret.knower != OUTSIDER or (secret.vector, cell) in self.kept:
            return 0.0, 0.0, float(asked.inexact[cell])
        return float(asked.up[cell]), float(asked.down[cell]), float(asked.both[cell])

    def missing(self, secret: Secret, without: Iterable[int] = ()) -> tuple[float, float]:
        """How far the value must still be seen to rise, and to fall, if the witnesses `without` were gone."""
        if not self.suppressed[secret.cell]:
            return 0.0, 0.0
        gone = set(without)
        moves = [move for number, move in self.hides.get(secret, {}).items() if number not in gone]
        up, down = max(0.0, max(moves, default=0.0)), max(0.0, -min(moves, default=0.0))
        rise, fall, both = self.widths(secret)
        spare = _LOST * both
        if rise or fall:
            return (rise if rise > up + spare else 0.0), (fall if fall > down + spare else 0.0)
        if up + down >= both - spare:
            return 0.0, 0.0
        most = float(self.problem.vectors[secret.vector].room_up[secret.cell])
        rise = min(both - down, most)
        if rise > up + spare:
            return rise, (both - rise if both - rise > down + spare else 0.0)
        return 0.0, both - up

    def met(self, secret: Secret, without: Iterable[int] = ()) -> bool:
        return self.missing(secret, without) == (0.0, 0.0)

    def add(self, witness: Witness) -> None:
        """Keep `witness` for every secret that it moves, and suppress what it uses."""
        self.witnesses.append(witness)
        self._mark(witness.cells[~self.suppressed[witness.cells]], to=True)
        self._enter(len(self.witnesses) - 1, witness)

    def withdraw(self, numbers: Iterable[int]) -> None:
        """Forget witnesses; what they used stays suppressed."""
        for number in sorted(numbers):
            witness = self.witnesses[number]
            if witness is not None:
                self._leave(number, witness)

    def publish(self, cells: Places) -> None:
        self._mark(cells, to=False)

    def undo(self, moment: int) -> None:
        """Back to when `len(journal)` was `moment`."""
        while len(self.journal) > moment:
            step = self.journal.pop()
            if isinstance(step, Marked):
                self.suppressed[step.cells] = not step.to
            elif step.entered:
                self._leave(step.number, step.witness, note=False)
            else:
                self._enter(step.number, step.witness, note=False)

    def at_stake(self, numbers: set[int]) -> list[Secret]:
        """Secrets that would no longer be hidden without these witnesses."""
        touched = {
            secret
            for number in numbers
            if (witness := self.witnesses[number]) is not None
            for secret, _ in self._moved(witness)
        }
        return [secret for secret in sorted(touched) if not self.met(secret, numbers)]

    def cost(self) -> float:
        return float(self.problem.price[self.suppressed & self.problem.free].sum())

    def _mark(self, cells: Places, *, to: bool) -> None:
        if len(cells):
            self.suppressed[cells] = to
            self.journal.append(Marked(cells, to))

    def _moved(self, witness: Witness) -> Iterable[tuple[Secret, float]]:
        """What `witness` hides, and how far it moves it."""
        both, cells = self.asked[witness.vector].both, witness.cells.tolist()
        moving = frozenset(cells)
        for cell, move in zip(cells, witness.moves.tolist(), strict=True):
            if both[cell] > 0:
                yield Secret(witness.vector, cell), move
                for knower in self.knowers.get(cell, ()):
                    if knower not in moving:
                        yield Secret(witness.vector, cell, knower), move
            elif (witness.vector, cell) in self.kept:
                yield Secret(witness.vector, cell), move

    def _enter(self, number: int, witness: Witness, *, note: bool = True) -> None:
        self.witnesses[number] = witness
        for secret, move in self._moved(witness):
            self.hides.setdefault(secret, {})[number] = move
        for cell in witness.cells[self.problem.free[witness.cells]].tolist():
            self.using.setdefault(cell, set()).add(number)
        if note:
            self.journal.append(Step(number, witness, entered=True))

    def _leave(self, number: int, witness: Witness, *, note: bool = True) -> None:
        self.witnesses[number] = None
        for secret, _ in self._moved(witness):
            self.hides.get(secret, {}).pop(number, None)
        for cell in witness.cells.tolist():
            self.using.get(cell, set()).discard(number)
        if note:
            self.journal.append(Step(number, witness, entered=False))


def knowers(problem: Problem) -> dict[int, tuple[int, ...]]:
    """For each secret cell the other cells in its sums whose lone contributor knows them.

    A total of one contributor and the cell that it consists of tell that contributor nothing about anybody else.
    """
    system, singles = problem.system, problem.marks(problem.singles) & problem.secret
    found: dict[int, set[int]] = {}
    for line in np.unique(sums_of(system, np.flatnonzero(singles))).tolist():
        members = system.sums.indices[system.sums.indptr[line] : system.sums.indptr[line + 1]]
        signs = system.sums.data[system.sums.indptr[line] : system.sums.indptr[line + 1]]
        parent = int(members[signs > 0][0])
        secret = members[problem.secret[members]].tolist()
        for single in members[singles[members]].tolist():
            for cell in secret:
                if cell != single and not (parent in {cell, single} and singles[cell]):
                    found.setdefault(cell, set()).add(single)
    return {cell: tuple(sorted(others)) for cell, others in found.items()}
