"""The running cell: what it shows of a declaration, and whether that would count as the cell is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from bulle.reader import language
from egress.outputs.calls import FUNCTIONS
from egress.outputs.declarations import DeclarationProblem, declarations
from egress.outputs.model import Cell, Rendered
from hub.words import Message, say

_IMPORTS = f"import bulle\nfrom bulle import {', '.join(FUNCTIONS)}\n"


def is_rerun() -> bool:
    """Whether this is the enclave's own run, which shows nothing to anybody."""
    return os.environ.get("BULLE_RERUN") == "1"


def would_not_count() -> Message | None:
    """Why a declaration of the running cell would not count, as its source is written."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 -- a plain program may have none

    if not InteractiveShell.initialized():
        return None
    cells = InteractiveShell.instance().user_ns.get("In") or [""]
    found = declarations(Rendered((Cell(1, is_code=True, source=_IMPORTS + str(cells[-1])),)))
    return next((item.why for item in found if isinstance(item, DeclarationProblem)), None)


def attempt(shown: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `shown` answers; whatever goes wrong in it, one sentence."""
    try:
        return shown()
    except ModuleNotFoundError as error:
        return sentence(
            say("The pre-flight needs the package {package}, which this image lacks.", package=error.name or "?")
        )
    except Exception as error:
        if os.environ.get("BULLE_DEBUG"):
            raise
        message = getattr(error, "message", None)
        if isinstance(message, Message):
            return sentence(message)
        return sentence(say("The pre-flight did not work ({kind}); the declaration stands.", kind=type(error).__name__))


def under(first: Message | None, shown: dict[str, Any]) -> dict[str, Any]:
    """`shown` below a sentence, when there is one."""
    if first is None:
        return shown
    above = sentence(first)
    return {kind: f"{above[kind]}\n{text}" for kind, text in shown.items()}


def sentence(message: Message) -> dict[str, Any]:
    """A MIME bundle of one sentence."""
    from bulle.picture import html_sentence  # noqa: PLC0415 -- tables and templates, which a re-run does not need
    from hub.language import render  # noqa: PLC0415 -- see above

    return {"text/html": html_sentence(message, language()), "text/plain": render(message, language())}


def display_bundle(bundle: dict[str, Any]) -> None:
    """Show a MIME bundle; outside of a notebook its text is printed. An empty one shows nothing."""
    if not bundle:
        return
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
