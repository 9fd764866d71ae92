"""Charts over declared tables: what the arguments of bulle.release_chart say. Pure; read from literals only.

A chart is Vega-Lite written out in the source. Of Vega-Lite a short list counts: one mark, columns of one declared
table on its channels, and how a scale runs. Data, addresses, expressions, parameters, transformations, layers and words
of one's own are not on it: what is drawn is the table as it leaves, by the enclave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hub.words import Message, say

CHART_MIME = "application/vnd.bulle.chart+json"
CHART_SCHEMA = "bulle.chart/1"
MAX_CHART = 4_000  # characters; what the list allows is far shorter

MARKS = ("bar", "line", "point", "area", "rect")
CHANNELS = ("x", "y", "xOffset", "yOffset", "color", "size", "column", "row")
TYPES = ("quantitative", "ordinal", "nominal")
SORTS = ("ascending", "descending", "x", "y", "-x", "-y", None)
STACKS = ("zero", "normalize", None)
SCALES = ("linear", "log", "sqrt", "symlog")
_STACKED = ("x", "y")
_FACETS = ("column", "row")  # a picture for each category
_KEYS = {"schema", "name", "table", "chart", "title"}
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_UNSAID = "unsaid"


@dataclass(frozen=True)
class Channel:
    """One column on one channel. `sort`, `stack`, `scale` and `zero` are as Vega-Lite's, or "unsaid"."""

    channel: str
    field: str
    type: str
    sort: str | None = _UNSAID
    stack: str | None = _UNSAID
    scale: str = _UNSAID
    zero: bool | str = _UNSAID

    def to_vega(self) -> dict[str, Any]:
        """The channel's definition."""
        made: dict[str, Any] = {"field": self.field, "type": self.type}
        said = {name: getattr(self, name) for name in ("sort", "stack") if getattr(self, name) != _UNSAID}
        scale = {"type": self.scale, "zero": self.zero}
        scale = {name: value for name, value in scale.items() if value != _UNSAID}
        return {**made, **said, **({"scale": scale} if scale else {})}


@dataclass(frozen=True)
class Chart:
    """What counts of a chart: one of MARKS, and its channels in the order of CHANNELS."""

    mark: str
    channels: tuple[Channel, ...]

    def to_vega(self) -> dict[str, Any]:
        """The chart in Vega-Lite, without data."""
        return {"mark": self.mark, "encoding": {one.channel: one.to_vega() for one in self.channels}}


@dataclass(frozen=True)
class DeclaredChart:
    """A chart that the source declares over its declared table `table`; it leaves with that table or not at all."""

    name: str
    table: str
    chart: Chart
    title: str
    cell: int


@dataclass(frozen=True)
class EmittedChart:
    """The same as it stood in an output; `chart` is Vega-Lite as canonical JSON."""

    name: str
    table: str
    chart: str
    title: str


def declared_chart(arguments: Mapping[str, object], cell: int) -> DeclaredChart:
    """The declaration of a call that `chart_problem` found nothing wrong with. Raises: TypeError for another one."""
    chart = read_vega(arguments.get("chart"))
    if isinstance(chart, Message):
        raise TypeError(str(chart))
    name, table, title = (str(arguments.get(word, "")) for word in ("name", "table", "title"))
    return DeclaredChart(name, table, chart, title, cell)


def is_name(raw: object) -> bool:
    """Whether `raw` can be what a declared table, or a column of it, is called."""
    return isinstance(raw, str) and _COLUMN.fullmatch(raw) is not None


def chart_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """The rule that a chart's own words break, and the sentence for its author."""
    if not is_name(arguments.get("table")):
        return "chart.table", say("Its table must be the name of a table that the notebook declares.")
    chart = read_vega(arguments.get("chart"))
    return ("chart.grammar", chart) if isinstance(chart, Message) else None


def emitted_chart(name: str, table: str, chart: Chart, title: str) -> EmittedChart:
    """What bulle.release_chart leaves in a cell's output."""
    return EmittedChart(name, table, json.dumps(chart.to_vega(), sort_keys=True), title)


