"""Class disclosure: nearly all of a group have the same sensitive value, so that being in the group tells it.

ESSnet/DwB guidelines: no class above 90 % of its group. Handbook, 2nd ed., ch. 5: a group all in one class (6, 0) is
group disclosure; a class of all but one person (5, 1) tells that one person about all others. Groups are formed by the
other keys, per grouping set; persons who stand in several classes count in each. The other side of a yes/no (that
nearly nobody has it) is for people to weigh: rare is usual.
"""

from __future__ import annotations

from collections import defaultdict

from egress.checks.examined import MAGNITUDES, Examined, Rule, row_cells, rows_of
from egress.checks.implied import implies
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from egress.query.model import Aggregate, Literal, Measure
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("unanimity", Risk.CLASS_DISCLOSURE)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    limit = rules.unanimity.value if rules.unanimity is not None else None
    if limit is None:
        return ()
    return (*_keys(examined, limit), *_shares(examined, limit), *_values(examined, limit), *_constant(examined))


def unanimous(persons: int, total: int, limit: float) -> bool:
    """Whether `persons` of `total` are more than `limit`, or all but one."""
    return total > 0 and (not persons <= limit * total or (total > 1 and total - persons <= 1))


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
            if unanimous(cells[row].persons, total, limit):
                absent = examined.query.keys[position].boolean and cells[row].keys[position] is False
                (weigh if absent else firm).append(row)
    return firm, weigh


def _shares(examined: Examined, limit: float) -> tuple[Finding, ...]:
    """Counts, sums and means of those who have a sensitive value, of all persons of the cell."""
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if not (measure.sensitive and implies(measure)):
            continue
        if measure.aggregate in MAGNITUDES:
            firm = rows_of(examined, position, lambda known: unanimous(known.nonzero, known.persons, limit))
            weigh = rows_of(examined, position, lambda known: unanimous(known.zeros or 0, known.persons, limit))
        else:
            firm = rows_of(examined, position, lambda known: _all_have(known, limit))
            weigh = rows_of(examined, position, lambda known: _none_have(known, limit))
        findings += _told(examined, measure.name, list(firm), [row for row in weigh if row not in firm], limit)
    return tuple(findings)


def _all_have(known: MeasureEvidence, limit: float) -> bool:
    return unanimous(known.persons, known.persons + known.missing, limit)


def _none_have(known: MeasureEvidence, limit: float) -> bool:
    return unanimous(known.missing, known.persons + known.missing, limit)


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


def _values(examined: Examined, limit: float) -> tuple[Finding, ...]:
    """Numbers of a sensitive column: the value that most persons of a cell have, where evidence tells it."""
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if not measure.sensitive or measure.argument is None or implies(measure):
            continue
        firm: list[int] = []
        weigh: list[int] = []
        unknown: list[int] = []
        for row, cell in enumerate(examined.evidence.cells):
            known = cell.measures[position]
            if known is None:
                continue
            if known.top_class is None:
                unknown.append(row)
            elif unanimous(known.top_class, known.persons, limit):
                # where nearly all have 0, it is the absence of something
                absent = not known.constant and unanimous(known.persons - known.nonzero, known.persons, limit)
                (weigh if absent else firm).append(row)
        findings += _told(examined, measure.name, firm, weigh, limit) if not unknown else []
        if unknown:
            why = say("How many persons of {rows} cells have the same sensitive value is not known.", rows=len(unknown))
            findings.append(RULE.found(Outcome.REVIEW, measure.name, why, row_cells(examined, unknown)))
    return tuple(findings)


def _constant(examined: Examined) -> tuple[Finding, ...]:
    """A value that is the same in every row of a cell is everybody's, whatever the column."""
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.binary or not _shows_values(measure):
            continue
        rows = rows_of(examined, position, _same)
        if rows:
            why = say("In {rows} cells every row has the same value.", rows=len(rows))
            outcome = Outcome.FAIL if measure.sensitive else Outcome.REVIEW
            findings.append(RULE.found(outcome, measure.name, why, row_cells(examined, rows)))
    return tuple(findings)


def _shows_values(measure: Measure) -> bool:
    """Whether a measure is worked out from values: not a count, and not a rate of rows (whose argument is 1)."""
    counts = {Aggregate.COUNT_VALUES, Aggregate.COUNT_PERSONS, Aggregate.SHARE_PERSONS}
    return not (measure.argument is None or isinstance(measure.argument, Literal) or measure.aggregate in counts)


def _same(known: MeasureEvidence) -> bool:
    return known.constant and known.rows > 1
