"""What a notebook shows for one declaration, as HTML: verdict, findings, both tables, loss, what to ask for instead.

Everything is escaped: names and labels come from hostile hands. Cells are told apart by a letter and an outline, not by
colour alone; colours bring their own foreground, so that they read the same on light and dark pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from bulle import foresight
from bulle.judge import Judged
from bulle.marks import Mark, marks_of
from bulle.plot import preview_html
from bulle.show import (
    MAX_ROWS,
    MISSING,
    SUPPRESSED,
    finding_lines,
    loss_line,
    note_lines,
    printable,
    spell,
    suggestion_lines,
    verdict_words,
)
from egress.checks.model import Finding, Outcome
from egress.checks.table import Table, Value
from hub.language import render
from hub.words import Message, say

# Background, foreground, outline: at least 7 : 1 between the first two.
_BADGES = {Outcome.PASS: "#14532d", Outcome.REVIEW: "#713f12", Outcome.FAIL: "#7f1d1d"}
_CELLS = {
    Mark.PRIMARY: "background:#fecaca;color:#450a0a;outline:2px solid #b91c1c;outline-offset:-2px",
    Mark.SECONDARY: "background:#fde68a;color:#422006;outline:2px dashed #a16207;outline-offset:-2px",
    Mark.REVIEW: "background:#dbeafe;color:#172554;outline:2px dotted #1d4ed8;outline-offset:-2px",
}
_HIDDEN = "background:#e4e4e7;color:#27272a;outline:1px solid #71717a;outline-offset:-1px"
_LETTERS = {Mark.PRIMARY: "▲", Mark.SECONDARY: "△", Mark.REVIEW: "?"}
_LEGEND = {
    Mark.PRIMARY: say("a rule is not met"),
    Mark.SECONDARY: say("would give a suppressed value back"),
    Mark.REVIEW: say("a person must look"),
}
_WORD = say("suppressed")


def html_report(heading: str, judged: Judged, language: str) -> str:
    """The whole picture of one output."""
    words = escape(verdict_words(judged.outcome, language))
    badge = f"background:{_BADGES[judged.outcome]};color:#fff;padding:1px 8px;border-radius:8px"
    parts = [f'<div><strong>{escape(printable(heading))}</strong> <span style="{badge}">{words}</span></div>']
    parts += [_list(note_lines(judged.notes, language)), _findings(judged.findings, language)]
    parts += [html_preview(judged.preview, language), _tables(judged, language), _suggestion(judged, language)]
    return "\n".join(part for part in parts if part)


def html_preview(preview: Mapping[str, Any] | None, language: str) -> str:
    """Cost and accuracy of a DP output: in words, drawn, and as a table."""
    return _list(foresight.lines(preview, language)) + preview_html(preview, language)


def html_sentence(message: Message, language: str) -> str:
    """One sentence in place of a table."""
    style = f"border-left:4px solid {_BADGES[Outcome.FAIL]};padding-left:8px"
    return f'<div style="{style}">{escape(render(message, language))}</div>'


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>" if lines else ""


def _findings(findings: Sequence[Finding], language: str) -> str:
    """What a reader must see, and the rest folded away."""
    notable = [finding for finding in findings if finding.notable]
    quiet = [finding for finding in findings if not finding.notable]
    shown = _list(finding_lines(notable, language, advise=True))
    if not quiet:
        return shown
    summary = escape(render(say("{count} checks without a finding", count=len(quiet)), language))
    return f"{shown}<details><summary>{summary}</summary>{_list(finding_lines(quiet, language))}</details>"


@dataclass(frozen=True)
class _Side:
    """One of the two tables: what is marked in it, and which of its cells are suppressed."""

    table: Table
    caption: Message
    marks: Mapping[tuple[int, int], Mark]
    hidden: frozenset[tuple[int, int]]


def _tables(judged: Judged, language: str) -> str:
    """The exact table with its marks beside the one that would leave; one alone where they do not differ."""
    exact = judged.exact
    protected = judged.protected if judged.outcome is not Outcome.FAIL else None
    marks = marks_of(judged.findings)
    sides = []
    if exact is not None and (protected is None or marks or protected.rows != exact.rows):
        sides.append(_Side(exact, say("Exact, for your eyes only"), marks, frozenset()))
    if protected is not None:
        sides.append(_Side(protected, say("What would leave"), {}, _hidden(protected, exact, judged.keys)))
    if not sides:
        return ""
    wrap = "display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start"
    figures = "".join(_figure(side, judged.keys, language) for side in sides)
    legend = _legend({mark for side in sides for mark in side.marks.values()}, language, hides=bool(sides[-1].hidden))
    lost = f"<div>{escape(loss_line(judged, language))}</div>" if loss_line(judged, language) else ""
    return f'<div style="{wrap}">{figures}</div>{legend}{lost}'


def _hidden(protected: Table, exact: Table | None, keys: Sequence[str]) -> frozenset[tuple[int, int]]:
    """The cells that lost their value; one that had none is not suppressed."""
    places = [at for at, name in enumerate(protected.columns) if name not in keys]
    return frozenset(
        (row, at)
        for row, values in enumerate(protected.rows)
        for at in places
        if values[at] is None and (exact is None or exact.rows[row][at] is not None)
    )


def _figure(side: _Side, keys: Sequence[str], language: str) -> str:
    table = side.table
    head = "".join(f'<th scope="col">{escape(printable(name))}</th>' for name in table.columns)
    body = "".join(
        f"<tr>{''.join(_cell(side, keys, (row, at), language) for at in range(len(table.columns)))}</tr>"
        for row in range(min(len(table.rows), MAX_ROWS))
    )
    more = len(table.rows) - MAX_ROWS
    told = say("… and {rows} further rows, with {cells} marked cells", rows=more, cells=_beyond(side.marks))
    below = f"<div>{escape(render(told, language))}</div>" if more > 0 else ""
    above = f'<caption style="white-space:nowrap">{escape(render(side.caption, language))}</caption>'
    return f"<div><table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"


def _beyond(marks: Mapping[tuple[int, int], Mark]) -> int:
    """How many marked cells stand in rows that are not shown."""
    return sum(row >= MAX_ROWS for row, _ in marks)


def _cell(side: _Side, keys: Sequence[str], place: tuple[int, int], language: str) -> str:
    row, at = place
    value: Value | None = side.table.rows[row][at]
    text = escape(spell(value, missing=MISSING))
    mark = side.marks.get(place)
    if mark is not None and side.table.columns[at] not in keys:
        words = escape(render(_LEGEND[mark], language))
        return f'<td style="{_CELLS[mark]}" title="{words}">{text}&nbsp;{_LETTERS[mark]}</td>'
    if place in side.hidden:
        return f'<td style="{_HIDDEN}" title="{escape(render(_WORD, language))}">{SUPPRESSED}</td>'
    return f"<td>{text}</td>"


def _legend(marks: set[Mark], language: str, *, hides: bool) -> str:
    entries = [(_CELLS[mark], _LETTERS[mark], _LEGEND[mark]) for mark in Mark if mark in marks]
    if hides:
        entries.append((_HIDDEN, SUPPRESSED, _WORD))
    items = "".join(
        f'<span style="margin-right:16px"><span style="{style};padding:0 6px">{letter}</span> '
        f"{escape(render(words, language))}</span>"
        for style, letter, words in entries
    )
    return f'<div style="margin:4px 0">{items}</div>' if items else ""


def _suggestion(judged: Judged, language: str) -> str:
    if judged.suggestion is None:
        return ""
    lines = suggestion_lines(judged.suggestion, language)
    return f"<div>{escape(' '.join(lines))}</div><pre><code>{escape(printable_sql(judged.suggestion.sql))}</code></pre>"


def printable_sql(sql: str) -> str:
    """SQL to paste, its lines kept."""
    return "\n".join(printable(line) for line in sql.split("\n"))
