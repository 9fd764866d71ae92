"""The opt-out list of a source: keys of persons who object, one a line (SNDS 9.2; Regulation (EU) 2025/327 art. 71)."""

from __future__ import annotations

from pathlib import Path

from hub.catalogue.model import ColumnType
from hub.extracts.contradiction import PackInputError
from hub.words import say


def read_optout(path: Path, kind: ColumnType | None) -> frozenset[str]:
    """The keys at `path`, spelled as the build spells keys of type `kind`; none when there is no list.

    Raises: PackInputError for a line that cannot be a key: an objection nobody understood must reach a human.
    """
    if not path.exists():
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PackInputError(say("The opt-out list cannot be read; no extract is built without it.")) from error
    keys = set()
    for number, line in enumerate(lines, start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        if kind is ColumnType.INTEGER:
            try:
                entry = str(int(entry))
            except ValueError as error:
                raise PackInputError(
                    say("Line {line} of the opt-out list is not a key: keys are whole numbers here.", line=number)
                ) from error
        keys.add(entry)
    return frozenset(keys)
