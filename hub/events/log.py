"""The event log's edge: append in a transaction, read in order. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import Engine

from hub.events.chain import GENESIS, Event, Tampering, canonical, digest_of, verify
from hub.events.kinds import KINDS

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock that composition roots pass down; tests pass their own."""
    return datetime.now(UTC)


_META = MetaData()
_EVENTS = Table(
    "events",
    _META,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("project", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

# A second line only: who can write the file can drop a trigger. The chain is what finds that.
_APPEND_ONLY = (
    (
        "CREATE TRIGGER IF NOT EXISTS events_no_update BEFORE UPDATE ON events"
        " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    ),
    (
        "CREATE TRIGGER IF NOT EXISTS events_no_delete BEFORE DELETE ON events"
        " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
    ),
)


class Reading:
    """The log as somebody reads it who decides nothing: others go on appending meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, after: int = 0, until: int | None = None, kinds: str = "") -> Iterator[Event]:
        """Events with a place above `after`, in order, none above `until`; only kinds that begin with `kinds`."""
        return _read(self._connection, after, until, kinds)

    def entry(self, seq: int) -> Event | None:
        """The event at place `seq`, as it stands there now."""
        return next(_read(self._connection, seq - 1, until=seq), None)


class Transaction(Reading):
    """Reads and appends while no other process can append: what is decided on what was read still holds."""

    def __init__(self, connection: Connection, clock: Clock, always: Mapping[str, Any]) -> None:
        super().__init__(connection)
        self._clock = clock
        self._always = always

    def now(self) -> datetime:
        """This moment, UTC, as the next event would say it."""
        return self._clock().astimezone(UTC)

    def append(self, actor: str, kind: str, project: str, body: Mapping[str, Any]) -> Event:
        """Append one event. Raises ValueError for a kind that `hub.events.kinds` does not list."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of event: {kind}")
        return self._write(actor, kind, project, body)

    def _write(self, actor: str, kind: str, project: str, body: Mapping[str, Any]) -> Event:
        last = self._connection.execute(
            select(_EVENTS.c.seq, _EVENTS.c.digest).order_by(_EVENTS.c.seq.desc()).limit(1)
        ).first()
        seq, previous = (1, GENESIS) if last is None else (last.seq + 1, last.digest)
        at, spelled = self.now().isoformat(timespec="milliseconds"), canonical({**body, **self._always})
        digest = digest_of(seq, at, actor, kind, project, spelled, previous)
        row = {
            "seq": seq,
            "at": at,
            "actor": actor,
            "kind": kind,
            "project": project,
            "body": spelled,
            "previous": previous,
            "digest": digest,
        }
        self._connection.execute(insert(_EVENTS), row)
        return Event(seq, at, actor, kind, project, json.loads(spelled), previous, digest)


class EventLog:
    """The log at `where`: a path (SQLite) or a database URL. Opening creates it when it is not there, unless it is
    opened `read_only`: then it need not be there before it is read, and appending fails.

    What stands in `always` is part of every event that this process writes.
    """

    def __init__(
        self,
        where: str | Path,
        clock: Clock = utc_now,
        always: Mapping[str, Any] | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        self._clock = clock
        self._always = dict(always or {})
        self._engine = _engine(where, read_only=read_only)
        if not read_only:
            self._create()

    def _create(self) -> None:
        with self._engine.begin() as connection:
            _lock(connection)
            _META.create_all(connection)
            if connection.dialect.name == "sqlite":
                for statement in _APPEND_ONLY:
                    connection.execute(text(statement))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Exclusive for writers until it ends; an exception appends nothing."""
        with self._engine.begin() as connection:
            _lock(connection)
            yield Transaction(connection, self._clock, self._always)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """For several readings over one connection; what others append shows up between them."""
        with self._engine.connect() as connection:
            yield Reading(connection)

    def append(self, actor: str, kind: str, project: str, body: Mapping[str, Any]) -> Event:
        """Append one event in a transaction of its own."""
        with self.transaction() as transaction:
            return transaction.append(actor, kind, project, body)

    def read(self, after: int = 0, kinds: str = "") -> tuple[Event, ...]:
        """Events with a place above `after`, in order; only kinds that begin with `kinds`."""
        with self._engine.connect() as connection:
            return tuple(_read(connection, after, kinds=kinds))

    def last(self) -> int:
        """The place of the last event; 0 when there is none."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(_EVENTS.c.seq))).scalar() or 0

    def head(self) -> str:
        """The digest of the last event; keep it elsewhere to find a rewritten log."""
        with self._engine.connect() as connection:
            last = connection.execute(select(_EVENTS.c.digest).order_by(_EVENTS.c.seq.desc()).limit(1)).scalar()
        return last or GENESIS

    def verify(self, head: str | None = None) -> Tampering | None:
        """See `hub.events.chain.verify`."""
        with self._engine.connect() as connection:
            return verify(_read(connection, 0), head)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # one writer at a time, readers unhindered; released at the transaction's end
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('bulle.events'))"))


def _engine(where: str | Path, *, read_only: bool) -> Engine:
    if isinstance(where, str) and "://" in where:
        engine = create_engine(where)
    elif read_only:
        spelled = f"file:{quote(str(Path(where).absolute()))}?mode=ro"
        engine = create_engine(URL.create("sqlite", database=spelled, query={"uri": "true"}))
    else:  # a path is not spelled into a URL: its own % and ? would be read as the URL's
        engine = create_engine(URL.create("sqlite", database=str(Path(where).absolute())))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _record: Any) -> None:
            # The driver must not open transactions by itself: BEGIN IMMEDIATE is ours.
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout = 30000")
            connection.execute("PRAGMA synchronous = FULL")

    return engine


def _read(connection: Connection, after: int, until: int | None = None, kinds: str = "") -> Iterator[Event]:
    asked = select(_EVENTS).where(_EVENTS.c.seq > after).order_by(_EVENTS.c.seq)
    asked = asked if until is None else asked.where(_EVENTS.c.seq <= until)
    for row in connection.execute(asked.where(_EVENTS.c.kind.startswith(kinds, autoescape=True)) if kinds else asked):
        at, actor, kind, project, body, previous, digest = (_text(value) for value in row[1:])
        yield Event(row.seq, at, actor, kind, project, _body(body), previous, digest)


def _text(value: Any) -> str:
    # SQLite keeps bytes in a text column when somebody writes them there: no spelling of ours, and `verify` says so
    return value if isinstance(value, str) else repr(value)


def _body(spelled: str) -> dict[str, Any]:
    # A changed entry may hold anything: it must reach `verify`, which names it, and not stop the reader.
    try:
        body = json.loads(spelled)
        if isinstance(body, dict) and canonical(body) == spelled:
            return body
    except (ValueError, RecursionError):
        pass
    return {"unreadable": spelled}
