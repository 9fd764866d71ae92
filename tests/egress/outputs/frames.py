"""Frames and ACRO tables as their functions leave them in a cell's output, for tests."""

from __future__ import annotations

from typing import Any

from egress.outputs.claimed import ACRO_MIME, ACRO_SCHEMA, FRAME_MIME, FRAME_SCHEMA
from tests.egress.outputs.notebooks import display

CALL = 'import bulle\nbulle.release_frame("by_sex", frame, units="pid", by=["sex"])'
ACRO_CALL = 'import bulle\nbulle.release_acro("acro_outputs")'


def payload(**changes: Any) -> dict[str, Any]:
    """A count of rows by sex: 30 rows of 20 persons, 50 rows of 40."""
    return {
        "schema": FRAME_SCHEMA,
        "name": "by_sex",
        "units": "pid",
        "by": ["sex"],
        "values": None,
        "agg": ["rows"],
        "title": "",
        "protect": "suppress",
        "margins": False,
        "keys": ["sex"],
        "measures": [{"name": "n", "agg": "rows", "of": None, "binary": False, "whole": False}],
        "rows": [["F", 30], ["M", 50]],
        "evidence": [
            {"grouping": [0], "rows": 30, "persons": 20, "measures": [None]},
            {"grouping": [0], "rows": 50, "persons": 40, "measures": [None]},
        ],
        **changes,
    }


def frame(**changes: Any) -> dict[str, Any]:
    """The output of a cell that holds it."""
    return display(data={FRAME_MIME: payload(**changes)})


def acro_payload(**changes: Any) -> dict[str, Any]:
    """A folder with one table."""
    measure = {"name": "value", "agg": "value", "of": None, "binary": False, "whole": True}
    table = {
        "name": "acro_1",
        "title": "",
        "asked": "ACRO output_0_0.csv: acro.crosstab(a, b)",
        "keys": ["row", "column"],
        "measures": [measure],
        "rows": [["2010", "G", 7], ["2010", "N", 102]],
        **changes,
    }
    return {"schema": ACRO_SCHEMA, "folder": "acro_outputs", "tables": [table]}


def acro(**changes: Any) -> dict[str, Any]:
    """The output of a cell that holds it."""
    return display(data={ACRO_MIME: acro_payload(**changes)})
