"""Protecting tables together: the same cell is hidden in all of them, and no sum across tables gives one back.

Tables are taken apart into numbers that add up (rows, persons, values, sums); each is a task for the solver over the
cells of one connected component. A row of a table hides all of its measures, so that what one task hides is given to
the others until nothing changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from egress.protect.relations import Relation
from egress.protect.secondary import suppress
from egress.protect.system import Exposed, Pattern, Problem, System, Vector
from egress.released.cells import PERSONS, ROWS, Number
from egress.released.hidden import Hidden, Joined, Row
from egress.released.relations import Sum, TooManyLayersError, exact_sums, nestings
from egress.released.universe import Places, Universe
from hub.policy.model import DisclosureRules

# Limits of computing time: how often tasks hand each other what they hid.
MAX_TURNS = 12

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Trouble:
    """Tables that could not be protected together: `exposed` rows stay recoverable, or `cells` are too many."""

    tables: frozenset[int]
    exposed: tuple[Row, ...] = ()
    cells: int = 0


@dataclass(frozen=True)
class Together:
    """The rows of each table to hide; which tables hang together by sums; what could not be done.

    A table that hangs together with no other one is not looked at: `egress.protect` does that.
    """

    rows: tuple[frozenset[int], ...]
    linked: tuple[frozenset[int], ...] = ()
    troubles: tuple[Trouble, ...] = ()


def protect_together(tables: Sequence[Joined], rules: DisclosureRules) -> Together:
    """The rows to hide in all `tables`, so that no hidden value can be worked out from what is shown in any of them."""
    universe = Universe.of([table.held for table in tables])
    state = Hidden(tables, universe)
    if not rules.secondary_suppression.value:
        return Together(state.rows)
    try:
        found = nestings(universe)
    except TooManyLayersError:
        everything = Trouble(frozenset(range(len(tables))), cells=universe.size)
        return Together(state.rows, (), (everything,))
    tasks = _tasks(universe, {number: exact_sums(universe, found, number) for number in universe.numbers})
    components = _components(universe, tasks)
    shared = frozenset().union(*(one.tables for one in components if len(one.tables) > 1))
    troubles, linked = [], []
    for component in components:
        if not component.tables & shared:
            continue
        linked.append(component.tables)
        trouble = _protect(state, component, rules)
        if trouble is not None:
            troubles.append(trouble)
    return Together(state.rows, tuple(linked), tuple(troubles))


# -- tasks: numbers over the same cells, with the same sums


@dataclass(frozen=True, eq=False)
class Task:
    """Numbers that the same cells publish, with the same sums between them."""

    numbers: tuple[Number, ...]
    cells: Places
    sums: tuple[Sum, ...]


def _tasks(universe: Universe, sums: Mapping[Number, tuple[Sum, ...]]) -> tuple[Task, ...]:
    alike: defaultdict[tuple[bytes, frozenset[tuple[int, tuple[int, ...]]]], list[Number]] = defaultdict(list)
    for number, found in sums.items():
        alike[universe.listed(number).tobytes(), frozenset((one.parent, one.children) for one in found)].append(number)
    return tuple(
        Task(tuple(numbers), universe.listed(numbers[0]).nonzero()[0], sums[numbers[0]])
        for numbers in alike.values()
        if sums[numbers[0]]
    )


@dataclass(frozen=True, eq=False)
class Component:
    """Tasks on cells that hang together by sums, or by standing in one row."""

    cells: Places
    tasks: tuple[Task, ...]
    tables: frozenset[int]


def _components(universe: Universe, tasks: Sequence[Task]) -> tuple[Component, ...]:
    pairs = [(one.parent, child) for task in tasks for one in task.sums for child in one.children]
    of_row: defaultdict[Row, list[int]] = defaultdict(list)
    for one in universe.publications:
        of_row[one.table, one.row].append(one.cell)
    pairs += [(cells[0], cell) for cells in of_row.values() for cell in cells[1:]]
    ends = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    graph = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(universe.size, universe.size))
    _, label = connected_components(graph, directed=False)
    by_label: defaultdict[int, list[Task]] = defaultdict(list)
    for task in tasks:
        summed = np.array([one.parent for one in task.sums], dtype=np.intp)
        for which in np.unique(label[summed]).tolist():
            inside = tuple(one for one, at in zip(task.sums, label[summed], strict=True) if at == which)
            by_label[which].append(Task(task.numbers, task.cells[label[task.cells] == which], inside))
    tables: defaultdict[int, set[int]] = defaultdict(set)
    for publication in universe.publications:
        tables[label[publication.cell]].add(publication.table)
    return tuple(
        Component(np.flatnonzero(label == which), tuple(of), frozenset(tables[which])) for which, of in by_label.items()
    )


# -- solving


def _protect(state: Hidden, component: Component, rules: DisclosureRules) -> Trouble | None:
    tables = component.tables
    if not any(state.tables[table].primary for table in tables) or all(state.tables[at].released for at in tables):
        return None
    if rules.audit is not None and len(component.cells) > rules.audit.value.cells:
        return Trouble(tables, cells=len(component.cells))
    for _ in range(MAX_TURNS):
        changed = False
        for task in [part for whole in component.tasks for part in _alike(state, whole)]:
            problem = _problem(state, task, rules)
            if problem is None:
                continue
            answer = _sparing(state, task, problem)
            if isinstance(answer, Exposed):
                return Trouble(tables, _rows_of(state, task, answer.cells))
            for place in np.flatnonzero(answer.suppressed):
                for number in task.numbers:
                    changed |= state.hide(int(task.cells[place]), number)
        if not changed:
            return None
    return Trouble(tables)


def _sparing(state: Hidden, task: Task, problem: Problem) -> Pattern | Exposed:
    """A pattern that leaves something of every table, where there is one."""
    answer = suppress(problem)
    if isinstance(answer, Exposed):
        return answer
    cells = task.cells[answer.suppressed].tolist()
    gone = state.without(cells, task.numbers)
    if not gone:
        return answer
    kept = np.fromiter((state.shown_by(int(cell), task.numbers, gone) for cell in task.cells), dtype=bool)
    other = suppress(replace(problem, published=problem.marks(problem.published) | (kept & ~problem.secret)))
    return answer if isinstance(other, Exposed) else other


def _alike(state: Hidden, task: Task) -> tuple[Task, ...]:
    """`task`, or one per number where some of its numbers are shown and others hidden in one cell."""
    if len(task.numbers) == 1 or all(
        len({state.visible(cell, number) for number in task.numbers}) == 1 for cell in task.cells.tolist()
    ):
        return (task,)
    return tuple(replace(task, numbers=(number,)) for number in task.numbers)


def _rows_of(state: Hidden, task: Task, places: Iterable[int]) -> tuple[Row, ...]:
    found = [
        row
        for place in places
        for number in task.numbers
        for row in state.by_number[int(task.cells[place]), number]
        if row[1] in state.hidden[row[0]]
    ]
    return tuple(dict.fromkeys(found))


def _problem(state: Hidden, task: Task, rules: DisclosureRules) -> Problem | None:
    """The task as the solver knows it; None where nothing is secret."""
    cells = task.cells.tolist()
    gone = _marks(all(not state.visible(cell, number) for number in task.numbers) for cell in cells)
    primary = gone & _marks(any(state.secret(cell, number) for number in task.numbers) for cell in cells)
    if not primary.any():
        return None
    settled = ~gone & _marks(any(state.visible(cell, one, settled=True) for one in task.numbers) for cell in cells)
    place = {cell: at for at, cell in enumerate(cells)}
    sums = [Relation(place[one.parent], tuple(place[child] for child in one.children)) for one in task.sums]
    vectors = tuple(_vector(state.universe, task, number, primary, rules) for number in task.numbers)
    shown = np.array([state.worth(cell, task.numbers) for cell in cells])
    values = np.abs(vectors[0].values)
    return Problem(
        System.of(sums, len(cells)),
        vectors,
        primary,
        published=settled,
        hidden=gone & ~primary,
        cost=shown * (1.0 + values / ((float(values.max(initial=0.0)) or 1.0) * len(cells))),
        singles=state.universe.persons[task.cells] == 1,
    )


def _vector(universe: Universe, task: Task, number: Number, primary: Marks, rules: DisclosureRules) -> Vector:
    """What an attacker knows of `number`; only what was hidden for its own sake needs an interval."""
    values = universe.values(number)[task.cells]
    interval = rules.protection_interval.value if rules.protection_interval is not None else None
    if number.whole:
        counts_persons = number == PERSONS or (number == ROWS and _one_row_each(universe, task.cells))
        vector = Vector.counts(
            number.kind,
            values,
            primary,
            threshold=rules.min_persons.value if counts_persons else None,
            width=interval.counts if interval is not None else 1,
            zeros=rules.zeros is not None and rules.zeros.value,
        )
    else:
        share = interval.share if interval is not None else (rules.p_ratio.value if rules.p_ratio is not None else 0.0)
        vector = Vector.totals(number.kind, values, share=share, negatives=number in universe.negative)
    return replace(vector, need=np.where(primary, vector.need, 0.0))


def _one_row_each(universe: Universe, cells: Places) -> bool:
    """Whether rows count persons in these cells."""
    rows, persons = universe.rows[cells], universe.persons[cells]
    return bool(np.all((rows == persons) | np.isnan(persons)))


def _marks(marks: Iterable[bool]) -> Marks:
    return np.fromiter(marks, dtype=bool)
