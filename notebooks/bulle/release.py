"""bulle.release: declares an output, and shows what the rules say of it while its author can still change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from bulle.reader import language
from egress.outputs.arguments import argument_problem, to_emitted
from egress.outputs.model import DECLARATION_MIME, Emitted
from hub.words import Message, say

SCHEMA = "bulle.release/1"


def release(
    name: str, sql: str, *, title: str = "", protect: str = "suppress", rho: float | Decimal | str | None = None
) -> None:
    """Declare the aggregate `sql` for release under `name`, and show it with every finding that depends on it alone.

    Write the arguments as literals, in a statement of its own: only then does a declaration count.
    `protect` is "suppress", "round", "dp" (with a `rho`) or "none". What leaves is computed by the enclave.
    """
    arguments = {"name": name, "sql": sql, "title": title, "protect": protect, "rho": rho}
    display_bundle(declared(arguments, would_not_count))


def declared(arguments: dict[str, Any], doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; empty when a re-run says nothing.

    `doubt` asks why a call would not count as the running cell is written. R's `release` comes by here as well.
    """
    problem = argument_problem(arguments)
    emitted = None if problem is not None else to_emitted(**arguments)
    if is_rerun():
        return {} if emitted is None else {DECLARATION_MIME: declaration(emitted)}
    if emitted is None or problem is not None:
        return sentence(problem[1] if problem else say("This declaration cannot be read."))
    shown = attempt(lambda: _preflight(emitted))
    return {DECLARATION_MIME: declaration(emitted), **under(doubt(), shown)}


def declaration(emitted: Emitted) -> dict[str, Any]:
    """What stands in the cell's output as the MIME type of declarations."""
    return {"schema": SCHEMA, **asdict(emitted)}


def _preflight(emitted: Emitted) -> dict[str, Any]:
    from bulle.preflight import preflight  # noqa: PLC0415 -- the engine, which a re-run does not need

    return preflight(emitted, language())
