"""Who is logged in here: sessions in this process's memory, a signed random id in the browser."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "bulle-session"
LIFETIME = 8 * 3600  # seconds; a working day. The hub's word is asked again far more often
FRESH = 10.0  # seconds for which the hub's word is believed: a revocation acts within them
_MOST = 10_000  # sessions kept; beyond, the oldest ends

Clock = Callable[[], float]


@dataclass(frozen=True)
class Session:
    """One browser of one person. `csrf` goes into its forms and comes back with each act."""

    id: str
    person: str
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    opened: float
    asked: float


class Sessions:
    """The sessions of this process. `clock` counts seconds; `key` signs the ids. A restart ends them all."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._signer = URLSafeTimedSerializer(key, salt=COOKIE)
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def open(self, person: str, token: str) -> tuple[Session, str]:
        """A new session and its cookie's value; an id that a browser brought along is never taken over."""
        now = self._clock()
        session = Session(secrets.token_urlsafe(32), person, token, secrets.token_urlsafe(32), now, now)
        with self._lock:
            self._sessions[session.id] = session
            for old in list(self._sessions)[: max(0, len(self._sessions) - _MOST)]:
                del self._sessions[old]
        return session, str(self._signer.dumps(session.id))

    def recall(self, cookie: str | None, name_of: Callable[[str], str | None]) -> Session | None:
        """The session of `cookie` while the hub still knows its person by the token. Raises what `name_of` raises."""
        session = self._find(cookie)
        if session is None:
            return None
        now = self._clock()
        if now - session.opened > LIFETIME:
            self.close(session)
            return None
        if now - session.asked > FRESH:
            if name_of(session.token) != session.person:
                self.close(session)
                return None
            session = replace(session, asked=now)
            with self._lock:
                if session.id in self._sessions:  # it may have been closed meanwhile
                    self._sessions[session.id] = session
        return session

    def close(self, session: Session) -> None:
        """End it; its cookie opens nothing any more."""
        with self._lock:
            self._sessions.pop(session.id, None)

    def _find(self, cookie: str | None) -> Session | None:
        if not cookie or len(cookie) > 500:
            return None
        try:
            identity = self._signer.loads(cookie, max_age=LIFETIME)
        except BadSignature:
            return None
        with self._lock:
            return self._sessions.get(identity) if isinstance(identity, str) else None
