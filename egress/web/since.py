"""What changed in one output since the turn before, as a checker's page shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff

from egress.checks.model import Finding
from egress.checks.table import Table
from egress.package.spelling import visible
from egress.release.report import OutputReport
from hub.words import Message

MOST_LINES = 2_000


@dataclass(frozen=True)
class Line:
    """One line of a difference; `kind`: added, gone, or kept."""

    kind: str
    text: str


@dataclass(frozen=True)
class Since:
    """`new`: the output was not there before. `cells`: how many cells of the exact table differ; None where rows or
    columns are others. `text`: lines of a text that differ, None where they are too many. `picture`: whether a figure
    is another.
    """

    new: bool = False
    sql: tuple[Line, ...] | None = ()
    cells: int | None = 0
    text: tuple[Line, ...] | None = ()
    picture: bool = False
    gone: tuple[Message, ...] = ()
    come: tuple[Message, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the output is what it was."""
        same = self.sql == () and self.cells == 0 and self.text == () and not self.picture
        return same and not self.new and not self.gone and not self.come


NEW = Since(new=True)


def since(before: OutputReport, now: OutputReport) -> Since:
    """What of `now` is not as it was in `before`."""
    was, found = _told(before.findings), _told(now.findings)
    return Since(
        sql=difference(before.sql, now.sql),
        cells=_cells(before.exact or before.protected, now.exact or now.protected),
        text=difference(before.text or "", now.text or ""),
        picture=before.figure != now.figure,
        gone=tuple(each for each in was if each not in found),
        come=tuple(each for each in found if each not in was),
    )


def difference(before: str, now: str) -> tuple[Line, ...] | None:
    """The lines that differ, each with two of those around it; empty where none does, None where comparing them would
    take long: who writes both can choose the worst case.
    """
    if before == now:
        return ()
    old, new = visible(before).splitlines(), visible(now).splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return None
    lines = list(unified_diff(old, new, n=2, lineterm=""))[2:]
    kinds = {"+": "added", "-": "gone"}
    return tuple(Line(kinds.get(line[:1], "kept"), line[1:]) for line in lines if not line.startswith("@@"))


def _told(findings: Sequence[Finding]) -> list[Message]:
    return [finding.why for finding in findings if finding.notable]


def _cells(before: Table | None, now: Table | None) -> int | None:
    if before is None or now is None:
        return 0 if before is now else None
    if before.columns != now.columns or len(before.rows) != len(now.rows):
        return None
    pairs = zip(before.rows, now.rows, strict=True)
    return sum(one != other for old, new in pairs for one, other in zip(old, new, strict=True))
