"""What a package is made of: the decided request, the reports of its approved outputs, the rules they met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from egress.checks.model import Outcome
from egress.checks.table import Table
from egress.package.noise import SYNTHETIC, Told, read_told
from egress.release.model import ReleaseRequest
from egress.release.picture import Figure
from egress.release.report import OutputReport
from hub.policy.model import DisclosureRules
from hub.words import Message, say


class PackageError(Exception):
    """A package that must not be made; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class ReleasedTable:
    """One approved output: its report and the protected table, which is all of it that leaves."""

    report: OutputReport
    table: Table

    @property
    def file(self) -> str:
        """Where it stands in the package."""
        return f"tables/{self.report.name}.csv"

    @property
    def figures(self) -> dict[str, bytes]:
        """Its charts as pictures, by where they stand in the package."""
        drawn: dict[str, bytes] = {}
        for picture in self.report.pictures:
            drawn[f"figures/{picture.name}.svg"] = picture.svg.encode()
            drawn[f"figures/{picture.name}.png"] = picture.png
        return drawn

    @property
    def told(self) -> Told | None:
        """Of a DP release: cost, accuracy, intervals, notes."""
        return read_told(self.report.dp, self.table)

    @property
    def is_synthetic(self) -> bool:
        return self.report.dp.get("kind") == SYNTHETIC


@dataclass(frozen=True)
class ReleasedText:
    """One approved text, as people have read it."""

    report: OutputReport
    text: str
    told: None = None

    @property
    def file(self) -> str:
        """Where it stands in the package."""
        return f"texts/{self.report.name}.{'txt' if self.report.prose else 'md'}"

    @property
    def figures(self) -> dict[str, bytes]:
        """A text has none."""
        return {}


@dataclass(frozen=True)
class ReleasedFigure:
    """One approved figure, redrawn from its pixels. It leaves with the tables that it shows."""

    report: OutputReport
    figure: Figure
    told: None = None

    @property
    def file(self) -> str:
        """Where it stands in the package."""
        return f"figures/{self.report.name}.png"

    @property
    def figures(self) -> dict[str, bytes]:
        """It has none but itself."""
        return {}


Released: TypeAlias = ReleasedTable | ReleasedText | ReleasedFigure


@dataclass(frozen=True)
class PackageContents:
    """`rules` are those of the day of the checks; `outputs` in the order of their names."""

    request: ReleaseRequest
    outputs: tuple[Released, ...]
    rules: DisclosureRules

    @property
    def tables(self) -> tuple[ReleasedTable, ...]:
        """The outputs that are tables."""
        return tuple(released for released in self.outputs if isinstance(released, ReleasedTable))

    @property
    def output_files(self) -> tuple[str, ...]:
        """The names of the files that hold the approved outputs."""
        return tuple(name for released in self.outputs for name in (released.file, *released.figures))


def withheld_kinds(request: ReleaseRequest) -> dict[str, bool]:
    """What of the request stays inside, in kinds: how many there are, or what they are called, would be a message."""
    return {
        "refused_by_checks": any(not output.reviewable for output in request.outputs),
        "rejected_by_checkers": bool(request.decision and request.decision.rejected),
        "undeclared": bool(request.undeclared),
    }


def contents_of(request: ReleaseRequest, reports: tuple[OutputReport, ...], rules: DisclosureRules) -> PackageContents:
    """The contents, when `reports` are exactly those of the approved outputs and each has something that may leave;
    a figure leaves with the tables that it shows.

    Raises: PackageError.
    """
    if request.decision is None or [report.name for report in reports] != [output.name for output in request.approved]:
        raise PackageError(say("The package would not hold exactly the approved outputs; it is not made."))
    outputs = []
    for report in reports:
        released = released_of(report)
        if released is None:
            raise PackageError(say("The output {output} has nothing that may leave.", output=report.name))
        outputs.append(released)
    tables = {released.report.name for released in outputs if isinstance(released, ReleasedTable)}
    for released in outputs:
        if isinstance(released, ReleasedFigure) and not set(released.figure.shows) <= tables:
            why = say("The figure {output} would leave without a table that it shows.", output=released.report.name)
            raise PackageError(why)
    # By name: in which order a notebook declares is its author's choice, and n outputs have n! orders.
    return PackageContents(request, tuple(sorted(outputs, key=lambda released: released.report.name)), rules)


def released_of(report: OutputReport) -> Released | None:
    """What of `report` may leave; None where nothing may."""
    if report.outcome is Outcome.FAIL:
        return None
    if report.protected is not None:
        return ReleasedTable(report, report.protected)
    if report.figure is not None:
        return ReleasedFigure(report, report.figure)
    return None if report.text is None else ReleasedText(report, report.text)
