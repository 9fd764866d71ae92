"""The rules of primary suppression on cells made elsewhere: too few units, dominance, p %.

What a rule needs and the file does not tell is for a person to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from egress.checks.contributors import Contributions
from egress.checks.examined import TABLE, Rule, few
from egress.checks.model import Finding, Outcome, Risk
from egress.protect.cells import Cells
from egress.protect.system import Marks, Numbers
from hub.policy.model import DisclosureRules
from hub.words import Message, say

COUNTS = Rule("low_counts", Risk.LOW_COUNT)
UNITS = Rule("low_units", Risk.LOW_COUNT)
DOMINANCE = Rule("dominance", Risk.DOMINANCE)
P_RATIO = Rule("p_ratio", Risk.DOMINANCE)


@dataclass(frozen=True, eq=False)
class Primary:
    """Cells to suppress by rule, and what was found. `by_rule` is in the order of the rules."""

    by_rule: dict[str, Marks]
    findings: tuple[Finding, ...]

    @property
    def marks(self) -> Marks:
        found: Marks = np.any(list(self.by_rule.values()), axis=0)
        return found

    def rules_of(self, cell: int) -> tuple[str, ...]:
        """The rules by which `cell` must go."""
        return tuple(rule for rule, marks in self.by_rule.items() if marks[cell])


def primary(cells: Cells, rules: DisclosureRules) -> Primary:
    """What the rules say of each cell by itself. Findings name no cells: `by_rule` does."""
    found = _Found({}, [])
    least = rules.min_persons.value
    found.add(
        COUNTS,
        np.array([few(int(count), rules) for count in cells.count], dtype=bool),
        say("{rows} rows of the table are about fewer than {least} persons.", rows=0, least=least),
        say("Each cell is about at least {least} persons.", least=least),
    )
    _units(found, cells, rules)
    _contributions(found, cells, rules)
    return Primary(found.by_rule, tuple(found.findings))


@dataclass(frozen=True, eq=False)
class _Found:
    by_rule: dict[str, Marks]
    findings: list[Finding]

    def add(self, rule: Rule, marks: Marks, why: Message, sound: Message) -> None:
        self.by_rule[rule.check] = marks
        rows = int(marks.sum())
        told = say(why.text, **{**why.values, "rows": rows})
        self.findings.append(rule.found(Outcome.FAIL, TABLE, told) if rows else rule.passed(TABLE, sound))

    def unknown(self, rule: Rule, why: Message) -> None:
        self.findings.append(rule.found(Outcome.REVIEW, TABLE, why))


def _units(found: _Found, cells: Cells, rules: DisclosureRules) -> None:
    if rules.min_units is None:
        return
    least = rules.min_units.value
    if cells.units is None or np.isnan(cells.units).any():
        found.unknown(
            UNITS,
            say(
                "How many establishments or households stand behind each cell is not told: column {column}.",
                column="units",
            ),
        )
    if cells.units is not None:
        shown = cells.count > 0 if not few(0, rules) else np.ones(cells.size, dtype=bool)
        found.add(
            UNITS,
            (cells.units < least) & shown,
            say("{rows} cells are about fewer than {least} establishments or households.", rows=0, least=least),
            say("Each cell is about at least {least} establishments or households.", least=least),
        )


def _contributions(found: _Found, cells: Cells, rules: DisclosureRules) -> None:
    if cells.value is None:
        return
    if rules.dominance is not None:
        n, k = rules.dominance.value.n, rules.dominance.value.k
        percent = f"{round(100 * k, 6):g}"
        tops = _tops(found, DOMINANCE, cells, n)
        if tops is not None:
            found.add(
                DOMINANCE,
                np.array([one.dominated(n, k) for one in tops], dtype=bool) & _told(cells, n),
                say(
                    "In {rows} cells the largest contributors make more than {percent} % of the total.",
                    rows=0,
                    percent=percent,
                ),
                say("In no cell do the largest contributors make more than {percent} % of the total.", percent=percent),
            )
    if rules.p_ratio is not None:
        ratio = rules.p_ratio.value
        percent = f"{round(100 * ratio, 6):g}"
        tops = _tops(found, P_RATIO, cells, 2)
        if tops is not None:
            found.add(
                P_RATIO,
                np.array([one.estimable(ratio) for one in tops], dtype=bool) & _told(cells, 2),
                say(
                    "In {rows} cells one person could estimate another one's value to within {percent} %.",
                    rows=0,
                    percent=percent,
                ),
                say("No person could estimate another one's value to within {percent} %.", percent=percent),
            )


def _tops(found: _Found, rule: Rule, cells: Cells, n: int) -> list[Contributions] | None:
    """The contributions of each cell; None when the file has no column for them. Says what is not known."""
    if cells.value is None:
        return None
    if (cells.value < 0).any():
        found.unknown(rule, say("Some totals are negative: shares of the largest contributors say nothing about them."))
    if cells.top1 is None or (n == 2 and cells.top2 is None):
        found.unknown(
            rule,
            say(
                "The largest contributions are not told: columns {columns}.", columns="top1, top2" if n == 2 else "top1"
            ),
        )
        return None
    if not (_told(cells, n) | (cells.count == 0)).all():
        found.unknown(rule, say("The largest contributions of some cells are not told."))
    second = cells.top2 if cells.top2 is not None else np.zeros(cells.size)
    first, second = np.nan_to_num(cells.top1), np.nan_to_num(second)
    return [
        Contributions(abs(total), a, b)
        for total, a, b in zip(cells.value.tolist(), first.tolist(), second.tolist(), strict=True)
    ]


def _told(cells: Cells, n: int) -> Marks:
    told: Numbers = np.zeros(cells.size) if cells.top1 is None else cells.top1
    if n == 2 and cells.top2 is not None:
        told = told + cells.top2
    return ~np.isnan(told)
