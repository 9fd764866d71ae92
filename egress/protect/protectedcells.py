"""Cells as they may be published, why some may not, what an attacker works out, and what was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from egress.checks.model import Finding, Outcome, worst
from egress.protect.cellfile import COUNT, VALUE
from egress.protect.cells import Cells
from egress.protect.loss import Loss, loss
from egress.protect.rounding import to_digits
from egress.protect.system import Numbers
from hub.policy.model import DisclosureRules
from hub.words import say

MEAN = "mean"
SECONDARY = "secondary"
SUPPRESSED = say("These values are suppressed.")


class Method(StrEnum):
    """How cells are protected: suppressed; suppressed and rounded; or all rounded so that totals stay sums."""

    SUPPRESS = "suppress"
    ROUND = "round"
    CONTROLLED = "controlled"


@dataclass(frozen=True)
class Wish:
    """What the owner of the cells asks for. `columns` are published; `base` None: the rules' own."""

    method: Method = Method.SUPPRESS
    columns: tuple[str, ...] = (COUNT, VALUE)
    base: int | None = None
    means: bool = False


@dataclass(frozen=True)
class Known:
    """What an attacker knows of one number of one cell that is not shown as it is.

    `low`, `high`: the interval, None where it was not worked out for so many cells. `need`: the width that must stay,
    each side for totals; 0 where nothing is asked. `hidden`: the audit's verdict.
    """

    cell: int
    column: str
    low: float | None
    high: float | None
    need: float
    hidden: bool


@dataclass(frozen=True, eq=False)
class ProtectedCells:
    """`columns`: the numbers to publish by name, not-a-number where suppressed; empty when nothing may be published.

    `reasons`: per cell the rules that suppress it, `secondary` for those that would give others back.
    """

    cells: Cells
    method: Method
    how: str
    columns: Mapping[str, Numbers]
    reasons: tuple[tuple[str, ...], ...]
    known: tuple[Known, ...]
    losses: Mapping[str, Loss]
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst finding, after protection."""
        return worst(finding.outcome for finding in self.findings)


def shown(cells: Cells, wish: Wish) -> dict[str, Numbers]:
    """The exact numbers of the columns that are to be published."""
    found = {COUNT: cells.count} if COUNT in wish.columns else {}
    if VALUE in wish.columns and cells.value is not None:
        found[VALUE] = cells.value
    return found


def in_digits(numbers: Numbers, rules: DisclosureRules) -> Numbers:
    """`numbers` with the rules' significant digits."""
    digits = rules.significant_digits.value
    return np.array([number if np.isnan(number) else to_digits(float(number), digits) for number in numbers])


def with_means(columns: Mapping[str, Numbers], rules: DisclosureRules) -> dict[str, Numbers]:
    """Means of what is published: they say no more than count and total beside them."""
    if COUNT not in columns or VALUE not in columns:
        return dict(columns)
    count = np.where(columns[COUNT] > 0, columns[COUNT], np.nan)
    return {**columns, MEAN: in_digits(columns[VALUE] / count, rules)}


def intervals_told(size: int) -> int:
    """Of how many cells intervals are worked out in a table of `size`: a limit of computing time. All get a verdict."""
    return 400 if size <= 3_000 else 20 if size <= 20_000 else 0


def known(cell: int, column: str, interval: tuple[float, float] | None, need: float, *, hidden: bool) -> Known:
    """What is known of one number; no end is written as a negative zero."""
    low, high = (None, None) if interval is None else (interval[0] + 0.0, interval[1] + 0.0)
    return Known(cell, column, low, high, need, hidden)


def dealt_with(finding: Finding) -> Finding:
    """A finding whose cells are all suppressed."""
    return finding if finding.outcome is not Outcome.FAIL else replace(finding, outcome=Outcome.PASS, remedy=SUPPRESSED)


def losses(cells: Cells, wish: Wish, columns: Mapping[str, Numbers]) -> dict[str, Loss]:
    """Per published column."""
    exact = shown(cells, wish)
    return {name: loss(exact[name], numbers, cells.finest) for name, numbers in columns.items() if name in exact}
