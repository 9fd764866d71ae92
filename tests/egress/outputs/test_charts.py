"""A chart is Vega-Lite by a short list, written out as a literal: nothing of the data, no address, no expression."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.outputs.charts import (
    CHANNELS,
    CHART_MIME,
    MARKS,
    TYPES,
    Channel,
    Chart,
    DeclaredChart,
    emitted_chart,
    read_chart,
    read_vega,
    to_payload,
)
from egress.outputs.declarations import Confirmed, DeclarationProblem, declarations, reconcile
from hub.words import Message
from tests.egress.outputs.notebooks import code, display, read

X, Y = {"field": "region", "type": "nominal"}, {"field": "stays", "type": "quantitative"}
BARS = {"mark": "bar", "encoding": {"x": X, "y": Y}}
CHART = Chart("bar", (Channel("x", "region", "nominal"), Channel("y", "stays", "quantitative")))
CALL = f"import bulle\nbulle.release_chart('bars', 'by_region', {BARS!r}, title='Stays')"


def rules(*sources: str) -> list[str]:
    """What each declaration of these cells is: its name when it counts, else the rule it breaks."""
    found = declarations(read(*(code(source) for source in sources)))
    return [item.rule if isinstance(item, DeclarationProblem) else str(item.name) for item in found]


def made(name: str = "bars", table: str = "by_region", chart: Chart = CHART, title: str = "Stays") -> dict[str, Any]:
    return display(data={CHART_MIME: to_payload(emitted_chart(name, table, chart, title))})


def confirmed(*outputs: dict[str, Any]) -> tuple[Confirmed, ...]:
    return reconcile(read(code(CALL)), read(code(CALL, *outputs)))


def test_a_chart_that_the_rerun_confirms_counts() -> None:
    assert confirmed(made()) == (DeclaredChart("bars", "by_region", CHART, "Stays", 1),)


@pytest.mark.parametrize(
    ("outputs", "rule"),
    [
        ((), "declaration.missing"),
        ((made(table="by_sex"),), "declaration.differs"),
        ((made(title="Other"),), "declaration.differs"),
        ((made(chart=Chart("line", CHART.channels)),), "declaration.differs"),
        ((made(), made()), "declaration.repeated"),
    ],
)
def test_the_rerun_can_only_confirm(outputs: tuple[dict[str, Any], ...], rule: str) -> None:
    (item,) = confirmed(*outputs)
    assert isinstance(item, DeclarationProblem)
    assert item.rule == rule


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (f"bulle.release_chart('bars', 'by_region', {json.dumps(BARS)!r})", "bars"),
        ("bulle.release_chart('bars', 'by_region', chart)", "declaration.computed"),
        ("bulle.release_chart('bars', 'by_region', {**x})", "declaration.computed"),
        ("bulle.release_chart('bars', 'by_region', {'mark': f'{x}'})", "declaration.computed"),
        ("bulle.release_chart('bars', 'by_region', dict(mark='bar'))", "declaration.computed"),
        ("bulle.release_chart('bars', 'by_region', {'mark': b'bar'})", "declaration.computed"),
        ("bulle.release_chart('bars', 'by_region', {'mark': 1e999})", "declaration.computed"),
        ("bulle.release_chart('bars', 'by_region', 3)", "chart.grammar"),
        ("bulle.release_chart('bars', 'by_region', '{')", "chart.grammar"),
        ("bulle.release_chart('bars', 'by region', {})", "chart.table"),
        (f"bulle.release_chart('Bars', 'by_region', {BARS!r})", "declaration.name"),
        (f"if x: bulle.release_chart('bars', 'by_region', {BARS!r})", "declaration.conditional"),
        ("bulle.release({'a': 1}, 'SELECT 1')", "declaration.computed"),
    ],
)
def test_only_what_is_written_out_counts(source: str, rule: str) -> None:
    assert rules(f"import bulle\n{source}") == [rule]


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"values": [{"a": 1}]}},
        {"data": {"url": "file:///etc/passwd"}},
        {"$schema": "https://vega.github.io/schema/vega-lite/v6.json"},
        {"params": [{"name": "p", "expr": "1"}]},
        {"transform": [{"calculate": "datum.stays", "as": "x"}]},
        {"title": "free words"},
        {"config": {"background": "red"}},
        {"usermeta": {"a": 1}},
        {"layer": []},
        {"mark": "image"},
        {"mark": "text"},
        {"mark": {"type": "bar", "tooltip": True}},
        {"mark": ["bar"]},
        {"encoding": {}},
        {"encoding": None},
        {"encoding": {"href": X}},
        {"encoding": {"url": X}},
        {"encoding": {"tooltip": X}},
        {"encoding": {"x": {"datum": 3}}},
        {"encoding": {"x": {"value": 3}}},
        {"encoding": {"x": {**X, "title": "free words"}}},
        {"encoding": {"x": {**X, "axis": {"labelExpr": "datum.label"}}}},
        {"encoding": {"x": {**X, "aggregate": "min"}}},
        {"encoding": {"x": {**X, "bin": True}}},
        {"encoding": {"x": {**X, "type": "geojson"}}},
        {"encoding": {"x": {**X, "type": ["nominal"]}}},
        {"encoding": {"x": {**X, "field": "a.b"}}},
        {"encoding": {"x": {**X, "field": {"repeat": "row"}}}},
        {"encoding": {"x": {**X, "sort": ["b", "a"]}}},
        {"encoding": {"x": {**X, "sort": {"field": "stays"}}}},
        {"encoding": {"x": {**X, "scale": {"domain": ["b", "a"]}}}},
        {"encoding": {"y": {**Y, "scale": {"zero": 3}}}},
        {"encoding": {"y": {**Y, "scale": {"type": "threshold"}}}},
        {"encoding": {"y": {**Y, "stack": "center"}}},
        {"encoding": {"color": {**X, "stack": "zero"}}},
    ],
)
def test_what_is_not_on_the_list_is_told_by_its_place(change: dict[str, Any]) -> None:
    found = read_vega(json.dumps({**BARS, **change}))
    assert isinstance(found, Message)
    assert "In its chart, " in str(found)
    assert "passwd" not in str(found)


channels = st.builds(
    Channel,
    st.just("x"),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.sampled_from(TYPES),
    st.sampled_from(("unsaid", "ascending", "-y", None)),
    st.sampled_from(("unsaid", "zero", None)),
    st.sampled_from(("unsaid", "log")),
    st.sampled_from(("unsaid", True, False)),
)


@given(st.sampled_from(MARKS), channels, st.sampled_from(CHANNELS))
def test_what_is_on_the_list_is_read_as_it_is_written(mark: str, one: Channel, other: str) -> None:
    more = () if other == "x" else (Channel(other, "a", "nominal"),)
    chart = Chart(mark, (one, *more))
    assert read_vega(json.dumps(chart.to_vega())) == chart


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["bar", "x", "field", "type"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from(["mark", "encoding", "x", "field", "type"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_reading_never_raises(raw: Any) -> None:
    assert isinstance(read_vega(json.dumps(raw)), Chart | Message)
    assert isinstance(read_vega(raw), Chart | Message)
    read_chart(raw)


def test_only_our_own_spelling_is_a_declaration() -> None:
    payload = to_payload(emitted_chart("bars", "by_region", CHART, ""))
    assert read_chart(payload) is not None
    for wrong in (
        {**payload, "more": 1},
        {**payload, "schema": "x"},
        {**payload, "title": 3},
        {**payload, "name": "a\n"},
    ):
        assert read_chart(wrong) is None
