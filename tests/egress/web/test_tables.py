"""Tables and numbers as pages show them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel import Locale
from babel.numbers import parse_pattern
from hypothesis import given
from hypothesis import strategies as st

from egress.checks.model import Finding, Outcome, Risk
from egress.checks.table import Table
from egress.package.spelling import number, visible
from egress.pages.visit import moment
from egress.web.tables import show_evidence, show_exact, show_table
from hub.words import say


def texts(rows: object) -> list[list[str]]:
    return [[cell.text for cell in row] for row in rows]  # type: ignore[attr-defined]  # rows of Shown


def test_a_missing_category_and_a_suppressed_number_never_look_alike() -> None:
    shown = show_table(Table(("site", "n"), (("A", 12), (None, 13), ("B", None))), "en")
    assert [(row[0].missing, row[0].withheld) for row in shown.rows] == [(False, False), (True, False), (False, False)]
    assert [(row[1].missing, row[1].withheld) for row in shown.rows] == [(False, False), (False, False), (False, True)]


def test_a_number_that_is_not_there_at_all_is_not_called_suppressed() -> None:
    exact = Table(("site", "mean"), (("A", None), ("B", 2.5)))
    shown = show_table(Table(("site", "mean"), (("A", None), ("B", None))), "en", exact)
    assert [(row[1].missing, row[1].withheld) for row in shown.rows] == [(True, False), (False, True)]


def test_cells_that_protection_changed_are_told_apart() -> None:
    shown = show_table(Table(("n",), ((10,), (20,))), "en", Table(("n",), ((11,), (20,))))
    assert [row[0].changed for row in shown.rows] == [True, False]


@pytest.mark.parametrize(
    ("largest", "expected"), [(9_999, ["1975", "9999"]), (10_000, ["1,975", "10,000"]), (10_001, ["1,975", "10,001"])]
)
def test_digits_are_grouped_from_five_on_for_a_whole_column(largest: int, expected: list[str]) -> None:
    shown = show_exact(Table(("n",), ((1975,), (largest,))), "en", ())
    assert [row[0] for row in texts(shown.rows)] == expected


def test_marks_are_the_findings_numbers_and_passes_mark_nothing() -> None:
    why = say("Why.")
    findings = (
        Finding("a", Risk.LOW_COUNT, Outcome.REVIEW, "", why, ((0, 1),)),
        Finding("b", Risk.DOMINANCE, Outcome.FAIL, "", why, ((0, 1), (1, 1))),
        Finding("d", Risk.LOW_COUNT, Outcome.PASS, "", why, ((0, 0),), remedy=say("These values are suppressed.")),
        Finding("c", Risk.LOW_COUNT, Outcome.PASS, "", why, ((1, 0),)),
    )
    shown = show_exact(Table(("site", "n"), (("A", 1), ("B", 2))), "en", findings)
    assert [[cell.marks for cell in row] for row in shown.rows] == [[(3,), (1, 2)], [(), (2,)]]


def test_noise_shows_its_margin_only_where_it_was_added() -> None:
    table = Table(("site", "n", "mean"), (("A", 101, 7.5), ("B", 98, None)))
    shown = show_table(table, "fr", None, ((None, (88.5, 113.5), (7.25, 20000)), (None, (85.5, 110.5), None)))
    assert [[cell.margin for cell in row] for row in shown.rows] == [
        ["", "± 12,5", "7,25 – 20\u202f000"],
        ["", "± 12,5", ""],
    ]


def test_cells_that_drive_the_price_are_marked_in_the_exact_table() -> None:
    shown = show_exact(Table(("site", "n"), (("A", 101), ("B", 9))), "en", (), frozenset({(1, 1)}))
    assert [[cell.drives for cell in row] for row in shown.rows] == [[False, False], [False, True]]


def test_evidence_tells_the_largest_share_of_one_person() -> None:
    exact = Table(("n",), ((5,),))
    measures = [None, {"total": 200.0, "largest": 30.0}, {"total": 0.0, "largest": 0.0}, {"total": 10, "largest": 9}]
    evidence = {"cells": [{"persons": 4, "rows": 5, "measures": measures}]}
    (shown,) = show_evidence(evidence, exact, "en")
    assert (shown.persons, shown.rows, shown.largest) == ("4", "5", "90 %")
    assert show_evidence({"cells": []}, exact, "en") == ()
    assert show_evidence({}, exact, "en") == ()


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, "0", "0"),
        (1234.5, "1234.5", "1234,5"),
        (Decimal("12345.25"), "12,345.25", "12\u202f345,25"),
        (1e-4, "0.0001", "0,0001"),
        (1e-6, "10⁻⁶", "10⁻⁶"),
        (-2.5e-7, "-2.5·10⁻⁷", "-2,5·10⁻⁷"),
        (True, "true", "true"),
    ],
)
def test_numbers_are_spelled_in_the_readers_language(value: object, english: str, french: str) -> None:
    assert (number(value, "en"), number(value, "fr")) == (english, french)


@given(
    st.one_of(
        st.integers(-(10**15), 10**15),
        st.floats(-1e12, 1e12, allow_nan=False).filter(lambda value: value == 0 or abs(value) >= 1e-4),
        st.decimals(-(10**12), 10**12, places=8, allow_nan=False).filter(lambda value: value == 0 or abs(value) >= 1),
    ),
    st.sampled_from(["en", "fr"]),
    st.booleans(),
)
def test_numbers_are_spelled_as_babel_spells_them(value: float | Decimal, language: str, grouped: bool) -> None:
    pattern = parse_pattern("#,##0.######" if grouped else "0.######")
    assert number(value, language, grouped=grouped) == pattern.apply(value, Locale.parse(language))


def test_times_are_spelled_in_the_readers_language() -> None:
    at = "2026-02-20T09:05:00.000+00:00"
    assert (moment(at, "en"), moment(at, "fr")) == ("20 Feb 2026, 09:05 UTC", "20 févr. 2026, 09:05 UTC")
    assert moment("not a time\u202e", "en") == "not a time⟨U+202E⟩"


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not any(character in shown for character in "\u202a\u202e\u2066\u200b\x1b\x00\u2028")


def test_readable_text_stays_as_it_is() -> None:
    assert visible("Séjours par région\n\t– 85 % « oui » 数") == "Séjours par région\n\t– 85 % « oui » 数"
