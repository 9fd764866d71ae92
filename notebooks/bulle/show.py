"""Tables, findings, loss and suggestions as text, for people. Names and labels come from hostile hands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from bulle.judge import Judged
from egress.checks.advice import advice
from egress.checks.model import Finding, Outcome
from egress.checks.table import Table, Value
from egress.suggest import Suggestion
from hub.language import render
from hub.words import Message, say

SUPPRESSED = "✕"
MISSING = "–"  # a key that is not known: SQL's NULL
MAX_ROWS = 200

_VERDICTS = {
    Outcome.PASS: say("no automatic finding"),
    Outcome.REVIEW: say("a person must look"),
    Outcome.FAIL: say("refused"),
}


def verdict_words(outcome: Outcome, language: str) -> str:
    """The verdict as people read it: a machine pass says only that nothing was found."""
    return render(_VERDICTS[outcome], language)


def spell(value: Value | None, *, missing: str = SUPPRESSED) -> str:
    """A value of a table. None is `missing`: a suppressed value, or a missing key."""
    if value is None:
        return missing
    if isinstance(value, float | Decimal):
        return f"{value:,.0f}" if 1e5 <= abs(float(value)) < 1e15 else f"{value:,.6g}"
    return printable(str(value))


def printable(text: str) -> str:
    """Without control characters: they could rewrite a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def legend(table: Table, keys: Sequence[str], language: str) -> list[str]:
    """What the mark of a suppressed value means, when it stands in `table`."""
    return [render(say("✕: suppressed"), language)] if _suppresses(table, keys) else []


def text_table(table: Table, keys: Sequence[str] = ()) -> str:
    """Columns aligned for a terminal; at most MAX_ROWS rows, then how many more there are."""
    shown = table.rows[:MAX_ROWS]
    lines = [[printable(name) for name in table.columns], *(_spelled(table, row, keys) for row in shown)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(table.columns))]
    right = [any(isinstance(row[place], int | float | Decimal) for row in shown) for place in range(len(widths))]
    spelled = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    spelled.insert(1, "  ".join("-" * width for width in widths))
    if len(table.rows) > MAX_ROWS:
        spelled.append(f"… {len(table.rows) - MAX_ROWS}")
    return "\n".join(spelled)


def _spelled(table: Table, row: Sequence[Value | None], keys: Sequence[str]) -> list[str]:
    return [
        spell(value, missing=MISSING if name in keys else SUPPRESSED)
        for name, value in zip(table.columns, row, strict=True)
    ]


def _suppresses(table: Table, keys: Sequence[str]) -> bool:
    measures = [place for place, name in enumerate(table.columns) if name not in keys]
    return any(row[place] is None for row in table.rows for place in measures)


def finding_lines(findings: Iterable[Finding], language: str, *, advise: bool = False) -> list[str]:
    """One line per finding, the worst first; with what its author can do about it, where that is asked for."""
    told = sorted(findings, key=lambda one: _ORDER.index(one.outcome))
    return [_line(one, language, advise=advise) for one in told]


def note_lines(notes: Iterable[Message], language: str) -> list[str]:
    """What else an author should know, one line each."""
    return [render(note, language) for note in notes]


def loss_line(judged: Judged, language: str) -> str:
    """What protection takes from a table that leaves; nothing to say gives an empty text."""
    loss = judged.loss
    if loss is None or judged.outcome is Outcome.FAIL or not loss.of:
        return ""
    if not loss.cells:
        return render(say("Nothing of it is suppressed."), language)
    percent = f"{100 * loss.cells / loss.of:.0f}" if loss.cells >= loss.of / 100 else "< 1"
    told = say("Lost: {cells} of {of} values ({percent} %).", cells=loss.cells, of=loss.of, percent=percent)
    more = say("{secondary} of them go only so that others stay hidden.", secondary=loss.secondary)
    return " ".join(render(one, language) for one in (told, more)[: 1 + bool(loss.secondary)])


def suggestion_lines(suggestion: Suggestion, language: str) -> list[str]:
    """What to ask for instead; its SQL is shown apart."""
    first = say("A coarser table from which nothing is taken ({cells} values):", cells=suggestion.cells)
    return [render(first, language), *(render(change, language) for change in suggestion.changes)]


_ORDER = (Outcome.FAIL, Outcome.REVIEW, Outcome.PASS)
_MARKS = {Outcome.FAIL: "✗", Outcome.REVIEW: "?", Outcome.PASS: "·"}


def _line(finding: Finding, language: str, *, advise: bool) -> str:
    told = [render(sentence, language) for sentence in finding.sentences()]
    todo = advice(finding) if advise else None
    if todo is not None:
        told.append(f"→ {render(todo, language)}")
    where = f"{printable(finding.where)}: " if finding.where else ""
    return f"{_MARKS[finding.outcome]} {where}{printable(' '.join(told))}"
