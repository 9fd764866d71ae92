"""Figures join the tables that they show: each is an output of its own, and leaves with its tables or not at all.

They are looked at after everything that could still take a value from a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from egress.airlock.judged import Judged
from egress.checks import text
from egress.checks.model import Finding, Outcome, Protection
from egress.figures.look import look
from egress.figures.rule import RULE, Shown, are_curves
from egress.outputs.figures import DeclaredFigure
from egress.query.engine import Engine
from egress.release.picture import Figure
from egress.release.report import OutputReport
from hub.policy.limits import FigureLimits
from hub.words import say


def with_figures(
    judged: Sequence[Judged], figures: Iterable[DeclaredFigure], engine: Engine, limits: FigureLimits
) -> list[Judged]:
    """`judged`, and after them the figures. Raises: EngineError."""
    tables = {
        report.name: Shown(
            report.assurance, report.protect, report.protected, report.exact, are_curves(report.findings)
        )
        for report in (each.report for each in judged)
        if report.text is None and report.sql
    }
    families = {each.report.name: each.report.statbarns for each in judged}
    drawn, room = [], limits.total_kb * 1000
    for figure in figures:
        report = _report(figure, tables, families, engine, limits)
        room -= 0 if report.figure is None else len(report.figure.png)
        drawn.append(Judged(report) if room >= 0 else Judged(report).with_findings([_no_room(figure, limits)]))
    return [*judged, *drawn]


def _no_room(figure: DeclaredFigure, limits: FigureLimits) -> Finding:
    why = say("The pictures of one request may have {limit} kB together; ask for fewer.", limit=limits.total_kb)
    return RULE.found(Outcome.FAIL, f"cell {figure.cell}", why)


def _report(
    figure: DeclaredFigure,
    tables: Mapping[str, Shown],
    families: Mapping[str, tuple[str, ...]],
    engine: Engine,
    limits: FigureLimits,
) -> OutputReport:
    looked = look(figure, tables, engine.person_keys(text.suspects(figure.title)), limits)
    return OutputReport(
        name=figure.name,
        title=figure.title,
        sql=figure.asked,
        assurance=looked.assurance,
        outcome=looked.outcome,
        protect=Protection.NONE,
        findings=looked.findings,
        figure=None if looked.picture is None else Figure(figure.shows, looked.picture.png),
        statbarns=tuple(dict.fromkeys(family for name in figure.shows for family in families.get(name, ()))),
    )
