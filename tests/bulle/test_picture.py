"""What a notebook shows: cells marked by kind in words and letters, both tables, what is lost, what to ask instead."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bulle.answer import output_text
from bulle.judge import Judged
from bulle.marks import Loss, Mark, loss_of, marks_of
from bulle.picture import html_report
from bulle.show import MAX_ROWS
from egress.checks.model import Assurance, Finding, Outcome, Risk
from egress.checks.table import Table
from egress.suggest import Suggestion
from hub.words import say

EXACT = Table(("k", "n", "m"), (("a", 5, 1.5), ("b", 20, None), ("c", 40, 2.5), ("d", 70, 3.5)))
PROTECTED = Table(("k", "n", "m"), (("a", None, None), ("b", None, None), ("c", 40, 2.5), ("d", 70, 3.5)))
REMEDY = say("These values are suppressed.")


def found(check: str, outcome: Outcome, *cells: tuple[int, int], remedy: bool = False) -> Finding:
    why = say("Why.")
    return Finding(check, Risk.LOW_COUNT, outcome, "table", why, cells, remedy=REMEDY if remedy else None)


FINDINGS = (
    found("low_counts", Outcome.PASS, (0, 1), (0, 2), remedy=True),
    found("secondary_suppression", Outcome.PASS, (1, 1), (0, 1), remedy=True),
    found("unanimity", Outcome.REVIEW, (3, 1), (1, 1)),
    found("shape", Outcome.PASS, (2, 1)),
)
JUDGED = Judged(
    "a",
    "",
    Assurance.RECOMPUTED,
    Outcome.REVIEW,
    FINDINGS,
    PROTECTED,
    EXACT,
    ("k",),
    loss=Loss(3, 1, 8),
    suggestion=Suggestion("SELECT '<b>'\nFROM t", (say("Why."),), 3),
)


def test_each_cell_has_its_strongest_mark() -> None:
    assert marks_of(FINDINGS) == {
        (0, 1): Mark.PRIMARY,
        (0, 2): Mark.PRIMARY,
        (1, 1): Mark.SECONDARY,
        (3, 1): Mark.REVIEW,
    }


def test_what_had_no_value_is_not_lost() -> None:
    assert loss_of(EXACT, PROTECTED, ("k",), FINDINGS) == Loss(cells=3, secondary=1, of=8)
    assert loss_of(EXACT, EXACT, ("k",), ()) == Loss(0, 0, 8)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_marks_are_letters_and_words_and_not_colours_alone(language: str) -> None:
    html = html_report("a", JUDGED, language)
    for letter in ("▲", "△", "?"):
        assert re.search(rf'title="[^"]+">[^<]*&nbsp;{re.escape(letter)}</td>', html)
    assert html.count('">✕</td>') == 3  # the cell that never had a value is a dash
    assert html.count("<caption") == 2
    assert "<details>" in html


def test_colours_bring_their_own_foreground() -> None:
    for style in re.findall(r'<(?:td|span) style="([^"]+)"', html_report("a", JUDGED, "en")):
        assert ("background:" in style) == ("color:" in style.replace("background-color", ""))


def test_every_word_is_escaped_and_sql_keeps_its_lines() -> None:
    html = html_report("<b>", JUDGED, "en")
    assert "<b>" not in html
    assert "<pre><code>SELECT &#x27;&lt;b&gt;&#x27;\nFROM t</code></pre>" in html


def test_a_refused_table_shows_no_other() -> None:
    refused = replace(JUDGED, outcome=Outcome.FAIL, findings=(found("low_counts", Outcome.FAIL, (0, 1)),))
    html = html_report("a", refused, "en")
    assert html.count("<caption") == 1
    assert "Lost" not in html


def test_long_tables_say_how_many_marks_are_not_shown() -> None:
    rows = tuple((f"k{at}", 100) for at in range(MAX_ROWS + 5))
    table = Table(("k", "n"), rows)
    marked = (found("unanimity", Outcome.REVIEW, (MAX_ROWS, 1), (0, 1)),)
    judged = replace(JUDGED, exact=table, protected=table, findings=marked, loss=None, suggestion=None)
    assert "… and 5 further rows, with 1 marked cells" in html_report("a", judged, "en")


def test_text_tells_the_same() -> None:
    text = output_text(JUDGED, "en")
    assert "Lost: 3 of 8 values (38 %). 1 of them go only so that others stay hidden." in text
    assert "A coarser table from which nothing is taken (3 values):" in text
    assert "      FROM t" in text
