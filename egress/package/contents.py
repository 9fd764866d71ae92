"""What a package is made of: the decided request, the reports of its approved outputs, the rules they met."""

from __future__ import annotations

from dataclasses import dataclass

from egress.checks.model import Outcome
from egress.checks.table import Table
from egress.release.model import ReleaseRequest
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
    def accuracy(self) -> Table | None:
        """Of a DP table: its keys, and in place of each noisy number the half width of its interval."""
        widths = self.report.dp.get("half_widths")
        if not widths:
            return None
        rows = zip(self.table.rows, widths, strict=True)
        keys = {column for column in range(len(self.table.columns)) if all(line[column] is None for line in widths)}
        return Table(
            self.table.columns,
            tuple(tuple(row[at] if at in keys else line[at] for at in range(len(row))) for row, line in rows),
        )


@dataclass(frozen=True)
class PackageContents:
    """`rules` are those of the day of the checks."""

    request: ReleaseRequest
    tables: tuple[ReleasedTable, ...]
    rules: DisclosureRules


def contents_of(request: ReleaseRequest, reports: tuple[OutputReport, ...], rules: DisclosureRules) -> PackageContents:
    """The contents, when `reports` are exactly those of the approved outputs and each has a protected table.

    Raises: PackageError.
    """
    if request.decision is None or [report.name for report in reports] != [output.name for output in request.approved]:
        raise PackageError(say("The package would not hold exactly the approved outputs; it is not made."))
    tables = []
    for report in reports:
        if report.protected is None or report.outcome is Outcome.FAIL:
            raise PackageError(say("The output {output} has nothing that may leave.", output=report.name))
        tables.append(ReleasedTable(report, report.protected))
    # By name: in which order a notebook declares is its author's choice, and n tables have n! orders.
    return PackageContents(request, tuple(sorted(tables, key=lambda released: released.report.name)), rules)
