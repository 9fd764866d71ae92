"""The release ledger as lines for people and as JSON for programs. It holds no value of a cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from egress.airlock.desk import Desk
from egress.query.described import filters_in_words, keys_in_words
from egress.release.conflict import Conflict
from egress.release.ledger import Entry
from egress.released.fingerprint import Fingerprint
from hub.words import Message, say

Text = Callable[[Message], str]


@dataclass(frozen=True)
class Listed:
    """One table of the ledger. `open`: whether the reader may know more of it than its project and its date."""

    entry: Entry
    open: bool
    fingerprint: Fingerprint | None = None
    conflicts: tuple[Conflict, ...] | None = ()


def ledger_of(desk: Desk, person: str | None, source: str | None) -> tuple[Listed, ...]:
    """The tables, newest first; `person` None is the operator, who sees all of them."""
    situation = desk.look()
    if person is None:
        entries = situation.ledger
    else:
        entries = tuple(
            entry for each in situation.sources_checked_by(person) for entry in situation.ledger_for(person, each)
        )
    chosen = [entry for entry in entries if source in {None, entry.source}]
    chosen.sort(key=lambda entry: (entry.at, entry.request, entry.output), reverse=True)

    def listed(entry: Entry) -> Listed:
        if person is not None and not situation.sees(person, entry.project):
            return Listed(entry, open=False)
        return Listed(entry, open=True, fingerprint=desk.fingerprint(entry), conflicts=desk.conflicts(situation, entry))

    return tuple(listed(entry) for entry in chosen)


def entry_lines(listed: Listed, text: Text) -> list[str]:
    """One table: what it is, then what it is of and what it conflicts with."""
    entry = listed.entry
    name = f"{entry.request}/{entry.output}" if listed.open else entry.project
    lines = [f"{entry.source:<12} {entry.at[:16]:<17} {entry.fate.value:<9} {name}"]
    if not listed.open:
        return lines
    if listed.fingerprint is None:
        lines.append(f"    {text(say('its fingerprint is missing or cannot be read'))}")
    else:
        keys, filters = keys_in_words(listed.fingerprint.query), filters_in_words(listed.fingerprint.query)
        lines += [f"    {text(say('by'))}: {_plain(', '.join(keys))}"] if keys else []
        lines += [f"    {text(say('where'))}: {_plain(condition)}" for condition in filters]
    if listed.conflicts is None:
        lines.append(f"    {text(say('its report is missing or cannot be read'))}")
    for conflict in listed.conflicts or ():
        beside = f"{conflict.request}/{conflict.output}"
        lines.append(
            f"    {text(say('conflicts with {table} in {cells} cells', table=beside, cells=conflict.all_cells))}"
        )
    return lines


def entry_json(listed: Listed) -> dict[str, Any]:
    """One table; what the reader may not know of it is left out."""
    entry, found = listed.entry, listed.fingerprint
    told: dict[str, Any] = {
        "source": entry.source,
        "project": entry.project,
        "fate": entry.fate.value,
        "at": entry.at,
    }
    if not listed.open:
        return told
    return {
        **told,
        "request": entry.request,
        "output": entry.output,
        "fingerprint": entry.fingerprint,
        "readable": found is not None,
        "extract": found.lineage.extract if found is not None else None,
        "keys": list(keys_in_words(found.query)) if found is not None else [],
        "filters": list(filters_in_words(found.query)) if found is not None else [],
        "rows": len(found.table.rows) if found is not None else None,
        "conflicts": None
        if listed.conflicts is None
        else [
            {
                "project": conflict.project,
                "request": conflict.request,
                "output": conflict.output,
                "cells": conflict.all_cells,
            }
            for conflict in listed.conflicts
        ],
    }


def _plain(text: str) -> str:
    """What may be shown in a terminal: other characters would be read as commands there."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
