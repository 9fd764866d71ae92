"""What the RO-Crate metadata of a package say of its files, as whoever receives it reads them. Anybody may have written
them; the answer is a value, never an exception.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from egress.package.signature import SIGNATURE, SUMS

CRATE = "ro-crate-metadata.json"
# Made from the digests of all others, this file among them: their own cannot stand in it.
UNDIGESTED = frozenset({CRATE, SUMS, SIGNATURE})


def misdescribed(files: Mapping[str, bytes]) -> tuple[str, ...] | None:
    """The files of a package that its metadata do not describe as they are, and those described that are not there;
    None for metadata that cannot be read.
    """
    said = _digests(files.get(CRATE, b""))
    if said is None:
        return None
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name not in UNDIGESTED}
    return tuple(sorted(name for name in said.keys() | found.keys() if said.get(name) != found.get(name)))


def _digests(raw: bytes) -> dict[str, str] | None:
    """SHA-256 by name, of the files that the metadata give one for."""
    try:
        graph = json.loads(raw)["@graph"]
        return {str(entity["@id"]): str(entity["sha256"]) for entity in graph if _is_file(entity)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_file(entity: Any) -> bool:
    return isinstance(entity, dict) and entity.get("@type") == "File" and entity.get("@id") not in UNDIGESTED
