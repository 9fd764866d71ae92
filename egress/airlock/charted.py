"""Charts join the tables that they are drawn from: a chart leaves with its table or not at all.

It is drawn after everything that could still take a value from the table, and so shows nothing that the table hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from egress.airlock.judged import Judged
from egress.charts.draw import Drawn, draw
from egress.charts.vega import RULE, drawing, refusal
from egress.checks import declaration
from egress.checks.model import Assurance, Finding, Outcome, Protection
from egress.outputs.charts import DeclaredChart, emitted_chart
from egress.release.picture import Picture
from egress.release.report import OutputReport
from hub.catalogue.model import Catalogue
from hub.policy.limits import ChartLimits
from hub.words import Message, say


def with_charts(
    judged: Sequence[Judged], charts: Sequence[DeclaredChart], catalogue: Catalogue, limits: ChartLimits
) -> list[Judged]:
    """`judged` with the pictures of `charts`; a chart that cannot be drawn is a refused output of its own."""
    tables = {each.report.name: each for each in judged}
    leaving = {name: each.report.protected for name, each in tables.items()}
    fitting, refused = [], []
    for chart in charts:
        wrong = refusal(chart, leaving)
        if wrong is None:
            fitting.append(chart)
        else:
            refused.append(_refused(chart, wrong))
    drawn = draw([_asked(chart, tables[chart.table]) for chart in fitting], limits)
    if drawn is None:
        why = say("The enclave could not draw this chart within the limits that drawing has.")
        return [*judged, *refused, *(_refused(chart, why) for chart in fitting)]
    for chart, pictures in zip(fitting, drawn, strict=True):
        tables[chart.table] = _attached(chart, pictures, tables[chart.table], catalogue)
    return [*(tables[each.report.name] for each in judged), *refused]


def _asked(chart: DeclaredChart, table: Judged) -> dict[str, object]:
    if table.report.protected is None:
        raise ValueError(chart.table)
    return drawing(chart.chart, table.report.protected, chart.title)


def _attached(chart: DeclaredChart, pictures: Drawn, table: Judged, catalogue: Catalogue) -> Judged:
    spelled = emitted_chart(chart.name, chart.table, chart.chart, chart.title).chart
    picture = Picture(chart.name, chart.title, spelled, pictures.svg, pictures.png)
    report = replace(table.report, pictures=(*table.report.pictures, picture))
    return replace(table, report=report).with_findings(_words(chart, table, catalogue))


def _words(chart: DeclaredChart, table: Judged, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Free words of a chart's name and title are read by people, as those of its table are."""
    where = f"chart {chart.name}"
    if table.fingerprint is None:
        why = say("Nothing compares the words of a chart over such a table with the catalogue; people read them.")
        return (RULE.found(Outcome.REVIEW, where, why),)
    found = declaration.of_chart(chart.name, chart.title, table.fingerprint.query, catalogue)
    said = tuple(replace(each, where=where) for each in found if each.notable)
    return said or (RULE.passed(where, say("The chart shows the table as it leaves, in the catalogue's words.")),)


def _refused(chart: DeclaredChart, why: Message) -> Judged:
    finding = RULE.found(Outcome.FAIL, f"cell {chart.cell}", why)
    return Judged(
        OutputReport(chart.name, chart.title, "", Assurance.RECOMPUTED, Outcome.FAIL, Protection.NONE, (finding,))
    )
