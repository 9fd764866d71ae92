"""A conflict with an earlier table as a checker's page shows it: this table's number beside that one's, by cell."""

from __future__ import annotations

from dataclasses import dataclass

from egress.checks.table import Value
from egress.package.spelling import number, visible
from egress.release.conflict import Conflict
from egress.web.wording import FATE
from hub.words import Message, say

_OTHER_FATE = say("Unknown")


@dataclass(frozen=True)
class ShownCell:
    """One cell: the values of its keys, both numbers (empty: no single number), and by how many persons they differ."""

    labels: tuple[str, ...]
    here: str
    there: str
    persons: str


@dataclass(frozen=True)
class ShownConflict:
    """One earlier table; `more`: cells beyond those shown."""

    project: str
    request: str
    output: str
    fate: Message
    at: str
    keys: tuple[str, ...]
    here: str
    there: str
    cells: tuple[ShownCell, ...]
    more: int


def show_conflict(conflict: Conflict, language: str) -> ShownConflict:
    """What of `conflict` stands on the page, numbers and texts made visible."""

    numbers = [value for cell in conflict.cells for value in (cell.here, cell.there) if isinstance(value, int | float)]
    grouped = any(abs(value) >= 10_000 for value in numbers)

    def spelled(value: Value | None, *, label: bool = False) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return visible(value)
        return number(value, language, grouped=False if label else grouped)

    fate = next((words for fate, words in FATE.items() if str(fate) == conflict.fate), _OTHER_FATE)
    cells = tuple(
        ShownCell(
            tuple(spelled(label, label=True) for label in cell.labels),
            spelled(cell.here),
            spelled(cell.there),
            number(cell.persons, language),
        )
        for cell in conflict.cells
    )
    return ShownConflict(
        conflict.project,
        conflict.request,
        conflict.output,
        fate,
        conflict.at,
        tuple(visible(key) for key in conflict.keys),
        visible(conflict.here),
        visible(conflict.there),
        cells,
        conflict.all_cells - len(cells),
    )
