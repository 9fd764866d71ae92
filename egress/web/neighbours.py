"""Earlier requests of a project, and which of their tables share keys with the outputs under review: for checkers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from egress.airlock.desk import Desk, Opened
from egress.package.spelling import visible
from egress.release.ledger import Entry
from egress.release.model import ReleaseRequest

MOST_REQUESTS = 30
MOST_TABLES = 60  # fingerprints read for one page


@dataclass(frozen=True)
class Shared:
    """An earlier table with keys in common; `keys` are those."""

    entry: Entry
    keys: tuple[str, ...]


def earlier_requests(opened: Opened) -> tuple[ReleaseRequest, ...]:
    """The project's other requests, newest first: also those withdrawn, refused or rejected."""
    here = opened.request
    others = [each for each in opened.situation.requests.values() if each.project == here.project and each is not here]
    return tuple(reversed(others[-MOST_REQUESTS:]))


def shared_keys(desk: Desk, opened: Opened, person: str) -> Mapping[str, tuple[Shared, ...]]:
    """For each output, the tables of its source in other requests that are broken down by some of the same keys."""
    situation, here = opened.situation, opened.request
    keys = {entry: _keys(desk, entry) for entry in situation.tables_of(here)}
    every = situation.ledger_for(person, situation.source_for(here)) if keys else iter(())
    others = islice((entry for entry in every if entry.request != here.id), MOST_TABLES)
    known = [(entry, _keys(desk, entry)) for entry in others]
    found: dict[str, tuple[Shared, ...]] = {}
    for mine, own in keys.items():
        pairs = ((entry, tuple(key for key in own if key in theirs)) for entry, theirs in known)
        found[mine.output] = tuple(Shared(entry, common) for entry, common in pairs if common)
    return found


def _keys(desk: Desk, entry: Entry) -> tuple[str, ...]:
    fingerprint = desk.fingerprint(entry)
    return () if fingerprint is None else tuple(visible(key.name) for key in fingerprint.query.keys)
