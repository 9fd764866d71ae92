"""Figures join the tables that they show: each is an output of its own, and leaves with its tables or not at all.

They are looked at after everything that could still take a value from a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from egress.airlock.judged import Judged
from egress.checks import text
from egress.checks.model import Protection
from egress.figures.look import look
from egress.figures.rule import Shown
from egress.outputs.figures import DeclaredFigure
from egress.query.engine import Engine
from egress.release.picture import Figure
from egress.release.report import OutputReport
from hub.policy.limits import FigureLimits


def with_figures(
    judged: Sequence[Judged], figures: Iterable[DeclaredFigure], engine: Engine, limits: FigureLimits
) -> list[Judged]:
    """`judged`, and after them the figures. Raises: EngineError."""
    tables = {
        report.name: Shown(report.assurance, report.protect, report.protected, report.exact)
        for report in (each.report for each in judged)
        if report.text is None and report.sql
    }
    families = {each.report.name: each.report.statbarns for each in judged}
    return [*judged, *(Judged(_report(figure, tables, families, engine, limits)) for figure in figures)]


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
