"""An attacker of his own: random requests, and what follows from everything that would leave. Shares no code with
protection: he only reads numbers off released tables, as sums over the finest cells (atoms), and does linear algebra.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from egress.assess import Assessment
from egress.checks.model import Protection

Atom: TypeAlias = tuple[str, str | None, int]
Condition: TypeAlias = tuple[str, str, Any]
Measure: TypeAlias = tuple[str, Condition | None]
Numbers: TypeAlias = NDArray[np.float64]

KEYS = ("g", "h", "k")
CONDITIONS: tuple[Condition, ...] = (
    ("h", "=", "x"),
    ("h", "=", "y"),
    ("h", "<>", "x"),
    ("g", "=", "a"),
    ("g", "<>", "a"),
    ("g", "=", "b"),
    ("g", ">=", "b"),
    ("g", "IN", ("a", "b")),
    ("k", "=", 1),
    ("k", "=", 0),
)
SQL = {"rows": "count(*)", "persons": "count(DISTINCT pid)", "sum": "sum(v)", "mean": "avg(v)", "ones": "sum(k)"}
SQL |= {"share": "avg(k)"}
PROTECTIONS = (*[Protection.SUPPRESS] * 4, Protection.ROUND, Protection.NONE)


def meets(atom: Atom, condition: Condition | None) -> bool:
    """Whether the rows of an atom meet a condition; NULL meets none."""
    if condition is None:
        return True
    column, operator, asked = condition
    value: Any = atom[KEYS.index(column)]
    if value is None:
        return False
    tests: dict[str, Callable[[], bool]] = {
        "=": lambda: value == asked,
        "<>": lambda: value != asked,
        ">=": lambda: value >= asked,
        "IN": lambda: value in asked,
    }
    return bool(tests[operator]())


def written(condition: Condition) -> str:
    column, operator, asked = condition
    constant = f"({', '.join(map(repr, asked))})" if operator == "IN" else repr(asked)
    return f"{column} {operator} {constant}"


@dataclass(frozen=True)
class Person:
    """One row: whose it is, its atom and its value."""

    pid: str
    atom: Atom
    value: int


def people(choose: random.Random, *, single: bool) -> list[Person]:
    """Twenty to 150 persons, in cells of very different sizes; `single`: one row each."""
    weights = [choose.choice([0.3, 1, 3, 10, 30]) for _ in range(6)]
    missing = choose.random() < 0.3
    found = []
    for number in range(choose.choice([20, 40, 80, 150])):
        for _ in range(1 if single else choose.choice([1, 1, 2, 3])):
            cell = choose.choices(range(6), weights)[0]
            h = None if missing and choose.random() < 0.05 else "xy"[cell % 2]
            atom = ("abc"[cell // 2], h, int(choose.random() < 0.35))
            found.append(Person(f"p{number}", atom, choose.randint(100, 130)))
    return found


@dataclass(frozen=True)
class Asked:
    """A table that is asked for, in the attacker's own words."""

    keys: tuple[str, ...]
    style: str
    where: tuple[Condition, ...]
    measures: tuple[Measure, ...]
    protection: Protection
    groupings: tuple[tuple[str, ...], ...] = ()

    @property
    def sql(self) -> str:
        columns = [
            f"{SQL[kind]}{f' FILTER (WHERE {written(part)})' if part else ''} AS m{at}"
            for at, (kind, part) in enumerate(self.measures)
        ]
        where = f" WHERE {' AND '.join(map(written, self.where))}" if self.where else ""
        return f"SELECT {', '.join([*self.keys, *columns])} FROM t{where}{self._grouped()}"

    def _grouped(self) -> str:
        keys = ", ".join(self.keys)
        if not keys:
            return ""
        if self.style == "sets":
            sets = ", ".join("(" + ", ".join(one) + ")" for one in self.groupings)
            return f" GROUP BY GROUPING SETS ({sets})"
        return f" GROUP BY {keys}" if self.style == "plain" else f" GROUP BY {self.style} ({keys})"


def asked(choose: random.Random) -> Asked:
    """One random table."""
    keys = tuple(choose.sample(KEYS, choose.choice([0, 1, 1, 2, 2, 3])))
    style = choose.choice(["plain", "plain", "ROLLUP", "CUBE", "sets"])
    every = [part for size in range(len(keys) + 1) for part in combinations(keys, size)]
    sets = choose.sample(every, choose.randint(1, len(every)))
    if {part for one in sets for part in one} != set(keys):
        sets.append(keys)
    where = tuple(choose.sample(CONDITIONS, choose.choice([0, 0, 0, 1, 1, 2])))
    pool: list[Measure] = [(kind, None) for kind in ("persons", "sum", "mean", "ones", "share")]
    pool += [(kind, choose.choice(CONDITIONS)) for kind in ("rows", "persons", "sum")]
    counts: list[Measure] = [("rows", None)] if choose.random() < 0.7 else []
    measures = (*counts, *choose.sample(pool, choose.choice([0, 1, 2] if counts else [1, 2])))
    return Asked(keys, style, where, measures, choose.choice(PROTECTIONS), tuple(sets))


