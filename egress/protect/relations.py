"""The sums inside a table with margins: each total is the sum of the rows that it adds up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from egress.query.evidence import CellEvidence
from egress.query.model import Query


@dataclass(frozen=True)
class Relation:
    """Row `parent` is the sum of rows `children`."""

    parent: int
    children: tuple[int, ...]

    def rows(self) -> tuple[int, ...]:
        return (self.parent, *self.children)


def relations_of(query: Query, cells: Sequence[CellEvidence]) -> tuple[Relation, ...]:
    """Every sum between a grouping set and each next finer one. A table without margins has none."""
    found: list[Relation] = []
    for coarse in query.groupings:
        for fine in _next_finer(coarse, query.groupings):
            children: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
            for row, cell in enumerate(cells):
                if cell.grouping == fine:
                    children[tuple(cell.keys[key] for key in coarse)].append(row)
            for row, cell in enumerate(cells):
                if cell.grouping == coarse:
                    below = children.get(tuple(cell.keys[key] for key in coarse), [])
                    found.append(Relation(row, tuple(below)))
    return tuple(relation for relation in found if relation.children)


def _next_finer(coarse: tuple[int, ...], groupings: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    finer = [grouping for grouping in groupings if set(coarse) < set(grouping)]
    return [one for one in finer if not any(set(other) < set(one) for other in finer)]
