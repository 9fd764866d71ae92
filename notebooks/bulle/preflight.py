"""The pre-flight in a notebook: what the rules say of a declaration, as HTML and text."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from bulle.context import Context, open_context, workspace_extract
from bulle.judge import Judged, judge
from bulle.show import finding_lines, html_report, preview_lines, text_table, verdict_words
from egress.assess import Declaration
from egress.checks.model import Outcome, Protection
from egress.checks.table import Table
from egress.outputs.model import Emitted
from egress.query.engine import Engine


def preflight(emitted: Emitted, language: str) -> dict[str, Any]:
    """A MIME bundle with the verdict, the findings and the table. Raises: errors with a `message`."""
    context = _context(workspace_extract())
    rho = None if emitted.rho is None else Decimal(emitted.rho)
    declaration = Declaration(emitted.name, emitted.sql, emitted.title, Protection(emitted.protect), rho)
    with Engine(context.folder, context.manifest) as engine:
        judged = judge(declaration, engine, context)
    # A refused table is shown as it is: its author has the data, and sees which cells are meant.
    table = judged.exact if judged.outcome is Outcome.FAIL else judged.protected
    heading = judged.title or judged.name
    html = html_report(heading, judged, table, language)
    return {"text/html": html, "text/plain": _text(heading, judged, table, language)}


def _text(heading: str, judged: Judged, table: Table | None, language: str) -> str:
    lines = [f"{heading}: {verdict_words(judged.outcome, language)}", *finding_lines(judged.findings, language)]
    lines += preview_lines(judged.preview, language)
    return "\n".join([*lines, *([text_table(table, judged.keys)] if table is not None else [])])


@lru_cache(maxsize=1)
def _context(folder: Path) -> Context:
    # The extract of a workspace does not change while it is open.
    return open_context(folder)
