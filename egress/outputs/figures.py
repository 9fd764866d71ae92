"""Figures that the notebook's own code draws: what the arguments of bulle.release_figure say, and what a re-run drew.

Pure. The picture stays the text in which the notebook holds it: nothing here looks into hostile bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.outputs.charts import is_name
from egress.outputs.claims import made_once
from hub.words import Message, say

FIGURE_MIME = "application/vnd.bulle.figure+json"
FIGURE_SCHEMA = "bulle.figure/1"
MAX_SHOWS = 4  # tables of one figure; a person holds them against it
_KEYS = {"schema", "name", "shows", "title", "png"}
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True)
class FigureCall:
    """A call of bulle.release_figure that may count. `shows`: the declared tables that the figure shows."""

    name: str
    shows: tuple[str, ...]
    title: str
    cell: int


@dataclass(frozen=True)
class EmittedFigure:
    """The same as it stood in an output, with the picture: a PNG in base64, as hostile code left it."""

    name: str
    shows: tuple[str, ...]
    title: str
    png: str

    @property
    def words(self) -> tuple[str, tuple[str, ...], str]:
        """What the call said."""
        return self.name, self.shows, self.title


@dataclass(frozen=True)
class DeclaredFigure:
    """A figure that the re-run drew. `png` is the re-run's, `before` that of the notebook as it was handed in, None
    where that holds none; both in base64.
    """

    name: str
    shows: tuple[str, ...]
    title: str
    cell: int
    png: str
    before: str | None = None

    @property
    def asked(self) -> str:
        """The call as people read it."""
        return f"bulle.release_figure({self.name!r}, …, shows={list(self.shows)!r})"


def shows_of(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The tables that a call names, one or several; empty when it names none that could be one."""
    raw = arguments.get("shows")
    named = (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, tuple | list) else ()
    return tuple(str(each) for each in named) if named and all(is_name(each) for each in named) else ()


def figure_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """The rule that a figure's own words break, and the sentence for its author."""
    shows = shows_of(arguments)
    if not shows or len(shows) > MAX_SHOWS or len(set(shows)) < len(shows):
        why = say('It must name the declared tables that it shows, as in shows="stays_by_region".')
        return "figure.shows", why
    if not str(arguments.get("title", "")).strip():
        why = say("It needs a title: that is what is read to those who cannot see it.")
        return "figure.title", why
    return None


def figure_call(arguments: Mapping[str, object], cell: int) -> FigureCall:
    """The call that nothing is wrong with."""
    return FigureCall(str(arguments["name"]), shows_of(arguments), str(arguments["title"]), cell)


def to_payload(emitted: EmittedFigure) -> dict[str, Any]:
    """What stands in the cell's output under FIGURE_MIME."""
    words = {"name": emitted.name, "shows": list(emitted.shows), "title": emitted.title}
    return {"schema": FIGURE_SCHEMA, **words, "png": emitted.png}


def read_figure(raw: Any) -> EmittedFigure | None:
    """The declaration in an output, or None for anything that `to_payload` does not write. Never raises."""
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != FIGURE_SCHEMA:
        return None
    name, title, png, shows = raw["name"], raw["title"], raw["png"], raw["shows"]
    if not all(isinstance(text, str) for text in (name, title, png)) or not isinstance(shows, list):
        return None
    if not name.isprintable() or not title.isprintable() or len(png) % 4 or not _BASE64.fullmatch(png):
        return None
    named = shows_of({"shows": shows})
    return EmittedFigure(name, named, title, png) if named and len(named) <= MAX_SHOWS else None


_NO_FIGURE = say("The re-run left no figure for this declaration; run the notebook from its first cell to see why.")


def confirmed_figure(
    call: FigureCall, rerun: Sequence[object], submitted: Sequence[object]
) -> DeclaredFigure | tuple[str, Message]:
    """The figure that the re-run drew for `call`, or the rule that it broke and the sentence.

    `rerun` and `submitted` are everything that their outputs declare under its name.
    """
    words = (call.name, call.shows, call.title)
    made = made_once(words, rerun, EmittedFigure, _NO_FIGURE)
    if not isinstance(made, EmittedFigure):
        return made
    before = [shown.png for shown in submitted if isinstance(shown, EmittedFigure)]
    return DeclaredFigure(*words, call.cell, made.png, before[0] if len(before) == 1 else None)
