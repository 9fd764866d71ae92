"""The rows of a table as HTML, every text in them escaped. Pure.

A review page has ten thousand cells, and for each of them a template takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

from markupsafe import Markup, escape

from egress.web.tables import Shown, ShownEvidence, ShownTable
from hub.words import Message, say

Spell = Callable[[Message], str]  # in the reader's language
_EVIDENCE = (say("persons"), say("rows"), say("largest share"))
_SUPPRESSED, _MISSING = say("suppressed"), say("no value")
_DRIVES, _FINDING = say("drives the disclosure price:"), say("finding")


def rows(shown: ShownTable, evidence: Sequence[ShownEvidence], spell: Spell) -> Markup:
    """The `<tr>`s of a table's body; `evidence` is one entry for each row, or nothing."""
    begins = [f'<td data-column="{escape(name)}" class="' for name in shown.columns]
    behind = [f'<td data-column="{escape(spell(name))}" class="number evidence">' for name in _EVIDENCE]
    lines = []
    for values, of_row in zip_longest(shown.rows, evidence):
        cells = [_cell(begin, value, spell) for begin, value in zip(begins, values, strict=True)]
        if of_row is not None:
            texts = (of_row.persons, of_row.rows, of_row.largest)
            cells += [f"{begin}{escape(text)}</td>" for begin, text in zip(behind, texts, strict=True)]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return Markup("\n".join(lines))  # noqa: S704 -- made of escaped texts and this module's own tags


def _cell(begin: str, value: Shown, spell: Spell) -> str:
    kinds = "number" if value.numeric else ""
    if value.marks or value.drives or value.changed:  # of few cells
        kinds += " flagged" * bool(value.marks) + " drives" * value.drives + " changed" * value.changed
    return f'{begin}{kinds}">{_inside(value, spell)}{_notes(value, spell)}</td>'


def _inside(value: Shown, spell: Spell) -> str:
    if value.withheld:
        return f'<span class="suppressed">{escape(spell(_SUPPRESSED))}</span>'
    if value.missing:
        return f'<span class="missing" title="{escape(spell(_MISSING))}">–</span>'
    text = escape(value.text)
    return f'{text} <span class="margin">{escape(value.margin)}</span>' if value.margin else text


def _notes(value: Shown, spell: Spell) -> str:
    if not (value.drives or value.marks):
        return ""
    notes = [(spell(_DRIVES), "ρ")] if value.drives else []
    notes += [(spell(_FINDING), str(mark)) for mark in value.marks]
    return "".join(
        f'<sup class="mark"><span class="unseen">{escape(unseen)} </span>{note}</sup>' for unseen, note in notes
    )
