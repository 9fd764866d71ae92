"""CSV that a spreadsheet opens without running anything."""

import csv
import io
import string
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.checks.table import Table
from egress.package.tables import FORMULA, to_csv


def rows(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(to_csv(table).decode(), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=HYPERLINK(A1)",
        "+1",
        "-1",
        "@SUM(A1)",
        "  =1",
        "＝1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_a_text_that_begins_like_a_formula_is_text(text: str) -> None:
    assert rows(Table((text, "n"), ((text, 1),))) == [[f"'{text}", "n"], [f"'{text}", "1"]]


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1", "\x0b=1", "\x85=1", "\u2028=1"])
def test_a_control_character_neither_hides_a_formula_nor_ends_a_row(text: str) -> None:
    assert rows(Table(("label", "n"), ((text, 1),))) == [["label", "n"], ["' =1", "1"]]


@pytest.mark.parametrize(
    "text", ["a;=1+1", "a; +1", "a\";=cmd|' /C calc'!A0", "a;;-1", "a;\t@SUM(A1)", "a;\u00a0＝1", 'a;"=1', 'a; ""@x']
)
def test_no_cell_is_a_formula_where_semicolons_separate(text: str) -> None:
    written = to_csv(Table(("n", "label"), ((1, text),))).decode()
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=";"):
        assert not any(cell.lstrip().startswith(FORMULA) for cell in row)


def test_a_semicolon_that_begins_no_formula_stays_as_it_is() -> None:
    assert rows(Table(("label", "n"), (("north; south", 1),)))[1] == ["north; south", "1"]


def test_numbers_stay_numbers() -> None:
    table = Table(("a", "b", "c", "d", "e"), ((-5, -1.5, Decimal("2.50"), True, date(2024, 2, 29)),))
    assert rows(table)[1] == ["-5", "-1.5", "2.5", "True", "2024-02-29"]


def test_a_suppressed_value_is_empty_and_does_not_turn_its_column_into_decimals() -> None:
    assert rows(Table(("n",), ((11,), (None,), (12345678901234567,)))) == [["n"], ["11"], [""], ["12345678901234567"]]


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)))
def test_no_cell_begins_like_a_formula(texts: list[str]) -> None:
    table = Table(("label", "n"), tuple((text, 1) for text in texts))
    found = rows(table)
    assert len(found) == len(texts) + 1
    assert not any(row[0].lstrip().startswith(FORMULA) for row in found)
    written = to_csv(Table(("n", "label"), tuple((1, text) for text in texts))).decode()
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=";", quoting=csv.QUOTE_NONE):
        assert not any(cell.lstrip(f'"{string.whitespace}').startswith(FORMULA) for cell in row[1:])
    assert all(row[1] == "1" for row in found[1:])
