"""A text never passes: its size, what in it looks like a person, and people for the rest."""

from __future__ import annotations

import pytest

from egress.checks.model import Outcome, worst
from egress.checks.text import MOST_PLACES, check, suspects

KEY = "0123456789abcdef0123456789abcdef"


def outcomes(text: str, most: int = 1000, keys: frozenset[str] = frozenset()) -> list[tuple[str, Outcome]]:
    return [(found.where, found.outcome) for found in check(text, most, keys)]


def test_the_best_that_is_said_of_a_text_is_that_people_read_it() -> None:
    assert outcomes("We count stays by region.\n") == [("text", Outcome.REVIEW)]


@pytest.mark.parametrize(("size", "outcome"), [(9, Outcome.REVIEW), (10, Outcome.REVIEW), (11, Outcome.FAIL)])
def test_its_size_is_counted_in_bytes(size: int, outcome: Outcome) -> None:
    assert outcomes("x" * size, most=10) == [("text", outcome)]
    assert outcomes("é" * 5 + "x" * (size - 10) if size >= 10 else "é" * 4 + "x", most=10)[0][1] is outcome


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_no_text_is_refused(text: str) -> None:
    assert outcomes(text) == [("text", Outcome.FAIL)]


@pytest.mark.parametrize(
    "line", ["write to eve@hospital.example", "her number is 2 69 05 49 588 157 80", "1 84 12 76 451 089 46"]
)
def test_persons_are_refused_with_their_line(line: str) -> None:
    assert ("line 2", Outcome.FAIL) in outcomes(f"first\n{line}\n")


@pytest.mark.parametrize("line", ["since = '2023-01-15'", "site = 9876543210123"])
def test_what_may_be_a_code_or_a_day_is_for_people(line: str) -> None:
    assert outcomes(f"{line}\n") == [("line 1", Outcome.REVIEW), ("text", Outcome.REVIEW)]


def test_a_person_key_of_the_extract_is_refused_and_not_repeated() -> None:
    found = check(f"odd = '{KEY}'\n", 1000, frozenset({KEY}))
    assert (found[0].where, found[0].outcome) == ("line 1", Outcome.FAIL)
    assert KEY not in str(found)
    assert KEY in suspects(f"odd = '{KEY}'")
    assert not suspects("GROUP BY region")


def test_many_lines_give_a_bounded_report() -> None:
    found = check("since = '2023-01-15'\n" * 50, 10_000, frozenset())
    assert len(found) == MOST_PLACES + 1
    assert worst(each.outcome for each in found) is Outcome.REVIEW


def test_a_person_far_down_is_refused_whatever_stands_above() -> None:
    found = check("since = '2023-01-15'\n" * 50 + "eve@hospital.example\n", 10_000, frozenset())
    assert worst(each.outcome for each in found) is Outcome.FAIL


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one\nadmin \u202e17\u202c\n", "direction of reading"),
        ("one\nno\u200bthing\n", "nobody sees"),
        ("one\nbell \x07\n", "nobody sees"),
        ("one\nshape \ufe0f and \U000e0101\n", "nobody sees"),
        ("one\nfiller \u3164\n", "nobody sees"),
        ("one\ntags \U000e0041\n", "nobody sees"),
        ("one\nр\u0430tients in Pаris\n", "alphabets"),
        ("one\nthe end   \n", "Spaces"),
        ("one\nthin\u2009space\n", "Spaces"),
        ("one\ntwo  words\n", "Spaces"),
    ],
)
def test_what_its_reader_does_not_see_is_told_with_its_first_line(text: str, told: str) -> None:
    found = [each for each in check(text, 1000, frozenset(), prose=True) if told in str(each.why)]
    assert [(each.where, each.outcome) for each in found] == [("line 2", Outcome.REVIEW)]


@pytest.mark.parametrize(
    "text",
    [
        "Les séjours\u00a0: 3\u202f%, d'après l'enquête.\n",
        "β-bloquants, Δt, α = 5 %, Москва, Ελλάδα\n",
        "=cmd|' /C calc'!A0 and <script>alert(1)</script>\n",
        "a\r\nb\n\n\tindented\n",
    ],
)
def test_what_people_write_is_not_held_against_them(text: str) -> None:
    assert outcomes(text) == [("text", Outcome.REVIEW)]
    assert [found.where for found in check(text, 1000, frozenset(), prose=True)] == ["text"]


def test_code_aligns_with_spaces() -> None:
    assert outcomes("x = 1  # one\n") == [("text", Outcome.REVIEW)]
    assert len(check("x = 1  # one\n", 1000, frozenset(), prose=True)) == 2
