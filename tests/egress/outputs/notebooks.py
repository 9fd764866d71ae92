"""Notebooks as JSON, for tests: cells with sources and outputs."""

from __future__ import annotations

import json
from typing import Any

from egress.outputs.model import DECLARATION_MIME, Rendered
from egress.outputs.notebook import read_notebook

MAX = 10_000_000


def code(source: str | list[str], *outputs: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs), **rest}


def display(**data: Any) -> dict[str, Any]:
    """A displayed MIME bundle; `mime_text_html="…"` is spelled `data={"text/html": "…"}` in notebooks."""
    return {"output_type": "display_data", "metadata": {}, "data": data["data"]}


def emitted(
    name: str, sql: str = "SELECT 1", title: str = "", protect: str = "suppress", rho: str | None = None
) -> Any:
    """An output as bulle.release leaves it."""
    payload = {
        "schema": "bulle.release/1",
        "name": name,
        "sql": sql,
        "title": title,
        "protect": protect,
        "rho": rho,
    }
    return display(data={DECLARATION_MIME: payload})


def raw(*cells: Any, **rest: Any) -> bytes:
    """A notebook's bytes."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **rest}).encode()


def read(*cells: Any, **rest: Any) -> Rendered:
    """A notebook that can be read."""
    rendered = read_notebook(raw(*cells, **rest), MAX)
    assert isinstance(rendered, Rendered)
    return rendered
