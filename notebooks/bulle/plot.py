"""A preview as HTML: accuracy against rho as a small drawing without script, and the same numbers as a table.

Lines and words take the page's own colour (currentColor), so that they read the same on light and dark pages; the asked
rho is told by a ring and by words, not by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bulle.foresight import most_telling, plain, upwards
from bulle.show import printable
from hub.language import render
from hub.words import say

_WIDTH, _HEIGHT = 420, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 28, 40
_INK = "currentColor"
_DIGITS = 4
_RANKS = say("misses its rank by rows")
_OFF = say("off by at most")


def preview_html(preview: Mapping[str, Any] | None, language: str) -> str:
    """The drawing beside its table; nothing where nothing is known before the draw."""
    if preview is None or (place := most_telling(preview)) is None:
        return ""
    points = [(rung["rho"], rung["widths"][place], rung["asked"]) for rung in preview["ladder"]]
    column = preview["columns"][place]
    words = render(_RANKS if column["ranks"] is not None else _OFF, language)
    told = f"{printable(column['name'])}: {words}"
    drawn = [(rho, max(float(width), 0.5), asked) for rho, width, asked in points]
    wrap = "display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start"
    return f'<div style="{wrap}">{_svg(drawn, told, language)}{_table(preview, place, told, language)}</div>'


def _svg(points: Sequence[tuple[float, float, bool]], told: str, language: str) -> str:
    """Both axes are logarithmic: ten times the rho is a third of the noise, a straight line."""
    across = _scale([rho for rho, _, _ in points], _LEFT, _WIDTH - _RIGHT)
    down = _scale([width for _, width, _ in points], _HEIGHT - _BOTTOM, _TOP)
    places = [(across(rho), down(width), rho, width, asked) for rho, width, asked in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, *_ in places)
    parts = [
        f'<polyline points="{line}" fill="none" stroke="{_INK}" stroke-width="1.5"/>',
        *(_dot(x, y, rho, width) for x, y, rho, width, asked in places if not asked),
        *(_ring(place, language) for place in places if place[4]),
        _axes(points, across, down),
        _text(_LEFT, _TOP - 14, told, "start"),
        _text(_WIDTH - _RIGHT, _HEIGHT - 4, "ρ", "end"),
    ]
    label = escape(render(say("Accuracy against rho"), language), quote=True)
    style = f"max-width:100%;width:{_WIDTH}px;height:auto;font:12px sans-serif"
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {_WIDTH} {_HEIGHT}" style="{style}">{"".join(parts)}</svg>'
    )


class _scale:  # noqa: N801 -- reads as the function it is
    """A logarithmic scale from values to places."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = math.log(min(values)), math.log(max(values))
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        width = self.high - self.low
        share = (math.log(value) - self.low) / width if width > 0 else 0.5
        return self.start + share * (self.end - self.start)


def _dot(x: float, y: float, rho: float, width: float) -> str:
    title = escape(f"ρ {plain(rho)}: ± {upwards(width, _DIGITS)}")
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_INK}"><title>{title}</title></circle>'


def _ring(place: tuple[float, float, float, float, bool], language: str) -> str:
    x, y, rho, width, _ = place
    words = render(say("asked: ρ {rho}, ± {width}", rho=plain(rho), width=upwards(width, _DIGITS)), language)
    late = x > _WIDTH * 0.6
    below = y < _TOP + 24
    text = _text(x + (-8 if late else 8), y + (16 if below else -8), words, "end" if late else "start", bold=True)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="{_INK}" stroke-width="2.5"/>{text}'


def _axes(points: Sequence[tuple[float, float, bool]], across: _scale, down: _scale) -> str:
    base, parts = _HEIGHT - _BOTTOM, []
    parts.append(f'<path d="M{_LEFT} {_TOP}V{base}H{_WIDTH - _RIGHT}" fill="none" stroke="{_INK}" opacity=".5"/>')
    for rho in _decades([rho for rho, _, _ in points]):
        parts.append(_text(across(rho), base + 16, plain(rho), "middle"))
        parts.append(f'<path d="M{across(rho):.1f} {base}v4" stroke="{_INK}" opacity=".5"/>')
    for width in _decades([width for _, width, _ in points]):
        parts.append(_text(_LEFT - 8, down(width) + 4, f"{width:,.6g}", "end"))
        parts.append(f'<path d="M{_LEFT} {down(width):.1f}h-4" stroke="{_INK}" opacity=".5"/>')
    return "".join(parts)


def _decades(values: Sequence[float]) -> list[float]:
    """The powers of ten among `values`; the ends where there are fewer than two."""
    low, high = min(values), max(values)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = [float(f"1e{power}") for power in range(first, last + 1)]
    return powers if len(powers) > 1 else [low, high]


def _text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}"{weight}>{escape(words)}</text>'


def _table(preview: Mapping[str, Any], place: int, told: str, language: str) -> str:
    heads = ["ρ", "ε", render(say("of this source's budget"), language), told]
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in heads)
    body = "".join(_row(preview, rung, place, language) for rung in preview["ladder"])
    summary = escape(render(say("What more or less rho would give"), language), quote=True)
    rows = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<details><summary>{summary}</summary><table aria-label="{summary}">{rows}</table></details>'


def _row(preview: Mapping[str, Any], rung: Mapping[str, Any], place: int, language: str) -> str:
    share = f"{100 * rung['rho'] / preview['source_cap']:.3g} %"
    cells = [plain(rung["rho"]), f"{rung['epsilon']:.3g}", share, f"± {upwards(rung['widths'][place], _DIGITS)}"]
    if rung["asked"]:
        cells[0] = f"▶ {cells[0]}"
        title = escape(render(say("what was asked"), language), quote=True)
        return f'<tr title="{title}" style="font-weight:bold">' + _cells(cells) + "</tr>"
    return f"<tr>{_cells(cells)}</tr>"


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{escape(text)}</td>" for text in texts)
