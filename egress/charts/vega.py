"""A declared chart and the table that leaves: what does not fit, and the whole Vega-Lite that is drawn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from egress.checks.examined import Rule
from egress.checks.model import Risk
from egress.checks.table import Table, Value, plain
from egress.outputs.charts import Chart, DeclaredChart
from hub.words import Message, say

VERSION = "6.4"  # of Vega-Lite, as vl-convert counts
_MISSING = "–"
_SPREAD = ("point",)
_INK, _QUIET = "#1f2933", "#d5d9de"
# Okabe and Ito's colours, which colour-blind readers tell apart, darkened for a white ground.
_COLOURS = ("#0063a6", "#b34700", "#00734f", "#9a4f84", "#7a6a00", "#2f86b9", "#5c5c5c", "#000000")


RULE = Rule("chart", Risk.COVERT_CHANNEL)


def refusal(one: DeclaredChart, tables: Mapping[str, Table | None]) -> Message | None:
    """Why a chart cannot leave. `tables` are the declared tables by name as they leave, None for a refused one."""
    if one.table not in tables:
        return say("The notebook declares no table {table}; a chart is drawn from a declared one.", table=one.table)
    table = tables[one.table]
    if table is None:
        return say("Its table {table} is refused; a chart leaves with its table or not at all.", table=one.table)
    return misfit(one.chart, table)


def misfit(chart: Chart, table: Table) -> Message | None:
    """Why this chart cannot be drawn of this table; a sentence for its author."""
    for one in chart.channels:
        if one.field not in table.columns:
            return say("Its table has no column {column}.", column=one.field)
        numbers = all(_is_number(value) for value in _values(table, one.field))
        if one.type == "quantitative" and not numbers:
            return say("The column {column} holds no numbers and cannot be quantitative.", column=one.field)
    discrete = [one.field for one in chart.channels if one.type != "quantitative"]
    places = [tuple(str(row[table.columns.index(name)]) for name in discrete) for row in table.rows]
    if chart.mark not in _SPREAD and len(set(places)) < len(places):
        return say("Several rows of its table would be drawn at one place; give each key of the table a channel.")
    return None


def drawing(chart: Chart, table: Table, title: str) -> dict[str, Any]:
    """The chart as it is drawn: the table's rows are its only data, sizes and colours are ours."""
    said = {one.channel: one for one in chart.channels}
    discrete = {one.field for one in chart.channels if one.type != "quantitative"}
    facets = bool({"column", "row"} & set(said))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [_record(table, row, discrete) for row in table.rows]},
        **({"title": title} if title else {}),
        **chart.to_vega(),
        "width": _extent("x", said, 180 if facets else 420),
        "height": _extent("y", said, 160 if facets else 260),
        "config": _config(),
    }


def _extent(axis: str, said: dict[str, Any], length: int) -> Any:
    """Room along an axis: by category, where it has some."""
    return {"step": 30} if axis in said and said[axis].type != "quantitative" else length


def _record(table: Table, row: tuple[Value | None, ...], discrete: set[str]) -> dict[str, Any]:
    made = {name: plain(value) for name, value in zip(table.columns, row, strict=True)}
    return {name: _MISSING if value is None and name in discrete else value for name, value in made.items()}


def _values(table: Table, column: str) -> list[Value]:
    at = table.columns.index(column)
    return [row[at] for row in table.rows if row[at] is not None]  # type: ignore[misc]  # the Nones are gone


def _is_number(value: Value) -> bool:
    known = plain(value)
    return isinstance(known, int | float) and not isinstance(known, bool)


def _config() -> dict[str, Any]:
    words = {"labelColor": _INK, "titleColor": _INK, "titleFontWeight": "normal"}
    return {
        "background": "#ffffff",
        "font": "sans-serif",
        "axis": {**words, "gridColor": _QUIET, "domainColor": _INK, "tickColor": _INK, "labelLimit": 240},
        "legend": words,
        "header": words,
        "title": {"color": _INK, "anchor": "start", "fontSize": 14},
        "mark": {"color": _COLOURS[0]},
        "range": {"category": list(_COLOURS)},
        "view": {"stroke": "transparent"},
    }
