"""The submitted notebook's cells, those that name an output, and what changed since the turn before."""

from __future__ import annotations

from dataclasses import dataclass

from egress.release.model import ReleaseRequest
from egress.web.since import Line, difference
from egress.web.submitted import CellSource, Submitted
from hub.words import Message

_NAMED = 3  # cells shown beside an output; the whole notebook stands below


@dataclass(frozen=True)
class Cell:
    """One cell. Hostile text, shown as text."""

    number: int
    is_code: bool
    text: str


@dataclass(frozen=True)
class Source:
    """`changed`: lines that differ from the last turn's; None where they are too many to compare."""

    cells: tuple[Cell, ...] = ()
    changed: tuple[Line, ...] | None = ()
    problem: Message | None = None

    def naming(self, output: str) -> tuple[Cell, ...]:
        """The first code cells in which an output's name stands in quotes. Texts only: nothing is parsed here."""
        quoted = (f'"{output}"', f"'{output}'")
        found = [cell for cell in self.cells if cell.is_code and any(each in cell.text for each in quoted)]
        return tuple(found[:_NAMED])


def source_of(request: ReleaseRequest, submitted: Submitted) -> Source:
    """What of its notebook a checker reads."""
    read = submitted.of(request.notebook.sha256)
    if isinstance(read, Message):
        return Source(problem=read)
    before = submitted.of(request.turns[-1].notebook.sha256) if request.turns else read
    changed = () if isinstance(before, Message) else difference(_text(before), _text(read))
    return Source(tuple(Cell(*cell) for cell in read), changed)


def _text(cells: tuple[CellSource, ...]) -> str:
    return "\n\n".join(text for _, _, text in cells)
