"""A notebook is read as what it is: anything at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.outputs.model import DECLARATION_MIME, WIDGET_MIME, Kind, Rendered, Unreadable
from egress.outputs.notebook import MAX_CELLS, MAX_DEPTH, MAX_MARKS, read_notebook, withheld
from tests.egress.outputs.notebooks import MAX, code, display, emitted, raw, read

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(
    [
        "output_type",
        "data",
        "metadata",
        "name",
        "text",
        "source",
        "cell_type",
        "outputs",
        "attachments",
        DECLARATION_MIME,
    ]
)
words = st.sampled_from(["code", "markdown", "stream", "display_data", "execute_result", "error", "stdout", ["a", 1]])
near_cells = st.dictionaries(keys, json_values | words | st.dictionaries(keys, json_values | words), max_size=8)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_answered(content: bytes) -> None:
    assert isinstance(read_notebook(content, MAX), Rendered | Unreadable)


@given(json_values)
def test_arbitrary_json_is_answered(value: Any) -> None:
    assert isinstance(read_notebook(json.dumps(value).encode(), MAX), Rendered | Unreadable)


@given(st.lists(near_cells | json_values, max_size=4))
@settings(max_examples=300)
def test_what_is_almost_a_notebook_is_read_cell_by_cell(cells: list[Any]) -> None:
    rendered = read(*cells)
    assert [cell.number for cell in rendered.cells] == list(range(1, len(cells) + 1))
    withheld(rendered)


@pytest.mark.parametrize(("size", "readable"), [(-1, False), (0, True), (1, True)])
def test_the_size_limit_is_exact(size: int, readable: bool) -> None:
    content = raw(code("1"))
    assert isinstance(read_notebook(content, len(content) + size), Rendered) is readable


@pytest.mark.parametrize(("depth", "readable"), [(MAX_DEPTH - 2, True), (MAX_DEPTH + 1, False), (200_000, False)])
def test_depth_is_limited(depth: int, readable: bool) -> None:
    content = b'{"nbformat": 4, "cells": [], "x": ' + b"[" * depth + b"]" * depth + b"}"
    answer = read_notebook(content, MAX)
    assert isinstance(answer, Rendered) is readable
    assert readable or (isinstance(answer, Unreadable) and answer.rule == "notebook.depth")


@pytest.mark.parametrize(
    ("cells", "readable"), [(MAX_CELLS - 1, True), (MAX_CELLS, True), (MAX_CELLS + 1, False), (10**6, False)]
)
def test_no_notebook_fills_a_page_with_cells(cells: int, readable: bool) -> None:
    answer = read_notebook(b'{"nbformat": 4, "cells": [' + b",".join([b"{}"] * cells) + b"]}", MAX)
    assert isinstance(answer, Rendered) is readable
    assert readable or (isinstance(answer, Unreadable) and answer.rule == "notebook.size")


@pytest.mark.parametrize("number", [b"9" * 4_301, b"1" + b"0" * 200_000, b"1e999999", b"-1e-999999"])
def test_huge_numbers_are_answered(number: bytes) -> None:
    answer = read_notebook(b'{"nbformat": 4, "cells": [], "metadata": {"x": ' + number + b"}}", MAX)
    assert isinstance(answer, Rendered | Unreadable)


def test_many_small_parts_are_refused_before_they_take_memory() -> None:
    answer = read_notebook(b"[" * (MAX_MARKS + 1), MAX)
    assert isinstance(answer, Unreadable)
    assert answer.rule == "notebook.size"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"nbformat": 3, "worksheets": []}',
        b'{"nbformat": 4}',
        b'{"nbformat": 4, "cells": {}}',
        '{"nbformat": 4, "cells": []}'.encode("utf-16"),
        b'{"nbformat": 4, "cells": [' + b"9" * 5000 + b"]}",
    ],
)
def test_what_is_no_notebook_of_format_4_says_so(content: bytes) -> None:
    answer = read_notebook(content, MAX)
    assert isinstance(answer, Unreadable)
    assert answer.rule in {"notebook.json", "notebook.format"}


def test_a_source_as_lines_or_text_is_the_same() -> None:
    assert read(code(["a = 1\n", "b"])).cells[0].source == read(code("a = 1\nb")).cells[0].source == "a = 1\nb"


def test_half_characters_do_not_reach_anybody() -> None:
    (cell,) = read(code("x = '\ud800'")).cells
    assert cell.source.encode("utf-8") == b"x = '?'"


def stream(name: Any) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": "SECRET"}


@pytest.mark.parametrize(
    ("output", "kinds"),
    [
        (stream("stdout"), [Kind.STDOUT]),
        (stream("stderr"), [Kind.STDERR]),
        (stream("SECRET"), [Kind.UNREADABLE]),
        (stream(["stdout"]), [Kind.UNREADABLE]),
        ({"output_type": "error", "ename": "SECRET", "evalue": "SECRET", "traceback": []}, [Kind.ERROR]),
        (display(data={"text/html": "SECRET"}), [Kind.DISPLAY]),
        ({"output_type": "execute_result", "metadata": {}, "data": {"text/plain": "SECRET"}}, [Kind.RESULT]),
        (display(data={WIDGET_MIME: {"model_id": "SECRET"}}), [Kind.WIDGET]),
        (display(data={WIDGET_MIME: {}, "text/plain": "SECRET"}), [Kind.WIDGET, Kind.DISPLAY]),
        (display(data={}), [Kind.DISPLAY]),
        (display(data="SECRET"), [Kind.UNREADABLE]),
        ({"output_type": "SECRET"}, [Kind.UNREADABLE]),
        ("SECRET", [Kind.UNREADABLE]),
        ({**display(data={"text/html": ""}), "metadata": {"SECRET": 1}}, [Kind.DISPLAY, Kind.METADATA]),
    ],
)
def test_undeclared_outputs_are_told_by_kind_and_never_by_content(output: Any, kinds: list[Kind]) -> None:
    rendered = read(code("1", output))
    assert [item.kind for item in withheld(rendered)] == kinds
    assert "SECRET" not in repr(rendered)


def test_a_declaration_is_read_and_not_withheld() -> None:
    rendered = read(code("1", emitted("a_table", rho="0.1", protect="dp")))
    (output,) = rendered.cells[0].outputs
    assert output.declaration is not None
    assert (output.declaration.name, output.declaration.rho) == ("a_table", "0.1")
    assert withheld(rendered) == ()


def test_what_stands_beside_a_declaration_is_undeclared() -> None:
    bundle = emitted("a_table")
    bundle["data"]["text/html"] = "SECRET"
    bundle["metadata"] = {"note": "SECRET"}
    rendered = read(code("1", bundle))
    assert [item.kind for item in withheld(rendered)] == [Kind.DISPLAY, Kind.METADATA]
    assert "SECRET" not in repr(rendered)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": "SECRET"},
        {"schema": "bulle.release/2"},
        {"name": 7},
        {"sql": None},
        {"rho": 0.1},
        {"rho": "1e99999"},
        {"title": ["SECRET"]},
    ],
)
def test_a_declaration_of_another_shape_is_withheld(change: dict[str, Any]) -> None:
    output = emitted("a_table")
    output["data"][DECLARATION_MIME] |= change
    rendered = read(code("1", output))
    assert [item.kind for item in withheld(rendered)] == [Kind.DECLARATION]
    assert "SECRET" not in repr(rendered)


def test_attachments_and_metadata_are_told() -> None:
    cell = {"cell_type": "markdown", "metadata": {"mine": 1}, "source": "", "attachments": {"a.png": {}}}
    rendered = read(cell, metadata={"kernelspec": {}, "mine": "SECRET"})
    assert [(item.cell, item.kind) for item in withheld(rendered)] == [
        (0, Kind.METADATA),
        (1, Kind.METADATA),
        (1, Kind.ATTACHMENT),
    ]


def test_usual_metadata_are_not_told() -> None:
    cell = code("1", metadata={"papermill": {"duration": 1}, "tags": [], "execution": {}})
    assert withheld(read(cell, metadata={"kernelspec": {}, "language_info": {}, "papermill": {}})) == ()
