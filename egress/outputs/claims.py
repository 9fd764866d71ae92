"""Calls of bulle.release_frame and bulle.release_acro: what their arguments say, and what a re-run makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from egress.outputs.claimed import AGGREGATES, Claimed, EmittedAcro, EmittedFrame, FrameWords, Scalar
from egress.outputs.frames import MAX_KEYS, MAX_MEASURES
from egress.outputs.strict import is_column, is_label
from hub.words import Message, say

FRAME_PROTECTIONS = ("suppress", "round", "none")
# Words of pandas that mean one of ours.
_SAME = {"size": "rows", "n": "rows", "nunique": "persons", "avg": "mean", "average": "mean", "sd": "std"}
# Two runs of one program may add floats in another order.
_NEAR = 1e-9


@dataclass(frozen=True)
class FrameCall:
    """A call of bulle.release_frame that may count."""

    words: FrameWords
    cell: int

    @property
    def name(self) -> str:
        return self.words.name


@dataclass(frozen=True)
class AcroCall:
    """A call of bulle.release_acro that may count."""

    folder: str
    cell: int

    @property
    def name(self) -> str:
        """Not an output's name: its tables have their own."""
        return f"acro:{self.folder}"


@dataclass(frozen=True)
class DeclaredFrame:
    """One table that a notebook's own process made and the re-run made again; the re-run's is what counts.

    `differs`: the notebook as it was handed in showed another one.
    """

    name: str
    cell: int
    claimed: Claimed
    differs: bool = False

    @property
    def title(self) -> str:
        return self.claimed.title

    @property
    def protect(self) -> str:
        return self.claimed.protect


def words_of(arguments: Mapping[str, object]) -> FrameWords:
    """The words of a call whose arguments `frame_problem` found nothing wrong with."""
    values = arguments.get("values")
    agg = tuple(_SAME.get(word, word) for word in _texts(arguments.get("agg")) or ())
    return FrameWords(
        name=str(arguments["name"]),
        units=str(arguments["units"]),
        by=_texts(arguments.get("by")) or (),
        values=None if values is None else str(values),
        agg=agg or (("rows",) if values is None else ("mean",)),
        title=str(arguments.get("title", "")),
        protect=str(arguments.get("protect", "suppress")),
        margins=bool(arguments.get("margins", False)),
    )


def frame_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """The rule that a frame's words break and the sentence for its author; name and title are looked at elsewhere."""
    if arguments.get("protect", "suppress") not in FRAME_PROTECTIONS:
        return "declaration.protect", say("Its protection must be one of: {known}.", known=", ".join(FRAME_PROTECTIONS))
    if not is_column(arguments.get("units")):
        why = say('Its units must name the column that stands for one person, as in units="person_id".')
        return "frame.units", why
    by, values = _texts(arguments.get("by")), arguments.get("values")
    if by is None or len(by) > MAX_KEYS or len(set(by)) != len(by) or not all(is_column(name) for name in by):
        why = say(
            "Its by must name at most {most} different columns, in letters without accents, digits and underscores.",
            most=MAX_KEYS,
        )
        return "frame.by", why
    if values is not None and not is_column(values):
        why = say("Its values must name one column, in letters without accents, digits and underscores.")
        return "frame.values", why
    if not isinstance(arguments.get("margins", False), bool):
        return "frame.margins", say("Its margins must be True or False.")
    return _agg_problem(arguments.get("agg"), values)


def _agg_problem(agg: object, values: object) -> tuple[str, Message] | None:
    words = _texts(agg)
    known = ", ".join(AGGREGATES)
    if words is None or len(words) > MAX_MEASURES or not all(_SAME.get(word, word) in AGGREGATES for word in words):
        return "frame.agg", say("Its agg must be one or several of: {known}.", known=known)
    ours = [_SAME.get(word, word) for word in words]
    if len(set(ours)) != len(ours):
        return "frame.agg", say("Its agg names the same aggregate twice.")
    if values is None and any(word not in {"rows", "persons"} for word in ours):
        return "frame.agg", say("Only rows and persons can be counted without values=: name the column of values.")
    return None


def _texts(raw: object) -> tuple[str, ...] | None:
    """A text, or several, as a tuple; None when it is neither. Nothing given is an empty tuple."""
    items = (
        () if raw is None else (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, list | tuple) else (0,)
    )
    return tuple(str(item) for item in items) if all(isinstance(item, str) for item in items) else None


def folder_problem(folder: object) -> tuple[str, Message] | None:
    """What is wrong with the folder of a call of bulle.release_acro."""
    parts = str(folder).strip("/").split("/")
    if not isinstance(folder, str) or not is_label(folder) or folder.startswith("/") or ".." in parts:
        return "acro.folder", say('Its folder must be a plain name beside the notebook, such as "acro_outputs".')
    return None


_NO_TABLE = say(
    "The re-run left no table for this declaration; run the notebook from its first cell to see what it says."
)


class _Made(Protocol):
    """What a re-run left for a declaration: the words that it repeats, and what they claim."""

    @property
    def words(self) -> object: ...


M = TypeVar("M", bound=_Made)


def made_once(words: object, rerun: Sequence[object], kind: type[M], missing: Message) -> M | tuple[str, Message]:
    """The one thing of `kind` that the re-run left for the declaration of `words`, or the rule that it broke and the
    sentence; `missing` where it left nothing.
    """
    if not rerun:
        return "declaration.missing", missing
    (made, *others) = rerun
    if others or not isinstance(made, kind) or made.words != words:
        why = say("The re-run declared something else under this name than the submitted source says.")
        return "declaration.differs", why
    return made


def confirmed_frame(
    call: FrameCall, rerun: Sequence[object], submitted: Sequence[object]
) -> DeclaredFrame | tuple[str, Message]:
    """The table that the re-run made for `call`, or the rule that it broke and the sentence.

    `rerun` and `submitted` are everything that their outputs declare under its name.
    """
    made = made_once(call.words, rerun, EmittedFrame, _NO_TABLE)
    if not isinstance(made, EmittedFrame):
        return made
    before = [shown.claimed for shown in submitted if isinstance(shown, EmittedFrame)]
    return DeclaredFrame(call.name, call.cell, made.claimed, any(not same_table(made.claimed, one) for one in before))


def confirmed_acro(
    call: AcroCall, rerun: Sequence[object], submitted: Sequence[object]
) -> tuple[DeclaredFrame, ...] | tuple[str, Message]:
    """The tables that the re-run read from the folder of `call`, or the rule that it broke and the sentence."""
    made = rerun[0] if len(rerun) == 1 else None
    if not isinstance(made, EmittedAcro):
        why = say("The re-run read no ACRO folder here; the notebook must make the folder itself, by finalise().")
        return "declaration.missing", why
    before = {table.name: table for shown in submitted if isinstance(shown, EmittedAcro) for table in shown.claimed}
    return tuple(
        DeclaredFrame(
            table.name,
            call.cell,
            table,
            bool(before) and (table.name not in before or not same_table(table, before[table.name])),
        )
        for table in made.claimed
    )


def same_table(one: Claimed, other: Claimed) -> bool:
    """Whether two tables say the same but for the last digits of floats."""
    if one.columns != other.columns or len(one.rows) != len(other.rows):
        return False
    pairs = zip(one.rows, other.rows, strict=True)
    return all(_same(left, right) for a, b in pairs for left, right in zip(a, b, strict=True))


def _same(one: Scalar, other: Scalar) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=_NEAR, abs_tol=_NEAR)
    return type(one) is type(other) and one == other
