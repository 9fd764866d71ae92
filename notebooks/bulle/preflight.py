"""The pre-flight in a notebook: what the rules say of a declaration, as HTML and text."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from bulle.answer import output_text
from bulle.context import Context, open_context, workspace_extract
from bulle.judge import Judged
from bulle.picture import html_report
from bulle.session import Session
from egress.assess import Declaration
from egress.checks.model import Outcome, Protection
from egress.checks.table import Table
from egress.outputs.model import Emitted

# One per kernel: it forgets when the notebook starts anew.
_SESSION = Session()


def preflight(emitted: Emitted, language: str) -> dict[str, Any]:
    """A MIME bundle with the verdict, the findings and the tables. Raises: errors with a `message`."""
    rho = None if emitted.rho is None else Decimal(emitted.rho)
    declaration = Declaration(emitted.name, emitted.sql, emitted.title, Protection(emitted.protect), rho)
    return shown(_SESSION.judge(declaration, workspace()), language)


def leaving(name: str) -> Table | None:
    """The table that this notebook declared as `name`, as it would leave; None for one that would not, or has noise."""
    _, judged = _SESSION.declared.get(name, (None, None))
    return judged.protected if judged is not None and judged.outcome is not Outcome.FAIL else None


def tables() -> dict[str, Judged]:
    """The tables that this notebook declared with `bulle.release`, as they were judged last."""
    return {name: judged for name, (_, judged) in _SESSION.declared.items()}


def shown(judged: Judged, language: str) -> dict[str, Any]:
    """A MIME bundle of one judged output."""
    html = html_report(judged.title or judged.name, judged, language)
    return {"text/html": html, "text/plain": output_text(judged, language)}


def workspace() -> Context:
    """This workspace's extract and rules. Raises: ContextError and what `open_context` raises."""
    return _context(workspace_extract())


@lru_cache(maxsize=1)
def _context(folder: Path) -> Context:
    # The extract of a workspace does not change while it is open.
    return open_context(folder)
