"""The notebook's own source as an output: what counts as asking for it, and which text that is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from egress.outputs.declarations import DeclarationProblem, reconcile
from egress.outputs.model import Cell, Rendered
from egress.outputs.notebook import read_notebook
from egress.outputs.source_claim import (
    SOURCE_MIME,
    Cells,
    DeclaredSource,
    EmittedSource,
    cells_problem,
    read_source,
    source_payload,
)
from egress.outputs.sources import source_text

CALL = "import bulle\nbulle.release_source('method', cells='text')"
PAYLOAD = source_payload(EmittedSource("method", Cells.TEXT, ""))


def notebook(call: str = CALL, *payloads: Any, text: str = "# Method\nWe count stays.") -> Rendered:
    outputs = [{"output_type": "display_data", "data": {SOURCE_MIME: each}, "metadata": {}} for each in payloads]
    cells = [
        {"cell_type": "markdown", "source": text, "metadata": {}},
        {"cell_type": "code", "source": call, "outputs": outputs, "metadata": {}},
    ]
    found = read_notebook(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}).encode(), 1 << 20)
    assert isinstance(found, Rendered)
    return found


def test_the_text_is_that_of_the_notebook_as_it_was_handed_in() -> None:
    (found,) = reconcile(notebook(), notebook(CALL, PAYLOAD, text="# 17 persons have it"))
    assert found == DeclaredSource("method", Cells.TEXT, "", 2, "# Method\nWe count stays.\n")


@pytest.mark.parametrize(
    ("call", "payloads", "rule"),
    [
        (CALL, (), "declaration.missing"),
        (CALL, (PAYLOAD, PAYLOAD), "declaration.repeated"),
        (CALL, ({**PAYLOAD, "cells": "all"},), "declaration.differs"),
        (CALL.replace("'text'", "'some'"), (PAYLOAD,), "declaration.cells"),
        (CALL.replace("'text'", "secret"), (PAYLOAD,), "declaration.computed"),
        ("import bulle\nif secret:\n    bulle.release_source('method')", (PAYLOAD,), "declaration.conditional"),
        (CALL.replace("'method'", "'Méthode'"), (), "declaration.name"),
    ],
)
def test_what_data_could_switch_does_not_count(call: str, payloads: tuple[Any, ...], rule: str) -> None:
    found = reconcile(notebook(call), notebook(call, *payloads))
    assert isinstance(found[0], DeclarationProblem)
    assert found[0].rule == rule


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {**PAYLOAD, "more": 1},
        {**PAYLOAD, "schema": "x"},
        {**PAYLOAD, "cells": 7},
        {**PAYLOAD, "cells": "x"},
        {**PAYLOAD, "title": "\x1b[31m"},
        {**PAYLOAD, "name": ["method"]},
    ],
)
def test_anything_else_in_an_output_is_no_declaration(raw: Any) -> None:
    assert read_source(raw) is None


def test_a_list_of_cells_is_no_choice() -> None:
    assert cells_problem({"cells": ("all",)}) is not None
    assert cells_problem({"cells": 1}) is not None
    assert cells_problem({}) is None


SOURCE = Rendered(
    (
        Cell(1, is_code=False, source="# Title\n"),
        Cell(2, is_code=True, source="x = 1\n"),
        Cell(3, is_code=True, source="  \n"),
        Cell(4, is_code=False, source="End"),
    )
)


def test_each_choice_gives_its_cells_in_their_order() -> None:
    assert source_text(SOURCE, Cells.TEXT) == "# Title\n\nEnd\n"
    assert source_text(SOURCE, Cells.CODE) == "```python\nx = 1\n```\n"
    assert source_text(SOURCE, Cells.ALL) == "# Title\n\n```python\nx = 1\n```\n\nEnd\n"
    assert source_text(Rendered(()), Cells.ALL) == ""
    assert "```r\n" in source_text(Rendered(SOURCE.cells, r=True), Cells.CODE)


def test_no_code_closes_its_fence() -> None:
    inner = 's = """\n```\nnot the end\n````\n"""'
    told = source_text(Rendered((Cell(1, is_code=True, source=inner),)), Cells.CODE)
    assert told.startswith("`````python\n")
    assert told.endswith("\n`````\n")
