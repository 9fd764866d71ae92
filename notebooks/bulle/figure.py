"""bulle.release_figure: declares a figure of the notebook's own, and shows it as the enclave would redraw it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from typing import Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from egress.checks.model import Outcome
from egress.outputs.arguments import figure_argument_problem
from egress.outputs.figures import FIGURE_MIME, EmittedFigure, FigureCall, figure_call, to_payload
from hub.words import Message, say

_DOTS = 150  # per inch: what a figure needs to be read on paper as well


def release_figure(name: str, figure: Any, *, shows: str | list[str] | tuple[str, ...], title: str) -> None:
    """Declare a figure for release under `name`: a figure of matplotlib (or axes of one), or the bytes of a PNG.

    `shows` names the declared tables that it shows, `title` says what is read to those who cannot see it. Write both,
    and the name, as literals, in a statement of its own. What leaves is a picture redrawn from the pixels of the
    enclave's own run, with fewer shades, once an output checker has held it against its tables. A figure is drawn from
    exact values: for tables that are protected, use bulle.release_chart.
    """
    display_bundle(declared({"name": name, "shows": shows, "title": title}, figure, would_not_count))


def declared(arguments: dict[str, Any], figure: Any, doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; a re-run shows nothing.

    `doubt` asks why a call would not count as the running cell is written.
    """
    problem = figure_argument_problem(arguments)
    png = None if problem is not None else drawn(figure)
    if problem is not None or png is None:
        why = problem[1] if problem is not None else _NO_FIGURE
        return {} if is_rerun() else sentence(why)
    call = figure_call(arguments, 0)
    text = base64.b64encode(png).decode()
    bundle: dict[str, Any] = {FIGURE_MIME: to_payload(EmittedFigure(call.name, call.shows, call.title, text))}
    if is_rerun():
        return bundle
    return {**bundle, **under(doubt(), attempt(lambda: _shown(text, call)))}


def drawn(figure: Any) -> bytes | None:
    """The PNG of a figure, or of the figure that axes belong to; bytes as they are; None for anything else."""
    if isinstance(figure, bytes):
        return figure
    owner: Any = figure if hasattr(figure, "savefig") else getattr(figure, "figure", None)
    if not hasattr(owner, "savefig"):
        return None
    written = io.BytesIO()
    owner.savefig(written, format="png", dpi=_DOTS, metadata={"Software": None})
    return written.getvalue()


_NO_FIGURE = say("A figure is one of matplotlib, its axes, or the bytes of a PNG.")


def _shown(png: str, call: FigureCall) -> dict[str, Any]:
    """The picture as it would leave, or why it would not as far as this notebook knows its tables."""
    from bulle.preflight import tables  # noqa: PLC0415 -- the engine, which a re-run does not need
    from egress.figures.redraw import redrawn  # noqa: PLC0415 -- Pillow, see above
    from egress.figures.rule import Shown, refusal  # noqa: PLC0415 -- see above
    from hub.policy.limits import read_limits  # noqa: PLC0415 -- see above

    known = {
        name: Shown(one.assurance, one.protect, None if one.outcome is Outcome.FAIL else one.protected, one.exact)
        for name, one in tables().items()
        if one.protect is not None
    }
    made = refusal((name for name in call.shows if name in known), known) or redrawn(png, read_limits().figures)
    if isinstance(made, Message):
        return sentence(made)
    told = sentence(
        say(
            "Declared: this picture leaves with all tables that it shows, once an output checker has held it against "
            "them and agrees. Tables that hide a value cannot be shown by it."
        )
    )
    address = f"data:image/png;base64,{base64.b64encode(made.png).decode()}"
    return {**told, "text/html": f'{told["text/html"]}\n<img alt="{escape(call.title)}" src="{address}">'}
