"""A call of bulle.release_source: which cells of its own notebook it asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hub.words import Message, say

SOURCE_MIME = "application/vnd.bulle.source+json"
SOURCE_SCHEMA = "bulle.source/1"
_KEYS = {"schema", "name", "cells", "title"}


class Cells(StrEnum):
    """Which cells of the notebook."""

    ALL = "all"
    CODE = "code"
    TEXT = "text"


@dataclass(frozen=True)
class DeclaredSource:
    """A source that is asked for; `text` is what would leave, "" until the notebook is known."""

    name: str
    cells: Cells
    title: str
    cell: int
    text: str = ""

    @property
    def asked(self) -> str:
        """The call as people read it."""
        return f"bulle.release_source({self.name!r}, cells={str(self.cells)!r})"


@dataclass(frozen=True)
class EmittedSource:
    """The same as it stood in an output: what hostile code left there."""

    name: str
    cells: Cells
    title: str


def cells_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """What is wrong with the cells that a call asks for."""
    if arguments.get("cells", Cells.ALL) in set(Cells):
        return None
    return "declaration.cells", say("Its cells must be one of: {known}.", known=", ".join(Cells))


def declared_source(arguments: Mapping[str, object], cell: int) -> DeclaredSource:
    """The declaration of a call that nothing is wrong with."""
    cells, title = Cells(str(arguments.get("cells", Cells.ALL))), str(arguments.get("title", ""))
    return DeclaredSource(str(arguments["name"]), cells, title, cell)


def source_payload(emitted: EmittedSource) -> dict[str, Any]:
    """What stands in the cell's output under SOURCE_MIME."""
    return {"schema": SOURCE_SCHEMA, "name": emitted.name, "cells": str(emitted.cells), "title": emitted.title}


def read_source(raw: Any) -> EmittedSource | None:
    """The declaration in an output, or None for anything that `source_payload` does not write. Never raises."""
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != SOURCE_SCHEMA:
        return None
    texts = [raw[key] for key in ("name", "cells", "title")]
    if not all(isinstance(text, str) and text.isprintable() for text in texts) or raw["cells"] not in set(Cells):
        return None
    return EmittedSource(texts[0], Cells(texts[1]), texts[2])
