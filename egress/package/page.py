"""`index.html`: a notebook of the approved tables, rendered by nbconvert with a template of our own.

Nothing of the researcher's notebook is copied into it, not even how many cells it has: between two approved outputs
stands one mark, whatever was there.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output, new_raw_cell

from egress.checks.model import Protection
from egress.checks.table import Table, Value, plain
from egress.package.citation import TO_CITE, citation
from egress.package.contents import PackageContents, ReleasedTable
from egress.package.noise import OLS, SAMPLE, SYNTHETIC, Interval, Told, half_width_of
from egress.package.readme import SYNTHETIC_TOLD
from egress.package.tidy import whole
from hub.language import LANGUAGES, render
from hub.words import Message, say

_TEMPLATES = Path(__file__).parent / "templates"
_WITHHELD = say("Withheld: everything that stands here in the notebook and was not approved for release.")
_REASONS = say(
    "Code, text and whatever was not declared does not leave; declared outputs leave only when the checks did not "
    "refuse them and the output checkers approved them."
)
_SUPPRESSED = say("An empty cell is a suppressed value, or a category that is missing.")
_NOISY = say(
    "These numbers carry noise added for differential privacy. Beside each stands how far the exact one may lie: "
    "± so much, or between [low; high]. README.txt says what the columns of the file are."
)
_REGRESSION = say(
    "These coefficients were worked out from cross products with noise added for differential privacy. Beside each "
    "stands where it lies with the confidence stated, sampling and noise together."
)
_ROUNDED = say("These numbers are rounded.")
_KINDS = {SYNTHETIC: SYNTHETIC_TOLD, OLS: _REGRESSION}


def page(contents: PackageContents) -> str:
    """One HTML document without scripts, links or anything outside of it."""
    notebook = new_notebook(cells=[new_raw_cell(_mark(_WITHHELD), id="withheld-0")])
    for number, released in enumerate(contents.tables, start=1):
        output = new_output("display_data", data={"text/html": _table(contents, released)})
        notebook.cells.append(new_code_cell("", id=f"output-{number}", outputs=[output]))
        notebook.cells.append(new_raw_cell(_mark(_WITHHELD), id=f"withheld-{number}"))
    nbformat.validate(notebook)
    exporter = HTMLExporter(template_name="bulle", extra_template_basedirs=[str(_TEMPLATES)])
    html, _ = exporter.from_notebook_node(notebook, {"bulle": _texts(contents)})
    return str(html)


def _texts(contents: PackageContents) -> dict[str, str]:
    return {
        "title": escape(contents.request.id),
        "heading": _both(say("Release package {request}", request=contents.request.id)),
        "reasons": _both(_REASONS),
        "policy": "default-src 'none'; style-src 'unsafe-inline'",
    }


def _mark(message: Message) -> str:
    return _both(message)


def _both(message: Message) -> str:
    return "<br>".join(f'<span lang="{language}">{escape(render(message, language))}</span>' for language in LANGUAGES)


def _table(contents: PackageContents, released: ReleasedTable) -> str:
    report, table, told = released.report, released.table, released.told
    rows = table.rows[:SAMPLE] if released.is_synthetic else table.rows
    notes = [_SUPPRESSED] if report.protect is not Protection.DP and _has_empty(table) else []
    if report.protect is Protection.DP:
        notes += [_KINDS.get(told.kind if told else "", _NOISY)]
        notes += told.notes if told else ()
    if len(rows) < len(table.rows):
        notes += [say("The first {shown} of {all} records; the file has all.", shown=len(rows), all=len(table.rows))]
    notes += [_ROUNDED] if report.protect is Protection.ROUND else []
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    body = "".join(f"<tr>{_cells(row, told, place)}</tr>\n" for place, row in enumerate(rows))
    caption = f"{escape(report.title)} <code>{escape(report.name)}</code>"
    below = "".join(f"<p>{_both(note)}</p>" for note in notes)
    return (
        f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"
        f"{below}{_cited(contents, released)}"
    )


def _cited(contents: PackageContents, released: ReleasedTable) -> str:
    if released.told is None:
        return ""
    sentences = [
        (language, sentence)
        for language in LANGUAGES
        if (sentence := citation(contents.request, released.report, released.told, language))
    ]
    quotes = "".join(f'<p lang="{language}">{escape(sentence)}</p>' for language, sentence in sentences)
    return f"<p>{_both(TO_CITE)}</p><blockquote>{quotes}</blockquote>" if sentences else ""


def _cells(row: tuple[Value | None, ...], told: Told | None, place: int) -> str:
    line = told.intervals[place] if told and told.intervals else (None,) * len(row)
    return "".join(_cell(value, interval) for value, interval in zip(row, line, strict=True))


def _cell(value: Value | None, interval: Interval | None) -> str:
    known = plain(value)
    if known is None:
        return '<td class="empty"></td>'
    kind = "text" if isinstance(known, str | bool) else "number"
    return f'<td class="{kind}">{escape(str(known))}{_reach(value, interval)}</td>'


def _reach(value: Value | None, interval: Interval | None) -> str:
    if interval is None:
        return ""
    half, (low, high) = half_width_of(value, interval), (whole(end) for end in interval)
    return f' <span class="reach">{f"± {whole(half)}" if half is not None else f"[{low}; {high}]"}</span>'


def _has_empty(table: Table) -> bool:
    return any(value is None for row in table.rows for value in row)
