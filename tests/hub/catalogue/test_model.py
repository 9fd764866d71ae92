"""Catalogues: contradictions of a catalogue with itself are refused, and it survives the way through JSON."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.catalogue.files import read_catalogue
from hub.catalogue.model import Catalogue, Column, ColumnType, fits
from hub.policy.files import PolicyFileError


def a_column(**changes: Any) -> Column:
    return Column.model_validate({"type": "integer", "description": "d", **changes})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"categories": [1, "a"]}, "not a value of type integer"),
        ({"categories": [1, 1]}, "stands twice"),
        ({"categories": []}, "at least 1"),
        ({"bounds": [2, 1]}, "lower one is above"),
        ({"bounds": [1]}, "bounds"),
        ({"bounds": [0, True]}, "no numbers"),
        ({"breaks": [False]}, "no numbers"),
        ({"bounds": ["1", "2"]}, "bounds"),
        ({"type": "string", "bounds": [1, 2]}, "not a value of type string"),
        ({"type": "boolean", "categories": [1]}, "not a value of type boolean"),
        ({"type": "date", "bounds": ["2020-13-01", "2020-12-31"]}, "bounds"),
        ({"type": "colour"}, "type"),
        ({"secret": True}, "secret"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        a_column(**changes)


def test_equal_bounds_are_bounds() -> None:
    assert a_column(bounds=[3, 3]).bounds == (3, 3)


@pytest.mark.parametrize(
    ("value", "kind", "does"),
    [
        (True, ColumnType.BOOLEAN, True),
        (True, ColumnType.INTEGER, False),
        (1, ColumnType.BOOLEAN, False),
        (1, ColumnType.NUMBER, True),
        (1.5, ColumnType.INTEGER, False),
        ("1", ColumnType.INTEGER, False),
        (date(2020, 1, 1), ColumnType.DATE, True),
        ("2020-01-01", ColumnType.DATE, False),
    ],
)
def test_which_values_fit_a_type(value: object, kind: ColumnType, does: bool) -> None:
    assert fits(value, kind) is does


CATALOGUE = """
[source]
name = "hospital"
person_key = "pid"

[tables.stay.columns.day]
type = "date"
description = "Day of admission"
bounds = [2020-01-01, 2025-12-31]
breaks = [2023-01-01]

[tables.stay.columns.code]
type = "string"
description = "A code that looks like a date"
categories = ["2020-01-01", "1", "true"]

[tables.stay.columns.score]
type = "number"
description = "Score"
categories = [1, 2.5]
"""


def test_a_catalogue_survives_json_dates_and_lookalikes_included(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(CATALOGUE, encoding="utf-8")
    catalogue = read_catalogue(path)
    again = Catalogue.model_validate_json(catalogue.model_dump_json())
    assert again == catalogue
    columns = again.tables["stay"].columns
    assert columns["day"].bounds == (date(2020, 1, 1), date(2025, 12, 31))
    assert columns["code"].categories == ("2020-01-01", "1", "true")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (CATALOGUE.replace("person_key", "patient_key"), "source.patient_key"),
        (CATALOGUE + "secret = 1", "tables.stay.columns.score.secret"),
        (CATALOGUE + "[tables.stay.columns.Day]\ntype = 'date'\ndescription = 'x'", "day and Day differ only by case"),
        (CATALOGUE + "[tables.'../x'.columns.a]\ntype = 'date'\ndescription = 'x'", "tables"),
        (CATALOGUE + "[tables.STAY.columns.a]\ntype = 'date'\ndescription = 'x'", "differ only by case"),
        (CATALOGUE + "[tables.empty]\ncolumns = {}", "tables.empty.columns"),
    ],
)
def test_mistakes_are_named_with_their_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFileError, match=r"c\.toml") as caught:
        read_catalogue(path)
    assert named in str(caught.value)
