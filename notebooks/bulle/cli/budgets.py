"""The privacy budget as lines for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bulle.cli.table import aligned
from egress.budget.view import Account, Line, Outside, Part
from egress.package.spelling import number
from egress.privacy.ledger import NANO, Ledger, balance, nano
from hub.extracts.plan import permit_digest
from hub.policy.model import DataPermit
from hub.words import Message, say

Text = Callable[[Message], str]

STANDING_WORDS = MappingProxyType(
    {
        "reserved": say("reserved, being drawn"),
        "released": say("released"),
        "lapsed": say("lapsed: nothing was drawn, it counts as spent"),
    }
)


def part_lines(part: Part, text: Text, language: str) -> list[str]:
    """One source: its sums, what they were spent on, what was refused, what is outside them."""
    lines = [text(say("Source {source}", source=part.source))]
    if part.unreadable is not None:
        lines.append(
            text(
                say(
                    "Entry {seq} of the log cannot be read by the ledger: nothing is spent until an operator looked, "
                    "and the sums below stop there.",
                    seq=part.unreadable,
                )
            )
        )
    titles = (say("project"), say("cap"), say("spent"), say("reserved"), say("left"), say("ε"), say("at δ"))
    lines += _table(titles, (_sums(each, text, language) for each in part.accounts), text)
    sections = (
        (
            say("What it was spent on"),
            say("Nothing was spent yet."),
            (say("time (UTC)"), say("project"), say("ρ"), say("outcome"), say("request"), say("table")),
            [_spent(line, text, language) for line in part.lines],
        ),
        (
            say("Asked for and refused"),
            say("None so far."),
            (say("time (UTC)"), say("project"), say("ρ"), say("why")),
            [
                (line.at[:16], line.project or "-", _rho(line.nano_rho, language), text(line.why) if line.why else "-")
                for line in part.refused
            ],
        ),
        (
            say("Outside the budget: exact releases"),
            say("None so far."),
            (say("time (UTC)"), say("project"), say("request"), say("table")),
            [(each.at[:16], each.project, *_named(each)) for each in part.outside],
        ),
    )
    for heading, nothing, columns, rows in sections:
        lines += ["", f"  {text(heading)}"]
        lines += _table(columns, rows, text) if rows else [f"  {text(nothing)}"]
    return [*lines, ""]


def part_json(part: Part, text: Text) -> dict[str, Any]:
    """One source; what the reader may not know is null."""
    return {
        "source": part.source,
        "whole": part.whole,
        "unreadable_entry": part.unreadable,
        "accounts": [
            {
                "project": each.project or None,
                "cap_rho": each.held.cap / NANO,
                "spent_rho": each.held.spent / NANO,
                "reserved_rho": each.held.reserved / NANO,
                "left_rho": each.held.left / NANO,
                "epsilon": each.epsilon,
                "delta": each.delta,
            }
            for each in part.accounts
        ],
        "entries": [{**_line(line), "standing": line.standing, "asked": _asked(line)} for line in part.lines],
        "refused": [{**_line(line), "why": text(line.why) if line.why else None} for line in part.refused],
        "unaccounted": [
            {"at": each.at, "project": each.project, **dict(zip(("request", "title"), _known(each), strict=True))}
            for each in part.outside
        ],
    }


def granted_json(before: DataPermit, permit: DataPermit, ledger: Ledger, *, changed: bool) -> dict[str, Any]:
    """A project's budget after a grant."""
    held = balance(ledger, permit.source, nano(permit.rho), permit.project)
    return {
        "schema": "bulle.budget-granted/1",
        "project": permit.project,
        "source": permit.source,
        "changed": changed,
        "before_rho": float(before.rho),
        "cap_rho": held.cap / NANO,
        "spent_rho": held.spent / NANO,
        "reserved_rho": held.reserved / NANO,
        "left_rho": held.left / NANO,
        "permit_sha256": permit_digest(permit),
    }


def _sums(each: Account, text: Text, language: str) -> tuple[str, ...]:
    held = each.held
    sums = (_rho(part, language) for part in (held.cap, held.spent, held.reserved, held.left))
    epsilon, delta = number(round(each.epsilon, 2), language), number(each.delta, language)
    return (each.project or text(say("all projects")), *sums, epsilon, delta)


def _spent(line: Line, text: Text, language: str) -> tuple[str, ...]:
    asked = line.asked
    request, table = ("-", "-") if asked is None else (asked.request, asked.title)
    if asked is not None:
        table += f" {text(say('by'))} {', '.join(asked.keys)}" if asked.keys else ""
        table += f" {text(say('where'))} {'; '.join(asked.filters)}" if asked.filters else ""
    standing = text(STANDING_WORDS[line.standing])
    return line.at[:16], line.project or "-", _rho(line.nano_rho, language), standing, request, table


def _known(each: Outside) -> tuple[str | None, str | None]:
    return (each.request, each.title) if each.title else (None, None)


def _named(each: Outside) -> tuple[str, str]:
    return (each.request, each.title) if each.title else ("-", "-")


def _line(line: Line) -> dict[str, Any]:
    rho = None if line.nano_rho is None else line.nano_rho / NANO
    return {"entry": line.seq, "at": line.at, "project": line.project or None, "rho": rho}


def _asked(line: Line) -> dict[str, Any] | None:
    asked = line.asked
    if asked is None:
        return None
    return {
        "request": asked.request,
        "title": asked.title,
        "keys": list(asked.keys),
        "filters": list(asked.filters),
    }


def _table(titles: Iterable[Message], rows: Iterable[tuple[str, ...]], text: Text) -> list[str]:
    return [f"  {line}" for line in aligned([text(title) for title in titles], list(rows)).splitlines()]


def _rho(nano_rho: int | None, language: str) -> str:
    return "-" if nano_rho is None else number(Decimal(nano_rho) / NANO, language)
