"""bulle.release_text: declares words of the researcher's own for release. People read them before they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulle.cell import display_bundle, is_rerun, sentence, under, would_not_count
from egress.outputs.arguments import text_argument_problem
from egress.outputs.text_claim import TEXT_MIME, declared_text, text_payload
from hub.words import Message, say


def release_text(name: str, text: str = "", *, file: str | None = None, title: str = "") -> None:
    """Declare a text for release under `name`: conclusions, a README. `text` is a literal; or `file` names a file that
    is handed in beside the notebook.

    What leaves is the text as it stands there, when an output checker has read it and agrees. Write the arguments as
    literals, in a statement of its own: only then does a declaration count.
    """
    display_bundle(declared({"name": name, "text": text, "file": file or "", "title": title}, would_not_count))


def declared(arguments: dict[str, Any], doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; a re-run shows nothing.

    `doubt` asks why a call would not count as the running cell is written.
    """
    problem = text_argument_problem(arguments)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    bundle = {TEXT_MIME: text_payload(declared_text(arguments, 0).emitted)}
    if is_rerun():
        return bundle
    told = say("Declared: this text leaves as it is handed in, once an output checker has read it and agrees.")
    return {**bundle, **under(doubt(), sentence(told))}
