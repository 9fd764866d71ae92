"""Where the hub keeps what verifies second factors: rows of one SQLite file, sealed with the hub's key."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.policy.factors import FactorKind
from hub.policy.verdict import Refusal
from hub.second_factor.model import App, Held, Key

_TABLE = "CREATE TABLE IF NOT EXISTS held (person TEXT, id TEXT, sealed BLOB NOT NULL, PRIMARY KEY (person, id))"
_NONCE = 12  # bytes, as AES-GCM wants them
Decide = Callable[[tuple[Held, ...]], Held | Refusal]


class StoreError(Exception):
    """The store cannot be read: another key, or rows that were changed or moved."""


def read_key(path: Path) -> bytes:
    """The 32 bytes that a file holds as hexadecimal digits. Raises: OSError, ValueError."""
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != 32:
        raise ValueError(f"{path} must hold 64 hexadecimal digits")
    return key


class Store:
    """One file; each row is sealed with AES-GCM and bound to its person and id, so none can be moved to another."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._cipher = AESGCM(key)

    def held(self, person: str) -> tuple[Held, ...]:
        """What the person holds, by id. Blocking. Raises: StoreError."""
        with self._open() as database:
            return self._read(database, person)

    def put(self, person: str, held: Held) -> None:
        """Add one, or replace it. Blocking."""
        with self._open() as database:
            self._write(database, person, held)

    def keep_only(self, person: str, identities: frozenset[str]) -> None:
        """Remove the person's others. Blocking."""
        with self._open() as database:
            known = database.execute("SELECT id FROM held WHERE person = ?", (person,)).fetchall()
            for (identity,) in known:
                if identity not in identities:
                    database.execute("DELETE FROM held WHERE person = ? AND id = ?", (person, identity))

    def use(self, person: str, decide: Decide) -> Held | Refusal:
        """What `decide` answers to what the person holds; an answer that is no refusal is kept in its place.

        One transaction: of two uses of one code or count, the second sees the first. Raises: StoreError.
        """
        with self._open() as database:
            verdict = decide(self._read(database, person))
            if not isinstance(verdict, Refusal):
                self._write(database, person, verdict)
            return verdict

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            self._path.chmod(0o600)
            database.execute(_TABLE)
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        finally:
            database.close()  # without COMMIT nothing stays

    def _read(self, database: sqlite3.Connection, person: str) -> tuple[Held, ...]:
        rows = database.execute("SELECT id, sealed FROM held WHERE person = ? ORDER BY id", (person,)).fetchall()
        return tuple(self._unsealed(person, identity, sealed) for identity, sealed in rows)

    def _write(self, database: sqlite3.Connection, person: str, held: Held) -> None:
        nonce = secrets.token_bytes(_NONCE)
        spelled = json.dumps(asdict(held)).encode()
        sealed = nonce + self._cipher.encrypt(nonce, spelled, _bound_to(person, held.id))
        database.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", (person, held.id, sealed))

    def _unsealed(self, person: str, identity: str, sealed: bytes) -> Held:
        try:
            spelled = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(person, identity))
        except (InvalidTag, ValueError, TypeError) as error:
            raise StoreError from error
        raw = json.loads(spelled)
        kind = FactorKind(raw.pop("kind"))
        return App(**raw) if kind is FactorKind.APP else Key(**raw)


def _bound_to(person: str, identity: str) -> bytes:
    return json.dumps([person, identity]).encode()
