"""Calls of bulle.release_figure: only literals count, and the picture is the re-run's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from egress.outputs.declarations import DeclarationProblem, reconcile
from egress.outputs.figures import MAX_SHOWS, DeclaredFigure, EmittedFigure, read_figure, to_payload
from egress.outputs.model import Rendered
from egress.outputs.notebook import read_notebook

CALL = "import bulle\nbulle.release_figure('bars', plt.gcf(), shows='by_sex', title='By sex')"
PAYLOAD = to_payload(EmittedFigure("bars", ("by_sex",), "By sex", "iVBORw0K"))
OTHER = {**PAYLOAD, "png": "AAAA"}


def notebook(call: str, *payloads: Any) -> Rendered:
    outputs = [
        {"output_type": "display_data", "data": {"application/vnd.bulle.figure+json": each}, "metadata": {}}
        for each in payloads
    ]
    cells = [{"cell_type": "code", "source": call, "outputs": outputs, "metadata": {}}]
    found = read_notebook(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}).encode(), 1 << 20)
    assert isinstance(found, Rendered)
    return found


def test_the_picture_is_the_re_runs_with_the_submitted_one_beside_it() -> None:
    (found,) = reconcile(notebook(CALL, OTHER), notebook(CALL, PAYLOAD))
    assert found == DeclaredFigure("bars", ("by_sex",), "By sex", 1, "iVBORw0K", "AAAA")
    (alone,) = reconcile(notebook(CALL), notebook(CALL, PAYLOAD))
    assert alone == DeclaredFigure("bars", ("by_sex",), "By sex", 1, "iVBORw0K")


def test_several_tables_are_a_list_of_literals() -> None:
    call = CALL.replace("'by_sex'", "['by_sex', 'by_age']")
    (found,) = reconcile(notebook(call), notebook(call, {**PAYLOAD, "shows": ["by_sex", "by_age"]}))
    assert isinstance(found, DeclaredFigure)
    assert found.shows == ("by_sex", "by_age")


MANY = str([f"t{number}" for number in range(MAX_SHOWS + 1)])


@pytest.mark.parametrize(
    ("call", "payloads", "rule"),
    [
        (CALL, (), "declaration.missing"),
        (CALL, (PAYLOAD, PAYLOAD), "declaration.differs"),
        (CALL, ({**PAYLOAD, "title": "x"},), "declaration.differs"),
        (CALL, ({**PAYLOAD, "shows": ["by_age"]},), "declaration.differs"),
        (CALL, ({**PAYLOAD, "png": "<svg>"},), "declaration.missing"),
        (CALL.replace("shows='by_sex', ", ""), (PAYLOAD,), "figure.shows"),
        (CALL.replace("'by_sex'", "[]"), (PAYLOAD,), "figure.shows"),
        (CALL.replace("'by_sex'", MANY), (PAYLOAD,), "figure.shows"),
        (CALL.replace("'by_sex'", "['by_sex', 'by_sex']"), (PAYLOAD,), "figure.shows"),
        (CALL.replace("'by_sex'", "'../../etc/passwd'"), (PAYLOAD,), "figure.shows"),
        (CALL.replace("'by_sex'", "table"), (PAYLOAD,), "declaration.computed"),
        (CALL.replace(", title='By sex'", ""), (PAYLOAD,), "figure.title"),
        (CALL.replace("'By sex'", "' '"), (PAYLOAD,), "figure.title"),
        (CALL.replace("'By sex'", "'By \u202esex'"), (PAYLOAD,), "declaration.title"),
        (CALL.replace("bulle.release_figure", "if x:\n  bulle.release_figure"), (PAYLOAD,), "declaration.conditional"),
        (f"{CALL}\nbulle.release('bars', 'SELECT 1')", (PAYLOAD,), "declaration.twice"),
        (f"{CALL}\n{CALL}", (PAYLOAD,), "declaration.twice"),
    ],
)
def test_what_data_could_switch_or_say_does_not_count(call: str, payloads: tuple[Any, ...], rule: str) -> None:
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
        {**PAYLOAD, "shows": "by_sex"},
        {**PAYLOAD, "shows": [7]},
        {**PAYLOAD, "shows": []},
        {**PAYLOAD, "png": "AAA"},
        {**PAYLOAD, "png": "AAA\n"},
        {**PAYLOAD, "png": ["AAAA"]},
        {**PAYLOAD, "title": "\x1b[31m"},
    ],
)
def test_anything_else_in_an_output_is_no_declaration(raw: Any) -> None:
    assert read_figure(raw) is None
