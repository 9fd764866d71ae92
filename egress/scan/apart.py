"""Edge: files looked into by a child of their own, so that whatever breaks the scan breaks no more than one scan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from egress.apart.asking import asked
from egress.checks.model import Outcome
from egress.scan.kinds import Kind
from egress.scan.model import Looked, Notice, Rules, Scanned
from hub.policy.limits import ImportLimits
from hub.policy.model import ImportRules
from hub.words import say

MEGABYTE = 1_000_000
_MOST_TOLD = 8 << 20  # names of archives' members, and sentences


def rules_of(rules: ImportRules, limits: ImportLimits) -> Rules:
    """What a scan goes by under a data holder's rules."""
    return Rules(
        compiled=rules.compiled,
        identifiers=rules.identifiers,
        max_unpacked=limits.max_unpacked_mb * MEGABYTE,
        max_entries=limits.max_entries,
        max_depth=limits.max_depth,
        encoded_run=limits.encoded_run,
    )


def scan_apart(files: Sequence[tuple[str, bytes]], rules: ImportRules, limits: ImportLimits) -> Scanned:
    """What stands in `files`, (name, content) each. Never raises for what the bytes do: what cannot be scanned within
    the limits, or makes the child say something else than a scan of these files, is refused.
    """
    sizes = [(name, len(content)) for name, content in files]
    by = asdict(rules_of(rules, limits))
    head = {"seconds": limits.seconds, "memory_mb": limits.memory_mb, "rules": by, "files": sizes}
    question = (json.dumps(head).encode(), b"\n", *(content for _, content in files))
    answer = asked("egress.scan.child", question, limits.seconds, _MOST_TOLD)
    try:
        told = None if answer is None else Scanned.from_bytes(answer)
    except ValueError:
        told = None
    if told is None or [file.name for file in told.files] != [name for name, _ in files]:
        return _not_scanned([name for name, _ in files])
    return told


def _not_scanned(names: Sequence[str]) -> Scanned:
    why = say("It cannot be looked into within the limits that a scan has; bring less, or something simpler.")
    notices = tuple(Notice(Outcome.FAIL, "scan.limits", name, why) for name in names)
    return Scanned(tuple(Looked(name, Kind.UNKNOWN, (), (each,)) for name, each in zip(names, notices, strict=True)))
