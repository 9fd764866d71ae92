"""Low counts, by person and not by row (PMSI: 11 patients and 11 stays; ABS, SACRO, ESSnet: rule of ten).

A mean or a sum is about the persons who have a value, and a sum about those whose value is not 0: the other rows of
a cell lend it no cover. A sum of 0/1 is a count of rows as well.
"""

from __future__ import annotations

from egress.checks.examined import MAGNITUDES, TABLE, Examined, Rule, few, row_cells, rows_of, rows_where
from egress.checks.model import Finding, Outcome, Risk
from egress.query.evidence import MeasureEvidence
from egress.query.model import Aggregate, Measure
from hub.policy.model import DisclosureRules
from hub.words import Message, say

PERSONS = Rule("low_counts", Risk.LOW_COUNT)
EVENTS = Rule("low_events", Risk.LOW_COUNT)
CONTRIBUTORS = Rule("low_contributors", Risk.LOW_COUNT)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    return (*_persons(examined, rules), *_events(examined, rules), *contributors(examined, rules))


def _persons(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    rows = rows_where(examined, lambda cell: cell.persons < least)
    if not rows:
        return (PERSONS.passed(TABLE, say("Each cell is about at least {least} persons.", least=least)),)
    why = say("{rows} rows of the table are about fewer than {least} persons.", rows=len(rows), least=least)
    return (PERSONS.found(Outcome.FAIL, TABLE, why, row_cells(examined, rows)),)


def _events(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    if rules.min_events is None:
        return ()
    least = rules.min_events.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.aggregate is Aggregate.COUNT_ROWS:
            rows = rows_where(examined, lambda cell: cell.rows < least)
        elif measure.aggregate is Aggregate.COUNT_VALUES:
            rows = rows_of(examined, position, lambda known: known.rows < least)
        elif measure.aggregate is Aggregate.SUM and measure.binary:
            rows = rows_of(
                examined, position, lambda known: known.total < least and (known.nonzero > 0 or few(0, rules))
            )
        else:
            continue
        if rows:
            why = say("{rows} counts are of fewer than {least} rows.", rows=len(rows), least=least)
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(EVENTS.found(Outcome.FAIL, measure.name, why, cells))
        else:
            why = say("Each count is of at least {least} rows.", least=least)
            findings.append(EVENTS.passed(measure.name, why))
    return tuple(findings)


def contributors(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    findings: list[Finding] = []
    for position, measure in enumerate(examined.query.measures):
        if measure.argument is None:
            continue
        rows = rows_of(examined, position, lambda known, measure=measure: _few(known, measure, rules))  # type: ignore[misc]  # bound now
        if rows:
            cells = tuple((row, examined.column(measure)) for row in rows)
            findings.append(CONTRIBUTORS.found(Outcome.FAIL, measure.name, _why(measure, len(rows), least), cells))
        else:
            why = say("At least {least} persons contribute to each value.", least=least)
            findings.append(CONTRIBUTORS.passed(measure.name, why))
    return tuple(findings)


def _few(known: MeasureEvidence, measure: Measure, rules: DisclosureRules) -> bool:
    if measure.aggregate in {Aggregate.COUNT_PERSONS, Aggregate.SHARE_PERSONS}:
        return few(known.persons, rules)  # those under a condition: nobody may be a zero that the rules let be shown
    if known.persons < rules.min_persons.value:
        return True
    return measure.aggregate in MAGNITUDES and few(known.nonzero, rules)


def _why(measure: Measure, rows: int, least: int) -> Message:
    if measure.aggregate in MAGNITUDES:
        return say(
            "{rows} values come from fewer than {least} persons with a value other than 0.", rows=rows, least=least
        )
    return say("{rows} values come from fewer than {least} persons.", rows=rows, least=least)
