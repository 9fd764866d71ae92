"""What changed between two turns, as lines and counts."""

from dataclasses import replace

from egress.checks.table import Table
from egress.release.picture import Figure
from egress.web.since import Line, difference, since
from tests.egress.web.planted import by_site
from tests.egress.web.planted_figure import figure, text


def test_the_same_report_has_no_difference() -> None:
    assert since(by_site(), by_site()).nothing


def test_sql_cells_and_findings_are_told_apart() -> None:
    before = by_site()
    assert before.exact is not None
    rows = (("Charleston", 813, 2411, 301.25), *before.exact.rows[1:])
    now = replace(
        before,
        sql=before.sql.replace("FROM", "FROM  "),
        exact=Table(before.exact.columns, rows),
        findings=before.findings[1:],
    )
    found = since(before, now)
    assert (found.cells, len(found.gone), found.come) == (1, 1, ())
    assert {line.kind for line in found.sql or ()} == {"added", "gone", "kept"}
    assert since(now, before).come == found.gone
    fewer = replace(before, exact=Table(before.exact.columns, rows[1:]))
    assert since(before, fewer).cells is None


def test_another_picture_and_another_text_are_changes() -> None:
    drawn, said = figure(), text()
    assert since(drawn, figure()).nothing
    other = replace(drawn, figure=Figure(("persons_by_year",), b"other"))
    assert (since(drawn, other).picture, since(drawn, other).nothing) == (True, False)
    found = since(said, replace(said, text="Nothing was found,\nthing\n"))
    assert {line.kind for line in found.text or ()} == {"added", "gone", "kept"}
    assert not found.nothing
    assert since(replace(said, text="a\n" * 2_001), said).text is None


def test_lines_of_hostile_text_stay_one_line_each() -> None:
    assert difference("a\n" * 2_001, "a") is None
    found = difference("a\nb", "a\n\x1b[2Jb\u202e")
    assert found is not None
    assert [line.kind for line in found] == ["kept", "gone", "added"]
    assert found[1] == Line("gone", "b")
    assert "\x1b" not in found[2].text
    assert "\u202e" not in found[2].text
