"""Rows of a table as HTML: what is hostile is text, what is marked is said in words, too."""

from egress.checks.model import Finding, Outcome, Risk
from egress.checks.table import Table
from egress.web.rows import rows
from egress.web.tables import ShownEvidence, show_exact, show_table
from hub.language import render
from hub.words import Message, say

HOSTILE = '"><script>alert(1)</script>'


def french(message: Message) -> str:
    return render(message, "fr")


def test_texts_of_the_data_are_escaped_wherever_they_stand() -> None:
    table = Table((HOSTILE, "n"), ((HOSTILE, 12),))
    told = rows(show_exact(table, "en", ()), (ShownEvidence(HOSTILE, HOSTILE, HOSTILE),), str)
    assert "<script" not in told
    assert told.count("&#34;&gt;&lt;script&gt;") == 5  # the column's name, the value, and the evidence


def test_a_row_tells_its_cells_and_who_stands_behind_them() -> None:
    finding = Finding("a", Risk.LOW_COUNT, Outcome.REVIEW, "", say("Why."), ((0, 1),))
    shown = show_exact(Table(("site", "n"), (("A", 3), (None, 20))), "fr", (finding,), frozenset({(1, 1)}))
    evidence = (ShownEvidence("3", "4", "90 %"), ShownEvidence("20", "21", ""))
    first, second = rows(shown, evidence, french).split("\n")
    assert first == (
        '<tr><td data-column="site" class="">A</td>'
        '<td data-column="n" class="number flagged">3<sup class="mark"><span class="unseen">constat </span>1</sup></td>'
        '<td data-column="personnes" class="number evidence">3</td>'
        '<td data-column="lignes" class="number evidence">4</td>'
        '<td data-column="plus forte part" class="number evidence">90 %</td></tr>'
    )
    assert second.startswith(
        '<tr><td data-column="site" class=""><span class="missing" title="sans valeur">–</span></td>'
        '<td data-column="n" class="number drives">20<sup class="mark">'
        '<span class="unseen">détermine le prix de divulgation : </span>ρ</sup></td>'
    )


def test_what_leaves_tells_suppression_change_and_margin() -> None:
    exact = Table(("n", "m"), ((3, 10),))
    shown = show_table(Table(("n", "m"), ((None, 12),)), "en", exact, ((None, (9.5, 14.5)),))
    assert rows(shown, (), str) == (
        '<tr><td data-column="n" class="number"><span class="suppressed">suppressed</span></td>'
        '<td data-column="m" class="number changed">12 <span class="margin">± 2.5</span></td></tr>'
    )
