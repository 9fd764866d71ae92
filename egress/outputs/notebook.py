"""Reads a notebook's bytes. Anything may stand in them; the answer is a value, never an exception."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from egress.outputs.charts import CHART_MIME, read_chart
from egress.outputs.claimed import ACRO_MIME, FRAME_MIME
from egress.outputs.figures import FIGURE_MIME, read_figure
from egress.outputs.frames import read_acro, read_frame
from egress.outputs.model import (
    DECLARATION_MIME,
    ENVIRONMENT,
    OURS,
    WIDGET_MIME,
    AnyEmitted,
    Cell,
    Emitted,
    Kind,
    Output,
    Rendered,
    Unreadable,
    Withheld,
)
from egress.outputs.models import MODEL_MIME
from egress.outputs.models_read import read_model
from egress.outputs.private import PRIVATE_MIME, read_private
from egress.outputs.source_claim import SOURCE_MIME, read_source
from egress.outputs.text_claim import TEXT_MIME, read_text
from hub.words import Message, say

# Bounds of this parser, so that a small file cannot take much memory or stack. Real notebooks stay far below.
MAX_DEPTH = 200
MAX_PACKAGES = 2_000
MAX_CELLS = 5_000  # a page shows each of them to its checker
MAX_MARKS = 4_000_000  # opening brackets, braces and quotation marks

# What kernels, JupyterLab and papermill write by themselves; anything beside it is metadata of the author's making.
_NOTEBOOK_METADATA = {"kernelspec", "language_info", "papermill", OURS}
_CELL_METADATA = {"papermill", "execution", "tags", "collapsed", "trusted", "jupyter", "id", "ExecuteTime"}
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}==[A-Za-z0-9][A-Za-z0-9.+!_-]{0,59}")
_STREAMS = {"stdout": Kind.STDOUT, "stderr": Kind.STDERR}
_EMITTED_KEYS = {"schema", "name", "sql", "title", "protect", "rho"}
_RHO = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")


def read_notebook(raw: bytes, max_bytes: int) -> Rendered | Unreadable:
    """What stands in a notebook of at most `max_bytes` bytes. Never raises."""
    document = _load(raw, max_bytes)
    if isinstance(document, Unreadable):
        return document
    if document.get("nbformat") != 4 or not isinstance(document.get("cells"), list):
        return Unreadable("notebook.format", say("This is not a notebook of format 4; save it with JupyterLab."))
    if len(document["cells"]) > MAX_CELLS:
        return Unreadable("notebook.size", say("The notebook has more than {limit} cells.", limit=MAX_CELLS))
    cells = tuple(_cell(number, cell) for number, cell in enumerate(document["cells"], start=1))
    metadata = document.get("metadata")
    return Rendered(cells, _has_metadata(metadata, _NOTEBOOK_METADATA), runs_r(metadata), _environment(metadata))


def runs_r(metadata: Any) -> bool:
    """Whether a notebook's metadata name R's kernel. The runner asks the same question, so both read one language."""
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    return isinstance(kernel, dict) and kernel.get("name") == "ir"


def _environment(metadata: Any) -> tuple[str, ...]:
    """The packages that the runner wrote down; none where anything else stands in their place."""
    ours = metadata.get(OURS) if isinstance(metadata, dict) else None
    named = ours.get(ENVIRONMENT) if isinstance(ours, dict) else None
    if not isinstance(named, list) or len(named) > MAX_PACKAGES:
        return ()
    packages = tuple(name for name in named if isinstance(name, str) and _PACKAGE.fullmatch(name))
    return packages if len(packages) == len(named) else ()


def withheld(rendered: Rendered) -> tuple[Withheld, ...]:
    """Every undeclared thing in it, in order; the same kind in the same cell is told once."""
    found = [(0, Kind.METADATA)] if rendered.metadata else []
    found += [
        (cell.number, output.kind) for cell in rendered.cells for output in cell.outputs if output.declaration is None
    ]
    return tuple(Withheld(number, kind, _WHY[kind]) for number, kind in dict.fromkeys(found))


_WHY: dict[Kind, Message] = {
    Kind.STDOUT: say("It was printed, not declared; declare the aggregate with bulle.release."),
    Kind.STDERR: say("It was printed, not declared; declare the aggregate with bulle.release."),
    Kind.RESULT: say("It is a cell's own value, not declared; declare the aggregate with bulle.release."),
    Kind.DISPLAY: say("It was displayed, not declared; declare the aggregate with bulle.release."),
    Kind.ERROR: say("Error reports can hold values of the data; they never leave."),
    Kind.WIDGET: say("Widgets can hold values of the data; they never leave."),
    Kind.ATTACHMENT: say("Attachments are not declared; they never leave."),
    Kind.METADATA: say("Metadata are not declared; they never leave."),
    Kind.DECLARATION: say("It looks like a declaration but is not one that bulle.release made."),
    Kind.UNREADABLE: say("It has no form that a notebook's output may have."),
}


def _load(raw: bytes, max_bytes: int) -> dict[str, Any] | Unreadable:
    if len(raw) > max_bytes:
        return Unreadable(
            "notebook.size", say("The notebook is larger than the {limit} bytes allowed.", limit=max_bytes)
        )
    if sum(raw.count(mark) for mark in (b"[", b"{", b'"')) > MAX_MARKS:
        return Unreadable("notebook.size", say("The notebook has more parts than any notebook needs."))
    try:
        document = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Unreadable("notebook.json", say("The notebook is not UTF-8 text; save it with JupyterLab."))
    except RecursionError:
        return Unreadable("notebook.depth", say("The notebook is nested more deeply than any notebook is."))
    except ValueError:
        return Unreadable("notebook.json", say("The notebook is not valid JSON; save it with JupyterLab."))
    if not isinstance(document, dict):
        return Unreadable("notebook.format", say("This is not a notebook of format 4; save it with JupyterLab."))
    if _deeper_than(document, MAX_DEPTH):
        return Unreadable("notebook.depth", say("The notebook is nested more deeply than any notebook is."))
    return document


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            item
            for parent in level
            for item in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _cell(number: int, raw: Any) -> Cell:
    if not isinstance(raw, dict):
        return Cell(number, is_code=False, source="", outputs=(Output(Kind.UNREADABLE),))
    outputs: list[Output] = []
    is_code = raw.get("cell_type") == "code"
    source = _text(raw.get("source"))
    if source is None:
        outputs.append(Output(Kind.UNREADABLE))
    if _has_metadata(raw.get("metadata"), _CELL_METADATA):
        outputs.append(Output(Kind.METADATA))
    if raw.get("attachments"):
        outputs.append(Output(Kind.ATTACHMENT))
    items = raw.get("outputs", [])
    for item in items if isinstance(items, list) else [None]:
        outputs.extend(_outputs(item))
    return Cell(number, is_code, source or "", tuple(outputs))


def _outputs(raw: Any) -> list[Output]:
    if not isinstance(raw, dict):
        return [Output(Kind.UNREADABLE)]
    match raw.get("output_type"):
        case "stream":
            name = raw.get("name")
            return [Output(_STREAMS.get(name, Kind.UNREADABLE) if isinstance(name, str) else Kind.UNREADABLE)]
        case "error":
            return [Output(Kind.ERROR)]
        case "display_data":
            return _bundle(raw, Kind.DISPLAY)
        case "execute_result":
            return _bundle(raw, Kind.RESULT)
        case _:
            return [Output(Kind.UNREADABLE)]


def _bundle(raw: dict[str, Any], kind: Kind) -> list[Output]:
    """A MIME bundle. What stands beside a declaration in the same bundle is an output of its own, and undeclared."""
    data = raw.get("data")
    if not isinstance(data, dict):
        return [Output(Kind.UNREADABLE)]
    ours = sorted(set(_READERS) & set(data))
    found = [Output(Kind.DECLARATION, _READERS[mime](data[mime])) for mime in ours]
    rest = set(data) - set(_READERS)
    if WIDGET_MIME in rest:
        found.append(Output(Kind.WIDGET))
    if rest - {WIDGET_MIME} or not data:
        found.append(Output(kind))
    if raw.get("metadata"):
        found.append(Output(Kind.METADATA))
    return found


def _emitted(raw: Any) -> Emitted | None:
    if not isinstance(raw, dict) or set(raw) != _EMITTED_KEYS or raw["schema"] != "bulle.release/1":
        return None
    texts = [raw[key] for key in ("name", "sql", "title", "protect")]
    rho = raw["rho"]
    if not all(isinstance(text, str) for text in texts):
        return None
    if rho is not None and not (isinstance(rho, str) and _RHO.fullmatch(rho)):
        return None
    name, sql, title, protect = (_clean(text) for text in texts)
    return Emitted(name, sql, title, protect, rho)


_READERS: dict[str, Callable[[Any], AnyEmitted | None]] = {
    DECLARATION_MIME: _emitted,
    FRAME_MIME: read_frame,
    ACRO_MIME: read_acro,
    PRIVATE_MIME: read_private,
    SOURCE_MIME: read_source,
    TEXT_MIME: read_text,
    CHART_MIME: read_chart,
    FIGURE_MIME: read_figure,
    MODEL_MIME: read_model,
}


def _text(raw: Any) -> str | None:
    """A multiline string as notebooks write it: one string, or a list of them."""
    if isinstance(raw, str):
        return _clean(raw)
    if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        return _clean("".join(raw))
    return None


def _clean(text: str) -> str:
    # JSON can spell half a character; nothing after this point may meet one.
    return text.encode("utf-8", "replace").decode("utf-8")


def _has_metadata(raw: Any, usual: set[str]) -> bool:
    if not isinstance(raw, dict):
        return bool(raw)
    return bool(set(raw) - usual)
