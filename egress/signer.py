"""The signer: the only process with the signing key. It signs the package of a request that the log says may leave.

BULLE_STATE: the state's root. BULLE_SIGNING_KEY: the private key, made at the first start, its public half beside it
(.pub). BULLE_SIGNER_SOCKET: where it listens. It trusts what it reads in the log and nothing that it is told.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import ConfigDict, StringConstraints, ValidationError

from egress.package.signature import Signature
from egress.release.guards import SIGNER
from egress.release.signing import Known, known_after, may_sign, statement
from hub.atomic import write_whole
from hub.container import SERVICE_GROUP
from hub.events.follow import Follower
from hub.events.kept import log_of
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.model import Frozen
from hub.policy.verdict import Refusal
from hub.serving import serve
from hub.wire import ANSWER, Line, Listener, Quiet
from hub.words import say
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.signer")
WORKER_USER = 900  # of the egress worker's container (images/egress)


class _Question(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    request: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Signer:
    """Signs what the log allows, and writes down what it signed in the transaction that looked."""

    def __init__(self, log: EventLog, key: Ed25519PrivateKey, clock: Clock = utc_now) -> None:
        self._log = log
        self._follower = Follower(Known(), known_after)
        self._key = key
        self._clock = clock

    def sign(self, request: str, digest: str) -> Signature | Refusal:
        """The signature of `digest` as the package of `request`; asked again, the same. Raises: what the log does."""
        self._follower.look(self._log)  # a long log is read before others must wait
        with self._log.transaction() as transaction:
            known = self._follower.catch_up(transaction)
            verdict = may_sign(known, request, digest, self._clock().astimezone(UTC).date())
            if isinstance(verdict, Refusal):
                return verdict
            made = Signature(request, digest, public_half(self._key), self._key.sign(statement(request, digest)))
            body = {"request": request, "digest": digest, "fingerprint": made.fingerprint}
            if isinstance(known, Known) and known.requests[request].signed != digest:
                transaction.append(SIGNER, "request.signed", verdict.project, body)
        return made


class Service:
    """The signer's edge: one caller, one question."""

    def __init__(self, signer: Signer, log: EventLog, caller: int = WORKER_USER) -> None:
        self._signer = signer
        self._log = log
        self._caller = caller
        self._quiet = Quiet()

    def answer(self, line: Line, user: int, question: bytes | None) -> None:
        """Send the signature that `question` asks for, or why there is none."""
        line.send(ANSWER, json.dumps(self._answer(user, question)).encode())

    def _answer(self, user: int, question: bytes | None) -> dict[str, Any]:
        if user != self._caller:
            return self._refused("", Refusal("signer.caller", say("This process may not ask the signer.")))
        try:
            asked = _Question.model_validate_json(question or b"")
        except ValidationError:  # its texts repeat what was sent
            return self._refused("", Refusal("signer.shape", say("This is no question that the signer takes.")))
        try:
            found = self._signer.sign(asked.request, asked.digest)
        except Exception:
            LOG.exception("could not sign")
            return {"failed": say("The signer could not read or write the event log; an operator must look.").to_dict()}
        if isinstance(found, Refusal):
            return self._refused(asked.request, found)
        return {"done": found.to_dict()}

    def _refused(self, request: str, refusal: Refusal) -> dict[str, Any]:
        LOG.warning("refused %s: %s", request or "a caller", refusal.rule)
        body = {"rule": refusal.rule, "reason": refusal.reason.to_dict()}
        if self._quiet.is_news(request, refusal.rule):
            try:
                project = request.rpartition("-")[0]  # as requests are called (egress.release.entries)
                self._log.append(SIGNER, "request.unsigned", project, {"request": request, **body})
            except Exception:  # it stays refused
                LOG.exception("could not write the refusal down")
        return {"refused": body}


def public_half(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def signing_key(path: Path, log: EventLog) -> Ed25519PrivateKey:
    """The key at `path`, made when there is none; that one was made is an event. Raises: OSError, ValueError."""
    if path.exists():
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{path} holds no Ed25519 key")
        return key
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_whole(path.with_suffix(".pub"), public)
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    fingerprint = Signature("", "", public_half(key), b"").fingerprint
    log.append(SIGNER, "signer.key_made", "", {"fingerprint": fingerprint, "public_key": public.decode()})
    return key


def compose(environ: Mapping[str, str]) -> Listener:
    """The signer that `environ` describes, listening. Raises: KeyError, ValueError, OSError."""
    log = log_of(environ, StateLayout(PurePosixPath(environ["BULLE_STATE"])).log)
    key = signing_key(Path(environ["BULLE_SIGNING_KEY"]), log)
    service = Service(Signer(log, key), log)
    return Listener(Path(environ["BULLE_SIGNER_SOCKET"]), SERVICE_GROUP, service.answer)


def main() -> int:
    """Serve until told to stop."""
    return serve(compose, LOG, "packages")


if __name__ == "__main__":
    sys.exit(main())
