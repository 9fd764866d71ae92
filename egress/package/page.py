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
from egress.package.contents import PackageContents, ReleasedTable
from hub.language import LANGUAGES, render
from hub.words import Message, say

_TEMPLATES = Path(__file__).parent / "templates"
_WITHHELD = say("Withheld: everything that stands here in the notebook and was not approved for release.")
_REASONS = say(
    "Code, text and whatever was not declared does not leave; declared outputs leave only when the checks did not "
    "refuse them and the output checkers approved them."
)
_SUPPRESSED = say("An empty cell is a suppressed value, or a category that is missing.")
_NOISY = say("These numbers carry noise added for differential privacy; criteria.json says how much.")
_ROUNDED = say("These numbers are rounded.")


def page(contents: PackageContents) -> str:
    """One HTML document without scripts, links or anything outside of it."""
    notebook = new_notebook(cells=[new_raw_cell(_mark(_WITHHELD), id="withheld-0")])
    for number, released in enumerate(contents.tables, start=1):
        output = new_output("display_data", data={"text/html": _table(released)})
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


def _table(released: ReleasedTable) -> str:
    report, table = released.report, released.table
    notes = [_SUPPRESSED] if _has_empty(table) else []
    notes += [_NOISY] if report.protect is Protection.DP else []
    notes += [_ROUNDED] if report.protect is Protection.ROUND else []
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in table.rows)
    caption = f"{escape(report.title)} <code>{escape(report.name)}</code>"
    below = "".join(f"<p>{_both(note)}</p>" for note in notes)
    return (
        f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>{below}"
    )


def _cell(value: Value | None) -> str:
    known = plain(value)
    if known is None:
        return '<td class="empty"></td>'
    kind = "text" if isinstance(known, str | bool) else "number"
    return f'<td class="{kind}">{escape(str(known))}</td>'


def _has_empty(table: Table) -> bool:
    return any(value is None for row in table.rows for value in row)
