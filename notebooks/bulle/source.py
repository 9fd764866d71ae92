"""bulle.release_source: declares the notebook's own text or code for release. People read it before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bulle.cell import display_bundle, is_rerun, sentence, under, would_not_count
from egress.outputs.arguments import source_argument_problem
from egress.outputs.source_claim import SOURCE_MIME, Cells, EmittedSource, source_payload
from hub.words import Message, say


def release_source(name: str, *, cells: str = "all", title: str = "") -> None:
    """Declare cells of this notebook for release under `name`: `cells` is "code", "text" (Markdown) or "all".

    What leaves is the notebook as it is handed in, as one text, when an output checker has read it and agrees. Write
    the arguments as literals, in a statement of its own: only then does a declaration count.
    """
    display_bundle(declared({"name": name, "cells": cells, "title": title}, would_not_count))


def declared(arguments: dict[str, Any], doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; a re-run shows nothing.

    `doubt` asks why a call would not count as the running cell is written.
    """
    problem = source_argument_problem(arguments)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    emitted = EmittedSource(arguments["name"], Cells(arguments["cells"]), arguments["title"])
    bundle = {SOURCE_MIME: source_payload(emitted)}
    if is_rerun():
        return bundle
    told = say("Declared: these cells leave as they are handed in, once an output checker has read them and agrees.")
    return {**bundle, **under(doubt(), sentence(told))}
