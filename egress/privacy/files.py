"""The files that a DP release reads: bounded copies of tables about persons, ordinary files of others."""

from __future__ import annotations

from pathlib import Path

from egress.privacy.failure import PrivacyError
from egress.privacy.form import Payable
from hub.extracts.manifest import Manifest
from hub.words import say


def files(spec: Payable, manifest: Manifest, extract_dir: Path) -> dict[str, Path]:
    """The path of each table of `spec`. Raises: PrivacyError when one is not there as a plain file."""
    folder = extract_dir.resolve()
    found = {}
    for table in spec.tables:
        packed = manifest.tables.get(table)
        bounded = manifest.bounded.get(table)
        if packed is None or (packed.persons is not None and bounded is None):
            raise _lacking(table)
        name = packed.file if packed.persons is None or bounded is None else bounded.file
        path = folder / name
        if path.parent != folder or path.is_symlink() or not path.is_file():
            raise _lacking(table)
        found[table] = path
    return found


def _lacking(table: str) -> PrivacyError:
    return PrivacyError(say("The extract lacks the file of table {table}; nothing was released.", table=table))
