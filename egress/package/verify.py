"""Whether a package is what was signed. Anybody may have made the bytes; the answer is a value, never an exception."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from egress.package.described import CRATE, misdescribed
from egress.package.signature import SIGNATURE, SUMS, Signature, sums
from hub.policy.verdict import Refusal
from hub.words import Message, say

MAX_FILES = 2000
MAX_BYTES = 1 << 30  # unpacked; a package of the largest tables stays far below
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,120}")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, RuntimeError, struct.error)


@dataclass(frozen=True)
class Verified:
    """A package that is what was signed. `files`: SHA-256 by name, without the list of digests and its signature.
    `described`: it has RO-Crate metadata, and they say the same; the first packages had none.
    """

    signature: Signature
    files: Mapping[str, str]
    described: bool


def verify_package(package: bytes, key: bytes | None = None) -> Verified | Refusal:
    """Whether the signature that `package` carries holds for every file in it, and its metadata say the same of them.

    With `key` (32 bytes) it must be of that key; without, who has the key is the reader's to find out.
    """
    files = _files(package)
    if isinstance(files, Refusal):
        return files
    written, raw = files.pop(SUMS, None), files.pop(SIGNATURE, None)
    if written is None or raw is None:
        return Refusal("package.unsigned", say("The package carries no signature."))
    signature = _signature(raw)
    if signature is None or not signature.holds:
        return Refusal("package.bad_signature", say("The package's signature does not hold."))
    if key is not None and key != signature.key:
        reason = say(
            "The package was signed with another key; its fingerprint is {fingerprint}.",
            fingerprint=signature.fingerprint,
        )
        return Refusal("package.other_key", reason)
    if written != sums(files) or hashlib.sha256(written).hexdigest() != signature.digest:
        return Refusal("package.changed", _changed(written, sums(files)))
    return _described(files) or Verified(signature, _digests(files), CRATE in files)


def _described(files: Mapping[str, bytes]) -> Refusal | None:
    wrong = misdescribed(files) if CRATE in files else ()
    if wrong is None:
        return Refusal("package.metadata", say("The package's RO-Crate metadata cannot be read."))
    if not wrong:
        return None
    named = _named(wrong)
    if named is None:
        why = say("The package's RO-Crate metadata describe other files than it holds.")
    else:
        why = say("The package's RO-Crate metadata say something else of these files: {files}.", files=named)
    return Refusal("package.metadata", why)


def _digests(files: Mapping[str, bytes]) -> Mapping[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _files(package: bytes) -> dict[str, bytes] | Refusal:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                return Refusal("package.size", say("The package is larger than any package is."))
            if len(set(names)) != len(names):
                return Refusal("package.changed", say("A file stands in the package twice."))
            return {entry.filename: _content(archive, entry) for entry in entries}
    except _UNREADABLE:
        return Refusal("package.unreadable", say("This is no release package; it cannot be read as one."))


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Never more than the size that was stated, whatever it unpacks to."""
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ValueError("no compression of ours")
    with archive.open(entry) as file:
        return file.read(entry.file_size + 1)


def _signature(raw: bytes) -> Signature | None:
    try:
        return Signature.from_dict(json.loads(raw))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _changed(written: bytes, found: bytes) -> Message:
    differing = {line[66:] for line in set(written.split(b"\n")) ^ set(found.split(b"\n")) if line}
    listed = _named(sorted(name.decode("ascii", "replace") for name in differing))
    if listed is not None:
        return say("The package is not what was signed; changed, added or removed: {files}.", files=listed)
    return say("The package is not what was signed; files in it were changed, added or removed.")


def _named(names: Iterable[str]) -> str | None:
    """The first of `names`, where all may stand in a terminal."""
    names = list(names)
    return ", ".join(names[:5]) if names and all(_NAME.fullmatch(name) for name in names) else None
