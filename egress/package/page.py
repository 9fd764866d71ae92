"""`index.html`: a notebook of the approved outputs, rendered by nbconvert with a template of our own.

Nothing of the researcher's notebook is copied into it, not even how many cells it has: between two approved outputs
stands one mark, whatever was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output, new_raw_cell

from egress.checks.model import Protection
from egress.checks.table import Table, Value, plain
from egress.package.citation import TO_CITE, citation
from egress.package.contents import (
    PackageContents,
    Released,
    ReleasedFigure,
    ReleasedTable,
    ReleasedText,
    withheld_kinds,
)
from egress.package.noise import OLS, SAMPLE, SYNTHETIC, Interval, Told, half_width_of
from egress.package.readme import SYNTHETIC_TOLD
from egress.package.spelling import visible
from egress.package.tidy import whole
from egress.release.status import Status
from hub.language import LANGUAGES, render
from hub.words import Message, say

_TEMPLATES = Path(__file__).parent / "templates"
_WITHHELD = say("Withheld: everything that stands here in the notebook and was not approved for release.")
_KEPT = say("What was withheld")
_WHY_KEPT = {
    "refused_by_checks": say("Declared outputs that the checks refused: by the rules they may not leave."),
    "rejected_by_checkers": say("Declared outputs that the output checkers did not approve."),
    "undeclared": say("What the notebook shows without declaring it: printed text, other results, error reports."),
}
_ALWAYS_KEPT = say("Code and text of the notebook, unless they stand above as an output that was asked for.")
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
_READ = say(
    "Cells of the notebook as they were handed in. An output checker has read them; the enclave did not compute them."
)
_WORDS = say(
    "The researcher's own words, as they were handed in. An output checker has read them; the enclave did not check "
    "what they say."
)
_DRAWN = say(
    "The notebook drew this figure, and an output checker has looked at it; the enclave did not draw it. It shows: "
    "{tables}."
)
_ROUNDED = say("These numbers are rounded.")
_KINDS = {SYNTHETIC: SYNTHETIC_TOLD, OLS: _REGRESSION}


def page(contents: PackageContents) -> str:
    """One HTML document without scripts or anything outside of it; its links lead to places in it."""
    notebook = new_notebook(cells=[new_raw_cell(_mark(_WITHHELD), id="withheld-0")])
    for number, released in enumerate(contents.outputs, start=1):
        output = new_output("display_data", data={"text/html": _section(contents, released)})
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
        "facts": _each(lambda language: _facts(contents, language)),
        "reasons": _both(_REASONS),
        "listed": _listed(contents),
        "withheld": _both(_KEPT),
        "kept": _items(_both(why) for why in (*_kept(contents), _ALWAYS_KEPT)),
        "policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    }


def _facts(contents: PackageContents, language: str) -> str:
    request, rules = contents.request, contents.rules
    title = rules.title.fr if language == "fr" else rules.title.en
    checked = say("Project {project}. Checked by the rules “{rules}”.", project=request.project, rules=title)
    day, count = request.reached[Status.APPROVED][:10], len(request.reviews)
    approved = say("Approved on {day} in the automatic lane of these rules.", day=day)
    if count:
        approved = say("Approved on {day}; output checkers who reviewed it: {count}.", day=day, count=count)
    return f"{render(checked, language)} {render(approved, language)}"


def _kept(contents: PackageContents) -> list[Message]:
    return [_WHY_KEPT[kind] for kind, held in withheld_kinds(contents.request).items() if held]


def _listed(contents: PackageContents) -> str:
    """Where each output stands, when there are several."""
    if len(contents.outputs) < 2:
        return ""
    links = (f'<a href="#{escape(each.report.name)}">{_called(each)}</a>' for each in contents.outputs)
    return f"<nav>{_items(links)}</nav>"


def _items(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _called(released: Released) -> str:
    name = f"<code>{escape(released.report.name)}</code>"
    return f"{escape(visible(released.report.title))} {name}" if released.report.title else name


def _mark(message: Message) -> str:
    return _both(message)


def _both(message: Message) -> str:
    return _each(lambda language: render(message, language))


def _each(told: Callable[[str], str]) -> str:
    """What is told in each language; the page shows the one that its reader chose."""
    return "".join(f'<span lang="{language}">{escape(told(language))}</span>' for language in LANGUAGES)


def _section(contents: PackageContents, released: Released) -> str:
    """One output with all that is said of it; its name is an identifier, and so an anchor."""
    match released:
        case ReleasedText():
            shown = _text(released)
        case ReleasedFigure():
            shown = _figure(released)
        case ReleasedTable():
            shown = _table(contents, released) + _charts(released)
    return (
        f'<section id="{escape(released.report.name)}">\n<h2>{_called(released)}</h2>\n'
        f'<p class="about"><code>{escape(released.file)}</code></p>\n{shown}</section>'
    )


def _text(released: ReleasedText) -> str:
    told = _WORDS if released.report.prose else _READ
    return f'<p>{_both(told)}</p>\n<pre tabindex="0">{escape(visible(released.text))}</pre>\n'


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
    head = "".join(_head(column, [row[at] for row in rows]) for at, column in enumerate(table.columns))
    body = "".join(f"<tr>{_cells(row, told, place)}</tr>\n" for place, row in enumerate(rows))
    below = "".join(f"<p>{_both(note)}</p>" for note in notes)
    return (
        f'<div class="wide" tabindex="0"><table aria-label="{escape(report.title or report.name)}">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n{below}{_cited(contents, released)}"
    )


def _figure(released: ReleasedFigure) -> str:
    told = Message(_DRAWN.text, {"tables": ", ".join(released.figure.shows)})
    alt = escape(visible(released.report.title))
    return f'<figure><img alt="{alt}" src="{released.figure.address}"></figure>\n<p>{_both(told)}</p>\n'


def _charts(released: ReleasedTable) -> str:
    """Its charts as images: a browser runs nothing that stands in one."""
    return "".join(
        f'<figure><img alt="{escape(visible(picture.title) or picture.name)}" '
        f'src="{picture.address}">'
        f"<figcaption><code>figures/{escape(picture.name)}.svg</code></figcaption></figure>\n"
        for picture in released.report.pictures
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


def _head(column: str, values: Sequence[Value | None]) -> str:
    known = [value for value in map(plain, values) if value is not None]
    return f'<th scope="col" class="{_kind(known[0]) if known else "text"}">{escape(column)}</th>'


def _kind(value: Value) -> str:
    return "text" if isinstance(value, str | bool) else "number"


def _cells(row: tuple[Value | None, ...], told: Told | None, place: int) -> str:
    line = told.intervals[place] if told and told.intervals else (None,) * len(row)
    return "".join(_cell(value, interval) for value, interval in zip(row, line, strict=True))


def _cell(value: Value | None, interval: Interval | None) -> str:
    known = plain(value)
    if known is None:
        return '<td class="empty"></td>'
    return f'<td class="{_kind(known)}">{escape(str(known))}{_reach(value, interval)}</td>'


def _reach(value: Value | None, interval: Interval | None) -> str:
    if interval is None:
        return ""
    half, (low, high) = half_width_of(value, interval), (whole(end) for end in interval)
    return f' <span class="reach">{f"± {whole(half)}" if half is not None else f"[{low}; {high}]"}</span>'


def _has_empty(table: Table) -> bool:
    return any(value is None for row in table.rows for value in row)
