"""What a draw would show, and what it shows: a table, and what is told beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress.query.table import Table
from hub.words import Message


@dataclass(frozen=True)
class Result:
    """`told` is `OutputReport.dp` but for what was charged. `nothing`: why the draw tells nothing at all."""

    table: Table
    told: Mapping[str, Any]
    nothing: Message | None = None


@dataclass(frozen=True)
class Foreseen:
    """How exact one number of a draw would be, from public facts: what is None is not known before, or does not apply.

    `groups`: rows, and how far it is off in so many; None where it is lost in the noise. `worth_from`: from how many
    rows on it is told at all.
    """

    name: str
    shape: str
    scale: float | None = None
    half_width: float | None = None
    groups: tuple[tuple[int, float | None], ...] = ()
    worth_from: int | None = None
