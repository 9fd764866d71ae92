"""What was read from a notebook: cells, and for each output what kind of thing it is. Contents are not kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from egress.outputs.charts import EmittedChart
from egress.outputs.claimed import EmittedAcro, EmittedFrame
from egress.outputs.figures import EmittedFigure
from egress.outputs.models import EmittedModel
from egress.outputs.private import EmittedPrivate
from egress.outputs.source_claim import EmittedSource
from egress.outputs.text_claim import EmittedText
from hub.words import Message

DECLARATION_MIME = "application/vnd.bulle.release+json"
# Where the runner writes, in a notebook's metadata, which packages it has.
OURS, ENVIRONMENT = "bulle", "environment"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


class Kind(StrEnum):
    """What an undeclared output is, in one word. Its content is never part of it."""

    STDOUT = "stdout"
    STDERR = "stderr"
    RESULT = "result"
    DISPLAY = "display"
    ERROR = "error"
    WIDGET = "widget"
    ATTACHMENT = "attachment"
    METADATA = "metadata"
    DECLARATION = "declaration"  # one that does not count
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Emitted:
    """A declaration as it stood in an output: what hostile code left there. `rho` is its decimal spelling or None."""

    name: str
    sql: str
    title: str
    protect: str
    rho: str | None


AnyEmitted: TypeAlias = (
    Emitted
    | EmittedFrame
    | EmittedAcro
    | EmittedPrivate
    | EmittedSource
    | EmittedText
    | EmittedChart
    | EmittedFigure
    | EmittedModel
)


@dataclass(frozen=True)
class Output:
    """One output of a cell: a declaration, or something undeclared of `kind`."""

    kind: Kind
    declaration: AnyEmitted | None = None


@dataclass(frozen=True)
class Cell:
    """One cell; `number` is its place in the notebook, from 1. `is_code` cells are what a kernel runs."""

    number: int
    is_code: bool
    source: str
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Rendered:
    """A notebook that could be read. `metadata` tells whether it carries metadata of its own making.

    `r`: its kernel is R's, so that its code is read as R; any other kernel is Python's. `environment`: `name==version`
    of each Python package, as the runner wrote them, or whoever could write there after it.
    """

    cells: tuple[Cell, ...]
    metadata: bool = False
    r: bool = False
    environment: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """Bytes that are no notebook: the rule and one sentence for the sender."""

    rule: str
    why: Message


@dataclass(frozen=True)
class Withheld:
    """One undeclared thing that does not leave: cell number (0: the notebook itself), kind, and why."""

    cell: int
    kind: Kind
    why: Message
