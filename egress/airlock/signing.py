"""How the airlock has a package signed: by the signer, a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from egress.package.signature import Signature
from hub.policy.verdict import Refusal
from hub.wire import NO_ANSWER, WireError, ask
from hub.words import Message

ANSWER_SECONDS = 120  # it verifies the whole log before each signature


class Signs(Protocol):
    """Signs the digest of a package for one request, or says why not. Raises: SigningError."""

    def sign(self, request: str, digest: str) -> Signature | Refusal: ...


class SigningError(Exception):
    """The signer gave no answer. `message` is for the operator."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class RemoteSigner:
    """The signer that listens at `socket`."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def sign(self, request: str, digest: str) -> Signature | Refusal:
        """Ask for it. Raises: SigningError when there is no answer."""
        try:
            answer = ask(self._socket, {"request": request, "digest": digest}, ANSWER_SECONDS)
        except WireError as error:
            raise SigningError(error.message) from error
        match answer:
            case {"refused": {"rule": str(rule), "reason": dict(reason)}}:
                return Refusal(rule, Message.from_dict(reason))
            case {"failed": dict(reason)}:
                raise SigningError(Message.from_dict(reason))
            case {"done": dict(done)}:
                return _signature(done)
            case _:
                raise SigningError(NO_ANSWER)


def _signature(raw: dict[str, str]) -> Signature:
    try:
        return Signature.from_dict(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise SigningError(NO_ANSWER) from error
