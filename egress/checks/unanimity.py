"""Class disclosure: nearly all of a group have the same sensitive value, so that being in the group tells it.

ESSnet/DwB guidelines: no class above 90 % of its group. Handbook, 2nd ed., ch. 5: a class of all but one person tells
that one person about all others. Groups are formed by the other keys, per grouping set; persons who stand in several
classes count in each. The other side of a yes/no (that nearly nobody has it) is for people to weigh: rare is usual.
"""

from __future__ import annotations

from collections import defaultdict

from egress.checks.examined import MAGNITUDES, Examined, Rule, row_cells, rows_of
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("unanimity", Risk.CLASS_DISCLOSURE)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    limit = rules.unanimity.value if rules.unanimity is not None else None
    if limit is None:
        return ()
    return (*_keys(examined, limit), *_shares(examined, limit), *_constant(examined))


def _keys(examined: Examined, limit: float) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for position, key in enumerate(examined.query.keys):
        if not key.sensitive:
            continue
        firm, weigh = _classes(examined, position, limit)
        findings += _told(examined, key.name, firm, weigh, limit)
    return tuple(findings)


def _classes(examined: Examined, position: int, limit: float) -> tuple[list[int], list[int]]:
    """The rows that hold nearly all of their group: those that fail, and those to be weighed."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for row, cell in enumerate(examined.evidence.cells):
        if position in cell.grouping:
            others = tuple((other, cell.keys[other]) for other in cell.grouping if other != position)
            groups[others].append(row)
    firm: list[int] = []
    weigh: list[int] = []
    cells = examined.evidence.cells
    for rows in groups.values():
        total = sum(cells[row].persons for row in rows)
        for row in rows:
            persons = cells[row].persons
            if total > 0 and (persons > limit * total or (total > 1 and total - persons <= 1)):
                absent = examined.query.keys[position].boolean and cells[row].keys[position] is False
                (weigh if absent else firm).append(row)
    return firm, weigh


def _shares(examined: Examined, limit: float) -> tuple[Finding, ...]:
    """Sums and means of 0/1 over a sensitive column."""
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if not (measure.sensitive and measure.binary and measure.aggregate in MAGNITUDES):
            continue
        firm = rows_of(examined, position, lambda known: known.nonzero > limit * known.persons)
        weigh = rows_of(examined, position, lambda known: (known.zeros or 0) > limit * known.persons)
        findings += _told(examined, measure.name, list(firm), list(weigh), limit)
    return tuple(findings)


def _told(examined: Examined, where: str, firm: list[int], weigh: list[int], limit: float) -> list[Finding]:
    percent = f"{round(100 * limit, 6):g}"
    findings: list[Finding] = []
    if firm:
        why = say(
            "In {rows} groups more than {percent} % of the persons, or all but one, have the same sensitive value.",
            rows=len(firm),
            percent=percent,
        )
        findings.append(RULE.found(Outcome.FAIL, where, why, row_cells(examined, firm)))
    if weigh:
        why = say(
            "In {rows} groups more than {percent} % of the persons do not have the sensitive value.",
            rows=len(weigh),
            percent=percent,
        )
        findings.append(RULE.found(Outcome.REVIEW, where, why, row_cells(examined, weigh)))
    if not findings:
        why = say("In no group do more than {percent} % of the persons have the same sensitive value.", percent=percent)
        findings.append(RULE.passed(where, why))
    return findings


def _constant(examined: Examined) -> tuple[Finding, ...]:
    """A value that is the same in every row of a cell is everybody's, whatever the column."""
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.binary or measure.argument is None:
            continue
        rows = rows_of(examined, position, _same)
        if rows:
            why = say("In {rows} cells every row has the same value.", rows=len(rows))
            findings.append(RULE.found(Outcome.REVIEW, measure.name, why, row_cells(examined, rows)))
    return tuple(findings)


def _same(known: MeasureEvidence) -> bool:
    return known.constant and known.rows > 1
