"""A table of cells as the files that τ-ARGUS reads for its modular method (MOD), and its answer as marks.

A proposal only: our audit judges. The files hold numbers and made codes, never a text of the table's author.
Format: tabular data of the τ-ARGUS manual (section 4.2), one line per cell, with status and protection levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from egress.protect.cells import Cells
from egress.protect.system import Marks, Numbers, Problem, Vector
from egress.protect.tauargus import scaled, whole_costs, widths

# A limit of computing time: 9,610 cells took 48 s, 39,600 did not end within 290 s (two busy cores).
MAX_CELLS = 20_000
# Of the program itself.
_MOST_COLUMNS = 6
_LONGEST_ANSWER = 32_000_000
_TOTAL = "Total"
_DIGITS = 3
DATA, METADATA, BATCH, ANSWER = "cells.tab", "cells.rda", "batch.arb", "answer.tab"

Files = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Tree:
    """One key column: `codes` in an order in which parents come first, and each but the first below another."""

    codes: tuple[str, ...]
    depth: Mapping[str, int]

    @classmethod
    def of(cls, present: Sequence[str], above: Mapping[str, str]) -> Tree | None:
        """None: not every code is part of one total."""
        tops = [code for code in present if code not in above]
        if len(tops) != 1:
            return None
        below: dict[str, list[str]] = {}
        for code in present:
            if code in above:
                below.setdefault(above[code], []).append(code)
        order, depth, stack = [], {tops[0]: 0}, [tops[0]]
        while stack:
            code = stack.pop()
            order.append(code)
            for child in reversed(below.get(code, ())):
                depth[child] = depth[code] + 1
                stack.append(child)
        return cls(tuple(order), depth) if len(order) == len(present) else None

    def name(self, number: int) -> str:
        """How the files call code `number`."""
        return f"c{number:06d}" if number else _TOTAL

    def lines(self) -> Iterator[str]:
        """The hierarchy, as deep as each code lies."""
        for number, code in enumerate(self.codes[1:], 1):
            yield "@" * (self.depth[code] - 1) + self.name(number)


@dataclass(frozen=True, eq=False)
class Layout:
    """A table with a total in every column. `names`: per cell, what the files call its codes."""

    trees: tuple[Tree, ...]
    names: tuple[tuple[str, ...], ...]
    order: tuple[tuple[int, tuple[int, ...]], ...]

    @classmethod
    def of(cls, cells: Cells) -> Layout | None:
        """None: the method does not reach this table (a column without a total, or too many columns)."""
        columns = range(len(cells.keys))
        above: list[dict[str, str]] = [{} for _ in columns]
        for relation in cells.relations:
            wide = cells.codes[relation.parent]
            for child in relation.children:
                fine = cells.codes[child]
                at = next(column for column in columns if wide[column] != fine[column])
                above[at][fine[at]] = wide[at]
        found = [Tree.of(list(dict.fromkeys(codes[at] for codes in cells.codes)), above[at]) for at in columns]
        trees = [tree for tree in found if tree is not None]
        kept = [at for at, tree in enumerate(trees) if len(tree.codes) > 1]
        if len(trees) < len(found) or not 1 <= len(kept) <= _MOST_COLUMNS:
            return None
        called = [{code: tree.name(number) for number, code in enumerate(tree.codes)} for tree in trees]
        names = tuple(tuple(called[at][codes[at]] for at in kept) for codes in cells.codes)
        deep = [sum(trees[at].depth[codes[at]] for at in kept) for codes in cells.codes]
        order = sorted(((one.parent, one.children) for one in cells.relations), key=lambda one: -deep[one[0]])
        return cls(tuple(trees[at] for at in kept), names, tuple(order))

    def additive(self, values: Numbers) -> Numbers:
        """The finest cells rounded, and every total their sum: the program takes no other totals."""
        values = np.round(values, _DIGITS)
        for parent, children in self.order:
            values[parent] = values[list(children)].sum()
        return np.round(values, _DIGITS)


def planned(problem: Problem, cells: Cells, minutes: int) -> tuple[Layout, tuple[Files, ...]] | None:
    """The files of one run per vector, by name. None: the method does not reach this table."""
    if not problem.secret.any() or problem.system.size > MAX_CELLS or problem.system.size != cells.size:
        return None
    asked = [vector for vector in problem.vectors if (vector.need[problem.secret] > 0).any()]
    layout = Layout.of(cells)
    if layout is None or not asked or any((vector.values < 0).any() for vector in asked):
        return None
    return layout, tuple(_files(problem, layout, vector, minutes) for vector in asked)


def proposed(answer: str, layout: Layout) -> Marks | None:
    """The cells that an answer suppresses besides. None: it is not an answer."""
    if len(answer) > _LONGEST_ANSWER:
        return None
    place = {names: at for at, names in enumerate(layout.names)}
    width = len(layout.trees)
    marks = np.zeros(len(layout.names), dtype=bool)
    read = 0
    for line in answer.splitlines():
        fields = [field.strip().strip('"').strip() for field in line.split(";")]
        if len(fields) < width + 4 or len(fields[width + 3]) != 1:
            return None
        at = place.get(tuple(fields[:width]))
        read += at is not None
        if at is not None:
            marks[at] = fields[width + 3] == "M"
    return marks if read else None


def _files(problem: Problem, layout: Layout, vector: Vector, minutes: int) -> Files:
    trees = {f"key{at}.hrc": tree for at, tree in enumerate(layout.trees) if max(tree.depth.values()) > 1}
    return {
        **{name: "\n".join([*tree.lines(), ""]) for name, tree in trees.items()},
        DATA: "\n".join([*_cells(problem, layout, vector), ""]),
        METADATA: "\n".join([*_metadata(len(layout.trees), frozenset(trees)), ""]),
        BATCH: "\n".join(_batch(len(layout.trees), minutes)),
    }


def _cells(problem: Problem, layout: Layout, vector: Vector) -> Iterator[str]:
    """Codes, value, frequency, cost, status, and how far it must be free to fall and to rise."""
    scale = scaled(vector)
    values = layout.additive(vector.values / scale)
    cost = whole_costs(problem)
    status = np.where(problem.secret, "u", np.where(problem.free, "s", "p"))
    fall, rise = (np.where(problem.secret, width / scale, 0.0) for width in widths(vector))
    for at, names in enumerate(layout.names):
        if values[at] or problem.secret[at]:  # an empty cell is not told
            levels = f"{fall[at]:.{_DIGITS}f};{rise[at]:.{_DIGITS}f}"
            yield f"{';'.join(names)};{values[at]:.{_DIGITS}f};1;{int(cost[at])};{status[at]};{levels}"


def _metadata(columns: int, deep: frozenset[str]) -> Iterator[str]:
    yield '<SEPARATOR> ";"\n<SAFE> "S"\n<UNSAFE> "U"\n<PROTECT> "P"'
    for at in range(columns):
        yield f'key{at}\n<RECODEABLE>\n<TOTCODE> "{_TOTAL}"'
        if f"key{at}.hrc" in deep:
            yield f'<HIERARCHICAL>\n<HIERCODELIST> "key{at}.hrc"\n<HIERLEADSTRING> "@"'
    yield f"number\n<NUMERIC>\n<DECIMALS> {_DIGITS}"
    yield "units\n<FREQUENCY>\nprice\n<NUMERIC> <COSTVAR>\nstate\n<STATUS>"
    yield "fall\n<NUMERIC> <LOWERPL>\nrise\n<NUMERIC> <UPPERPL>"


def _batch(columns: int, minutes: int) -> Iterator[str]:
    keys = "".join(f'"key{at}"' for at in range(columns))
    yield f'<OPENTABLEDATA> "{DATA}"\n<OPENMETADATA> "{METADATA}"'
    yield f'<SPECIFYTABLE> {keys}|"number"||"price"\n<SAFETYRULE>\n<READTABLE> 0'
    yield f'<SUPPRESS> MOD(1,{minutes},0,0,0)\n<WRITETABLE> (1,5,SO+,"{ANSWER}")\n'
