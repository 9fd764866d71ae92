"""What an attacker works out of a suppressed table; the judge of every pattern, however it was found.

Known to the attacker: every published value, all sums, bounds of each suppressed value, that counts are whole, and
the algorithm; a lone contributor knows its own cell too. A cell passes only by witnesses: tables that agree with all
that is published and differ by the needed width, checked by arithmetic. Solvers propose them and are not trusted; what
no witness shows to be hidden within the limits of computing counts as exposed.
(Fischetti and Salazar 2001; Handbook on SDC, 2nd ed., ch. 4.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from egress.protect.cover import OUTSIDER, Asked, Secret, knowers
from egress.protect.exact import combined, given_back, narrowed
from egress.protect.intervals import interval, pushed
from egress.protect.lp import farthest
from egress.protect.subtrees import Block, within
from egress.protect.system import Marks, Numbers, Places, Problem, Vector
from egress.protect.witness import Witness, checked

__all__ = ["AuditResult", "audit", "interval"]

# Limits of computing time, not of disclosure: beyond them a cell counts as exposed.
_BLOCK = 600
_WIDE = 20_000
_TURNS = 4
_MOST_PROGRAMS = 40_000
_REACH = 50.0
_LOST = 1e-3


@dataclass(frozen=True, eq=False)
class AuditResult:
    """`exposed`: per vector the cells whose values are not hidden as wide as asked. `recoverable`: per vector the other
    suppressed cells that are known exactly. `insiders`: secrets that a lone contributor works out exactly.
    `certified`: values shown to be hidden; `open`: of the exposed those that only the limits left undecided;
    `programs`: linear programs solved.
    """

    problem: Problem
    suppressed: Marks
    exposed: tuple[tuple[int, ...], ...]
    recoverable: tuple[tuple[int, ...], ...]
    insiders: tuple[Secret, ...]
    certified: int
    open: int
    programs: int

    @property
    def clean(self) -> bool:
        return not any(self.exposed) and not any(self.recoverable) and not self.insiders

    def intervals(self, cell: int, vector: int = 0) -> tuple[float, float]:
        """The least and largest value of `cell` that agree with what is published, by two linear programs."""
        return interval(self.problem, self.suppressed, cell, vector)


def audit(problem: Problem, suppressed: Marks, hints: Iterable[Witness] = ()) -> AuditResult:
    """The audit of `suppressed`. `hints`: witnesses that whoever made the pattern offers; they spare programs."""
    suppressed = np.asarray(suppressed, dtype=bool)
    offered: list[list[Witness]] = [[] for _ in problem.vectors]
    for witness in hints:
        offered[witness.vector].append(witness)
    insiders = {cell: others for cell, others in knowers(problem).items() if suppressed[cell]}
    read = [_Reading(problem, at, suppressed, insiders) for at in range(len(problem.vectors))]
    for one, known in zip(read, offered, strict=True):
        one.run(known)
    secret = problem.secret
    missing = [one.missing() for one in read]
    return AuditResult(
        problem,
        suppressed,
        tuple(tuple(np.flatnonzero(left & secret).tolist()) for left in missing),
        tuple(tuple(np.flatnonzero(left & ~secret).tolist()) for left in missing),
        tuple(secret for one in read for secret in one.insiders_left()),
        sum(int((one.both > 0).sum()) for one in read) - sum(int(left.sum()) for left in missing),
        sum(one.undecided for one in read),
        sum(one.programs for one in read),
    )


@dataclass(eq=False)
class _Reading:
    """The audit of one vector under way."""

    problem: Problem
    at: int
    suppressed: Marks
    insiders: dict[int, tuple[int, ...]]
    programs: int = 0
    undecided: int = 0
    pairs: dict[Secret, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        asked = Asked.of(self.vector, self.problem.secret & self.suppressed)
        others = self.suppressed & ~self.problem.secret
        self.up, self.down, self.inexact = asked.up, asked.down, asked.inexact
        self.both = np.where(others, asked.inexact, asked.both)
        self.risen, self.fallen = np.zeros(self.problem.system.size), np.zeros(self.problem.system.size)
        self.proved = np.zeros(self.problem.system.size, dtype=bool)
        for cell, knowing in self.insiders.items():
            if self.inexact[cell] > 0 and self.both[cell] > 0:
                self.pairs |= {Secret(self.at, cell, one): (0.0, 0.0) for one in knowing}

    @property
    def vector(self) -> Vector:
        return self.problem.vectors[self.at]

    def run(self, hints: Sequence[Witness]) -> None:
        for witness in hints:
            self._offered(witness)
        if self.missing().any():
            self._prove()
            self._by_blocks()
            self._one_by_one()
        self._insiders()

    def missing(self) -> Marks:
        """Cells not shown to be hidden."""
        least = 1.0 - _LOST
        narrow = self.risen + self.fallen < self.both * least
        return narrow | (self.risen < self.up * least) | (self.fallen < self.down * least)

    def insiders_left(self) -> list[Secret]:
        return [one for one, (up, down) in self.pairs.items() if up + down < self.inexact[one.cell] * (1.0 - _LOST)]

    def _offered(self, witness: Witness) -> None:
        if not self.suppressed[witness.cells].all():
            return
        block = Block.of(self.problem.system, witness.cells)
        moves = np.zeros(self.problem.system.size)
        moves[witness.cells] = witness.moves
        if len(block.cells) == len(np.unique(witness.cells)):
            self._take(*checked(block, self.vector, moves[block.cells], self._finest(block.cells)))

    def _finest(self, cells: Places) -> float:
        asked = self.both[cells]
        return float(asked[asked > 0].min(initial=np.inf)) if (asked > 0).any() else 1.0

    def _take(self, cells: Places, moves: Numbers) -> None:
        """Count a witness that holds, and its opposite where bounds allow it."""
        if not len(cells):
            return
        self._note(cells, moves)
        vector = self.vector
        if (-moves <= vector.room_up[cells]).all() and (moves <= vector.room_down[cells]).all():
            self._note(cells, -moves)

    def _note(self, cells: Places, moves: Numbers) -> None:
        self.risen[cells] = np.maximum(self.risen[cells], moves)
        self.fallen[cells] = np.maximum(self.fallen[cells], -moves)
        if not self.pairs:
            return
        moving = frozenset(cells.tolist())
        for cell, move in zip(cells.tolist(), moves.tolist(), strict=True):
            for one in self.insiders.get(cell, ()):
                known = self.pairs.get(Secret(self.at, cell, one))
                if known is not None and one not in moving:
                    self.pairs[Secret(self.at, cell, one)] = (max(known[0], move), max(known[1], -move))

    def _prove(self) -> None:
        """Cells of which no program need be asked: they are given back, or bounds are narrow."""
        system, vector = self.problem.system, self.vector
        cells = np.flatnonzero(self.suppressed)
        known = given_back(system, cells)
        self.proved[known] = True
        self.proved[combined(system, np.setdiff1d(cells, known))] = True
        low, high = narrowed(system, self.suppressed, -vector.room_down, vector.room_up, whole=vector.whole)
        least = 1.0 - 2 * _LOST
        self.proved |= (high - low < self.both * least) | (high < self.up * least) | (-low < self.down * least)

    def _left(self) -> Places:
        return np.flatnonzero(self.missing() & ~self.proved)

    def _by_blocks(self) -> None:
        """Random objectives over the undecided cells of a block: one program shows many to be hidden."""
        system, source = self.problem.system, np.random.default_rng(int(self.suppressed.sum()))
        tried = np.zeros(system.size, dtype=bool)
        while len(left := self._left()) and not tried[left].all():
            start = left[~tried[left]][:1]
            block = Block.of(system, within(system, start, self.suppressed, _BLOCK))
            tried[start] = True
            wanted = np.intersect1d(block.cells, left)
            tried[wanted] = True
            for turn in range(_TURNS):
                self._random(block, source, -1.0 if turn % 2 else 1.0)
                if not self.missing()[wanted].any():
                    break

    def _random(self, block: Block, source: np.random.Generator, sign: float) -> None:
        wanted = self.missing()[block.cells] & ~self.proved[block.cells]
        asked = np.where(wanted, self.both[block.cells], 0.0)
        unit = 1.0 if self.vector.whole else float(asked.max(initial=0.0))
        if not wanted.any() or unit <= 0:
            return
        reach = _REACH * float(asked.max())
        room = (self.vector.room_down, self.vector.room_up)
        down, up = (np.minimum(one[block.cells], reach) / unit for one in room)
        gain = np.where(wanted, sign * source.choice([-1.0, 1.0], len(asked)) * source.uniform(1, 2, len(asked)), 0.0)
        gain = np.where(wanted, gain / np.maximum(asked / unit, 1e-3), 0.0)
        self.programs += 1
        moves = farthest(block, (down, up), gain)
        if moves is not None:
            self._take(*checked(block, self.vector, moves * unit, self._finest(block.cells[wanted])))

    def _one_by_one(self) -> None:
        for cell in self._left().tolist():
            if self.missing()[cell] and not self.proved[cell] and not self._alone(cell, OUTSIDER):
                self.undecided += 1

    def _alone(self, cell: int, knower: int) -> bool:
        """Two programs for one cell, near it and then as far as sums reach. False: it stays undecided."""
        allowed = self.suppressed.copy()
        if knower != OUTSIDER:
            allowed[knower] = False
        before = 0
        for most in (_BLOCK, _WIDE):
            places = within(self.problem.system, np.array([cell], dtype=np.intp), allowed, most)
            if len(places) == before:
                break
            before = len(places)
            block = Block.of(self.problem.system, places)
            if self.programs > _MOST_PROGRAMS:
                return False
            enough = self._push(block, cell, knower)
            # Hidden; or proved not to be, where nothing lies beyond the block.
            if enough or (enough is None and len(places) < most):
                return True
        return False

    def _push(self, block: Block, cell: int, knower: int) -> bool | None:
        """Whether witnesses in `block` hide `cell`; None: even halves of counts would not."""
        at = block.place(cell)
        if at is None:
            return None
        asked = float(self.inexact[cell] if knower != OUTSIDER else self.both[cell])
        reach = [0.0, 0.0]
        for whole in (False, True) if self.vector.whole else (False,):
            for side, sign in enumerate((1.0, -1.0)):
                self.programs += 1
                moves = pushed(block, self.vector, (at, sign), _REACH * asked, whole=whole)
                if moves is not None:
                    reach[side] = max(reach[side], sign * float(moves[at]))
                    self._take(*checked(block, self.vector, moves, asked))
                if self._shown(cell, knower):
                    return True
            if not whole and self._narrow(cell, reach, asked, knower):
                return None
        return False

    def _narrow(self, cell: int, reach: list[float], asked: float, knower: int) -> bool:
        least = 1.0 - 2 * _LOST
        if reach[0] + reach[1] < asked * least:
            return True
        return knower == OUTSIDER and (reach[0] < self.up[cell] * least or reach[1] < self.down[cell] * least)

    def _shown(self, cell: int, knower: int) -> bool:
        if knower == OUTSIDER:
            return not bool(self.missing()[cell])
        return sum(self.pairs[Secret(self.at, cell, knower)]) >= float(self.inexact[cell]) * (1.0 - _LOST)

    def _insiders(self) -> None:
        exposed = self.missing()
        for one in self.insiders_left():
            if not exposed[one.cell] and not self._shown(one.cell, one.knower):
                self._alone(one.cell, one.knower)
