"""What was published before of a source: entries of the ledger, with their fingerprints out of quarantine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from egress.airlock.situation import Situation
from egress.release.ledger import Entry, standing
from egress.release.model import ReleaseRequest, Standing
from egress.released.fingerprint import Fingerprint, Status
from egress.store.quarantine import Quarantine, QuarantineError


@dataclass(frozen=True)
class Known:
    """An earlier table that can be read."""

    entry: Entry
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Earlier:
    """What a request is held against. `unread`: earlier tables whose fingerprint is missing, altered or unreadable."""

    standing: Standing
    known: tuple[Known, ...] = ()
    unread: tuple[Entry, ...] = ()


def earlier_of(situation: Situation, request: ReleaseRequest, quarantine: Quarantine) -> Earlier:
    """What is published of its source for `request`, newest last."""
    entries = sorted(situation.published_for(request), key=lambda entry: (entry.at, entry.request, entry.output))
    known, unread = [], []
    for entry in entries:
        fingerprint = read_fingerprint(entry, quarantine)
        if fingerprint is None:
            unread.append(entry)
        else:
            known.append(Known(entry, replace(fingerprint, status=Status.RELEASED)))
    return Earlier(standing(situation.source_for(request), entries), tuple(known), tuple(unread))


def read_fingerprint(entry: Entry, quarantine: Quarantine) -> Fingerprint | None:
    """The fingerprint of `entry`; None when there is none, or it is not that table's."""
    if entry.fingerprint is None:
        return None
    try:
        found = Fingerprint.from_bytes(quarantine.get(entry.fingerprint))
    except (QuarantineError, ValueError):
        return None
    said = (found.project, found.request, found.output, found.lineage.source)
    return found if said == (entry.project, entry.request, entry.output, entry.source) else None