@dataclass
class Attacker:
    """Who has the released tables. `people` only tell which groups are small, and check what he reads."""

    people: Sequence[Person]
    single: bool
    atoms: list[Atom] = field(init=False)
    counts: list[Numbers] = field(default_factory=list)
    sums: list[Numbers] = field(default_factory=list)
    _later: list[tuple[str, Numbers, Numbers]] = field(default_factory=list)

    def __post_init__(self) -> None:
        every = {(g, h, k) for g in "abc" for h in "xy" for k in (0, 1)}
        self.atoms = sorted(every | {one.atom for one in self.people}, key=str)

    def line(self, test: Callable[[Atom], bool]) -> Numbers:
        return np.array([float(test(atom)) for atom in self.atoms])

    def persons(self, line: Numbers) -> int:
        inside = {self.atoms[at] for at in np.flatnonzero(line)}
        return len({one.pid for one in self.people if one.atom in inside})

    def learns(self, table: Asked, assessment: Assessment) -> list[tuple[str, int]]:
        """Reads a table that left. Published numbers themselves, with the persons whom they are about."""
        shown, evidence = assessment.protected, assessment.evidence
        assert shown is not None
        assert evidence is not None
        about = []
        self._empty(table, [(cell.grouping, cell.keys) for cell in evidence.cells])
        for row, cell in zip(shown.rows, evidence.cells, strict=True):
            fixed = {table.keys[at]: cell.keys[at] for at in cell.grouping}
            for at, (kind, part) in enumerate(table.measures):
                if row[shown.columns.index(f"m{at}")] is None:
                    continue
                line = self._chosen(table, fixed, part)
                about.append((f"{table.sql}: {kind}", self.persons(line)))
                if table.protection is not Protection.ROUND:
                    self._reads(kind, line)
        return about

    def _chosen(self, table: Asked, fixed: Mapping[str, object], part: Condition | None) -> Numbers:
        return self.line(lambda atom: self._inside(atom, table, fixed) and meets(atom, part))

    def _empty(self, table: Asked, listed: Sequence[tuple[tuple[int, ...], tuple[object, ...]]]) -> None:
        """A cell that a table would list, and does not, is empty."""
        cells = [{table.keys[at]: keys[at] for at in grouping} for grouping, keys in listed]
        for keys in {tuple(cell) for cell in cells if cell}:
            mine = [cell for cell in cells if tuple(cell) == keys]
            for at, atom in enumerate(self.atoms):
                if all(meets(atom, one) for one in table.where) and not any(
                    self._inside(atom, table, cell) for cell in mine
                ):
                    alone = np.zeros(len(self.atoms))
                    alone[at] = 1
                    self.counts.append(alone)
                    self.sums.append(alone)

    @staticmethod
    def _inside(atom: Atom, table: Asked, fixed: Mapping[str, object]) -> bool:
        return all(meets(atom, one) for one in table.where) and all(
            atom[KEYS.index(key)] == value for key, value in fixed.items()
        )

    def _reads(self, kind: str, line: Numbers) -> None:
        if kind == "rows" or (kind == "persons" and self.single):
            self.counts.append(line)
        elif kind == "sum":
            self.sums.append(line)
        elif kind == "ones":
            self.counts.append(line * self.line(lambda atom: atom[2] == 1))
        elif kind in {"mean", "share"}:
            self._later.append((kind, line, line * self.line(lambda atom: atom[2] == 1)))

    def works_out(self, least: int) -> list[str]:
        """Groups of 1 … least-1 persons of whom a number of rows or a sum follows exactly."""
        for _ in range(2):  # a mean and a count are a sum; of few persons, four digits do
            for kind, line, ones in self._later:
                if _follow(self.counts, line[None])[0]:
                    (self.sums if kind == "mean" else self.counts).append(line if kind == "mean" else ones)
        size = len(self.atoms)
        groups = ((np.arange(1, 2**size)[:, None] >> np.arange(size)) & 1).astype(float)
        found = []
        for name, known in (("rows", self.counts), ("sum", self.sums)):
            few = [line for line in groups[_follow(known, groups)] if 0 < self.persons(line) < least]
            found += [f"{name} of {[self.atoms[at] for at in np.flatnonzero(line)]}" for line in few]
        return found


def _follow(known: Sequence[Numbers], asked: Numbers) -> NDArray[np.bool_]:
    """Which of the sums `asked` are linear combinations of the `known` ones."""
    if not known:
        return np.zeros(len(asked), dtype=bool)
    _, sizes, right = np.linalg.svd(np.array(known))
    null = right[int((sizes > 1e-9).sum()) :]
    follow: NDArray[np.bool_] = (np.abs(asked @ null.T) < 1e-7).all(axis=1)
    return follow
