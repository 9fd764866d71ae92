"""What a notebook claims of a table that it computed itself: values and evidence that nobody else has seen.

Everything in it was written by hostile code; it has the right shape and size, and no more is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

FRAME_MIME = "application/vnd.bulle.frame+json"
FRAME_SCHEMA = "bulle.frame/1"
ACRO_MIME = "application/vnd.bulle.acro+json"
ACRO_SCHEMA = "bulle.acro/1"

# What a frame's measure may be, in the words of pandas; `rows` and `persons` need no column of values.
AGGREGATES = ("rows", "persons", "count", "sum", "mean", "std", "median")


@dataclass(frozen=True)
class FrameWords:
    """What a call of bulle.release_frame says in words: all of it literal in the source. `by` empty: not said there."""

    name: str
    units: str
    by: tuple[str, ...] = ()
    values: str | None = None
    agg: tuple[str, ...] = ()
    title: str = ""
    protect: str = "suppress"
    margins: bool = False


@dataclass(frozen=True)
class ClaimedMeasure:
    """One column of numbers: `agg` is one of AGGREGATES over column `of`; `binary` and `whole` are of its values."""

    name: str
    agg: str
    of: str | None = None
    binary: bool = False
    whole: bool = False


@dataclass(frozen=True)
class ClaimedCell:
    """Evidence for one row: the positions of its keys that are no totals, rows, persons, and numbers per measure."""

    grouping: tuple[int, ...]
    rows: int
    persons: int
    measures: tuple[Mapping[str, Scalar] | None, ...]


@dataclass(frozen=True)
class Claimed:
    """One table as a notebook's process has it: `keys` then `measures` are its columns; a total's key is None.

    `cells` are one per row; none at all where the maker knows no evidence (`origin` "acro"). `asked` is how it was
    made, for people to read. `status` "reproduced": the re-run made it; "unverified": it was handed in.
    """

    name: str
    title: str
    protect: str
    origin: str
    asked: str
    keys: tuple[str, ...]
    measures: tuple[ClaimedMeasure, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    cells: tuple[ClaimedCell, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.keys, *(measure.name for measure in self.measures))


@dataclass(frozen=True)
class EmittedFrame:
    """A frame's declaration as it stood in an output."""

    words: FrameWords
    claimed: Claimed

    @property
    def name(self) -> str:
        return self.words.name


@dataclass(frozen=True)
class EmittedAcro:
    """The tables of an ACRO folder as they stood in an output; `folder` is what the call said."""

    folder: str
    claimed: tuple[Claimed, ...]

    @property
    def name(self) -> str:
        """What declarations go by; a folder is called once."""
        return f"acro:{self.folder}"
