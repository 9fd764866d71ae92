"""Keyed pseudonyms: one secret key per project, nothing kept that leads back."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from hub.extracts.contradiction import PackInputError, shown
from hub.words import say

KEY_BYTES = 32

# Half of SHA-256. Among the 70 million persons of a national source, two share a pseudonym with a probability
# of 10^-23, and the pseudonym fits a line; a collision that happens all the same is found by the build.
PSEUDONYM_HEX = 32


def pseudonym(key: bytes, column: str, value: str) -> str:
    """The pseudonym of `value`, a spelling of a key that stands in columns called `column`.

    The column's name is part of what is hashed: a person and a stay with the same number share nothing,
    while a key keeps one pseudonym in all tables that hold it.
    """
    message = len(column).to_bytes(2, "big") + column.encode() + value.encode()
    return hmac.digest(key, message, hashlib.sha256).hex()[:PSEUDONYM_HEX]


def project_key(path: Path) -> bytes:
    """The key at `path`, made on first use with mode 0600. Raises: PackInputError when it is not a key."""
    name = shown(path.name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        if path.is_symlink() or path.stat().st_mode & 0o077:
            raise PackInputError(say("The pseudonym key {file} is open to others; give it mode 0600.", file=name))
        key = path.read_bytes()
    except OSError as error:
        why = error.strerror or "I/O error"
        raise PackInputError(say("The pseudonym key {file} cannot be used: {why}.", file=name, why=why)) from error
    if len(key) != KEY_BYTES:
        raise PackInputError(say("The pseudonym key {file} is damaged; restore it from its copy.", file=name))
    return key


def _make(path: Path) -> None:
    """Write a new key whole: a key cut short by a crash would give pseudonyms that never come back."""
    if path.exists() or path.is_symlink():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, it does not replace a key that another build has just made
    except FileExistsError:
        pass
    finally:
        draft.unlink()
