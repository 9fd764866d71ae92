"""What a table shows beside an earlier one: kept in the report, for checkers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress.checks.table import Value, plain


@dataclass(frozen=True)
class ConflictCell:
    """One cell that both tables hold. `labels`: its keys' values, in the order of the conflict's `keys`; `here` and
    `there`: the number in this table and in the earlier one, None where it is no sum of cells; `persons`: by how many
    persons they differ; `cells`: (row, column) in this output's exact table.
    """

    labels: tuple[Value | None, ...]
    here: Value | None
    there: Value | None
    persons: int
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Conflict:
    """An earlier table that this one conflicts with: whose, what became of it and when (UTC, ISO 8601), and where.

    `keys`: what the cells are called by; `here` and `there`: the columns that are compared. Only the first `cells` are
    kept; `all_cells` counts them all.
    """

    project: str
    request: str
    output: str
    fate: str
    at: str
    keys: tuple[str, ...]
    here: str
    there: str
    cells: tuple[ConflictCell, ...]
    all_cells: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "project": self.project,
            "request": self.request,
            "output": self.output,
            "fate": self.fate,
            "at": self.at,
            "keys": list(self.keys),
            "here": self.here,
            "there": self.there,
            "all_cells": self.all_cells,
            "cells": [
                {
                    "labels": [plain(label) for label in cell.labels],
                    "here": plain(cell.here),
                    "there": plain(cell.there),
                    "persons": cell.persons,
                    "cells": [list(place) for place in cell.cells],
                }
                for cell in self.cells
            ],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Conflict:
        """Raises: KeyError, TypeError, ValueError for anything that `to_dict` did not write."""
        return cls(
            project=str(raw["project"]),
            request=str(raw["request"]),
            output=str(raw["output"]),
            fate=str(raw["fate"]),
            at=str(raw["at"]),
            keys=tuple(str(key) for key in raw["keys"]),
            here=str(raw["here"]),
            there=str(raw["there"]),
            cells=tuple(
                ConflictCell(
                    tuple(cell["labels"]),
                    cell["here"],
                    cell["there"],
                    int(cell["persons"]),
                    tuple((int(row), int(column)) for row, column in cell["cells"]),
                )
                for cell in raw["cells"]
            ),
            all_cells=int(raw["all_cells"]),
        )
