"""bulle.release: declares an output, and shows what the rules say of it while its author can still change it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from bulle.reader import language
from egress.outputs.declarations import DeclarationProblem, argument_problem, declarations, to_emitted
from egress.outputs.model import DECLARATION_MIME, Cell, Emitted, Rendered
from hub.words import Message, say

SCHEMA = "bulle.release/1"


def release(
    name: str, sql: str, *, title: str = "", protect: str = "suppress", rho: float | Decimal | str | None = None
) -> None:
    """Declare the aggregate `sql` for release under `name`, and show it with every finding that depends on it alone.

    Write the arguments as literals, in a statement of its own: only then does a declaration count.
    `protect` is "suppress", "round", "dp" (with a `rho`) or "none". What leaves is computed by the enclave.
    """
    bundle = declared({"name": name, "sql": sql, "title": title, "protect": protect, "rho": rho}, _would_not_count)
    if bundle:
        _display(bundle)


def declared(arguments: dict[str, Any], doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; empty when a re-run says nothing.

    `doubt` asks why a call would not count as the running cell is written. R's `release` comes by here as well.
    """
    problem = argument_problem(arguments)
    emitted = None if problem is not None else to_emitted(**arguments)
    if os.environ.get("BULLE_RERUN") == "1":
        return {} if emitted is None else {DECLARATION_MIME: declaration(emitted)}
    if emitted is None or problem is not None:
        return _sentence(problem[1] if problem else say("This declaration cannot be read."))
    shown = _preflight(emitted)
    if (why := doubt()) is not None:
        first = _sentence(why)
        shown = {kind: f"{first[kind]}\n{text}" for kind, text in shown.items()}
    return {DECLARATION_MIME: declaration(emitted), **shown}


def declaration(emitted: Emitted) -> dict[str, Any]:
    """What stands in the cell's output as the MIME type of declarations."""
    return {"schema": SCHEMA, **asdict(emitted)}


def _preflight(emitted: Emitted) -> dict[str, Any]:
    """The table and findings as HTML and text; whatever goes wrong, one sentence."""
    try:
        from bulle.preflight import preflight  # noqa: PLC0415 -- the engine, which a re-run does not need

        return preflight(emitted, language())
    except ModuleNotFoundError as error:
        return _sentence(
            say("The pre-flight needs the package {package}, which this image lacks.", package=error.name or "?")
        )
    except Exception as error:
        if os.environ.get("BULLE_DEBUG"):
            raise
        message = getattr(error, "message", None)
        if isinstance(message, Message):
            return _sentence(message)
        return _sentence(
            say("The pre-flight did not work ({kind}); the declaration stands.", kind=type(error).__name__)
        )


def _would_not_count() -> Message | None:
    """Why a declaration of the running cell would not count, as its source is written."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 -- a plain program may have none

    if not InteractiveShell.initialized():
        return None
    cells = InteractiveShell.instance().user_ns.get("In") or [""]
    source = "import bulle\nfrom bulle import release\n" + str(cells[-1])
    found = declarations(Rendered((Cell(1, is_code=True, source=source),)))
    return next((item.why for item in found if isinstance(item, DeclarationProblem)), None)


def _sentence(message: Message) -> dict[str, Any]:
    from bulle.show import html_sentence  # noqa: PLC0415 -- see above
    from hub.language import render  # noqa: PLC0415 -- see above

    return {"text/html": html_sentence(message, language()), "text/plain": render(message, language())}


def _display(bundle: dict[str, Any]) -> None:
    try:
        from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 -- a plain program may have none
        from IPython.display import display  # noqa: PLC0415 -- see above
    except ImportError:
        print(bundle.get("text/plain", ""))
        return
    if InteractiveShell.initialized():
        display(bundle, raw=True)  # type: ignore[no-untyped-call]  # IPython is untyped
    else:
        print(bundle.get("text/plain", ""))