def to_payload(emitted: EmittedChart) -> dict[str, Any]:
    """What stands in the cell's output under CHART_MIME."""
    return {"schema": CHART_SCHEMA, **asdict(emitted)}


def read_chart(raw: Any) -> EmittedChart | None:
    """The declaration in an output, or None for anything that `to_payload` does not write. Never raises."""
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != CHART_SCHEMA:
        return None
    texts = [raw[key] for key in ("name", "table", "chart", "title")]
    if not all(isinstance(text, str) and len(text) <= MAX_CHART and text.isprintable() for text in texts):
        return None
    return EmittedChart(*texts)


def read_vega(text: object) -> Chart | Message:
    """The chart in Vega-Lite's JSON, or one sentence that says what of it is not on the list."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHART:
        return say(
            "Its chart must be Vega-Lite, written out as a dict or a JSON text of at most {limit} characters.",
            limit=MAX_CHART,
        )
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return say("Its chart is not valid JSON.")
    if not isinstance(raw, dict) or not isinstance(raw.get("encoding"), dict):
        return _not_listed("chart", ("mark", "encoding"))
    if set(raw) != {"mark", "encoding"}:
        return _not_listed("chart", ("mark", "encoding"))
    mark = raw["mark"]["type"] if isinstance(raw["mark"], dict) and set(raw["mark"]) == {"type"} else raw["mark"]
    if not isinstance(mark, str) or mark not in MARKS:
        return _not_listed("mark", MARKS)
    encoding = raw["encoding"]
    if not encoding or not set(encoding) <= set(CHANNELS):
        return _not_listed("encoding", CHANNELS)
    channels = [_channel(name, encoding[name]) for name in CHANNELS if name in encoding]
    wrong = next((one for one in channels if isinstance(one, Message)), None)
    return wrong or Chart(mark, tuple(one for one in channels if isinstance(one, Channel)))


def _channel(name: str, raw: object) -> Channel | Message:
    facet = name in _FACETS
    types, sorts = (TYPES[1:], SORTS[:2]) if facet else (TYPES, SORTS)
    known = ("field", "type", "sort", *(() if facet else ("scale",)), *(("stack",) if name in _STACKED else ()))
    if not isinstance(raw, dict) or not {"field", "type"} <= set(raw) <= set(known):
        return _not_listed(name, known)
    field, kind = raw["field"], raw["type"]
    if not is_name(field):
        return say("In its chart, field in {place} must be the name of a column of its table.", place=name)
    if not isinstance(kind, str) or kind not in types:
        return _not_listed(f"{name}.type", types)
    sort, stack, scale = raw.get("sort", _UNSAID), raw.get("stack", _UNSAID), raw.get("scale", {})
    if "sort" in raw and not _among(sort, sorts):
        return _not_listed(f"{name}.sort", tuple(str(each) for each in sorts if each))
    if "stack" in raw and not _among(stack, STACKS):
        return _not_listed(f"{name}.stack", tuple(str(each) for each in STACKS if each))
    if not isinstance(scale, dict) or not set(scale) <= {"type", "zero"}:
        return _not_listed(f"{name}.scale", ("type", "zero"))
    if "type" in scale and not _among(scale["type"], SCALES):
        return _not_listed(f"{name}.scale.type", SCALES)
    if "zero" in scale and not isinstance(scale["zero"], bool):
        return _not_listed(f"{name}.scale.zero", ("true", "false"))
    return Channel(name, field, kind, sort, stack, scale.get("type", _UNSAID), scale.get("zero", _UNSAID))


def _among(value: object, known: tuple[str | None, ...]) -> bool:
    return (value is None or isinstance(value, str)) and value in known


def _not_listed(place: str, known: tuple[str, ...]) -> Message:
    return say("In its chart, {place} may hold nothing but: {known}.", place=place, known=", ".join(known))
