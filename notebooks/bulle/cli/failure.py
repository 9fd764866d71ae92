"""Exit codes, and how a command stops: with sentences and a code, never with a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from hub.policy.verdict import RefusedError
from hub.words import Message


class Code(IntEnum):
    """What a program reads: the worst outcome, or that there is none."""

    PASS = 0
    REVIEW = 1
    REFUSED = 2
    ERROR = 3  # usage, input and output, internal: nothing was judged


class StopError(Exception):
    """Ends a command. `messages` go to standard error, one a line, in the reader's language."""

    def __init__(self, code: Code, messages: Iterable[Message]) -> None:
        self.code = code
        self.messages = tuple(messages)
        super().__init__("\n".join(str(message) for message in self.messages))


def refused(*messages: Message) -> StopError:
    """The enclave understood and says no."""
    return StopError(Code.REFUSED, messages)


def failed(*messages: Message) -> StopError:
    """Nothing was judged: wrong usage, or a file or service that does not answer."""
    return StopError(Code.ERROR, messages)


@contextmanager
def granted() -> Iterator[None]:
    """An act that a rule may refuse. Raises: StopError with the refusal's sentence."""
    try:
        yield
    except RefusedError as error:
        raise refused(error.refusal.reason) from error
