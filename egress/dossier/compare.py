"""A re-run held against what left, output by output. Pure: tells where, never what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from egress.checks.table import Table, plain
from egress.dossier.contents import MadeOutput
from hub.words import Message, say

PLACES = 10  # cells that are named; the others are counted


class Verdict(StrEnum):
    """What a re-run says of one output."""

    SAME = "same"  # the file has the same bytes
    DIFFERS = "differs"
    MISSING = "missing"  # the re-run does not give it
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True)
class Compared:
    """One output; `now`: the SHA-256 of the file as the re-run gives it, "" where it gives none."""

    output: MadeOutput
    verdict: Verdict
    now: str = ""
    where: tuple[Message, ...] = ()


NOISE = say("Its noise was drawn once and is not drawn again: that would spend the privacy budget.")


def compare(output: MadeOutput, before: Table | None, now: Table | None, content: bytes | None) -> Compared:
    """`before` and `now`: the table as it left, and as the re-run gives it in the file `content`."""
    if content is None:
        return Compared(output, Verdict.MISSING, where=(say("The re-run does not give this output."),))
    digest = hashlib.sha256(content).hexdigest()
    if digest == output.sha256:
        return Compared(output, Verdict.SAME, digest)
    where = (say("Its pixels are others."),) if output.file.endswith(".png") else _where(before, now)
    return Compared(output, Verdict.DIFFERS, digest, where)


def _where(before: Table | None, now: Table | None) -> tuple[Message, ...]:
    if before is None and now is None:
        return (say("Its text is another."),)
    if before is None or now is None or before.columns != now.columns:
        return (say("Its columns are others."),)
    if len(before.rows) != len(now.rows):
        return (say("It had {before} rows and now has {now}.", before=len(before.rows), now=len(now.rows)),)
    cells = [
        (row, before.columns[column])
        for row, (old, new) in enumerate(zip(before.rows, now.rows, strict=True), start=1)
        for column in range(len(before.columns))
        if plain(old[column]) != plain(new[column])
    ]
    named = tuple(say("Row {row}, column {column}.", row=row, column=column) for row, column in cells[:PLACES])
    if len(cells) > PLACES:
        return (*named, say("And {more} more cells.", more=len(cells) - PLACES))
    return named or (say("Its cells are the same; its file is spelled otherwise."),)
