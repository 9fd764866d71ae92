"""The enclave's log and state as commands use them: verified before anything is decided on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bulle.cli.failure import Code, StopError, failed, refused
from bulle.cli.settings import Settings
from hub.administration.papers import Papers
from hub.administration.papers import fold as fold_papers
from hub.events.chain import Event, verify
from hub.events.log import EventLog, Transaction
from hub.events.state import Enclave, fold
from hub.policy.files import PolicyFileError, Purposes, policies_dir, read_purposes
from hub.policy.verdict import RefusedError
from hub.wire import WireError
from hub.words import say


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[EventLog]:
    """The event log, given back at the end. Raises: StopError in place of the database's and its keeper's errors."""
    log = settings.log(create=create)
    try:
        yield log
    except WireError as error:
        raise failed(error.message) from error
    except RefusedError as error:
        raise refused(error.refusal.reason) from error
    except SQLAlchemyError as error:
        path = str(settings.layout().log)
        raise failed(
            say("The event log at {path} does not answer: it is locked, read-only or damaged.", path=path)
        ) from error
    finally:
        log.close()


def enclave_of(log: EventLog | Transaction) -> Enclave:
    """The state after all events. Raises: StopError when they are not what was written."""
    return fold(_verified(log))


def filed(log: EventLog | Transaction) -> tuple[Enclave, Papers]:
    """As `enclave_of`, with the drafts and versions that administrators filed."""
    events = _verified(log)
    return fold(events), fold_papers(events)


def _verified(log: EventLog | Transaction) -> tuple[Event, ...]:
    events = tuple(log.read())
    tampering = verify(events)
    if tampering is not None:
        raise refused(say("The event log is not what was written, so nothing is decided on it."), tampering.why)
    return events


def policy_stop(error: PolicyFileError, mistake: Code = Code.REFUSED) -> StopError:
    """How a policy file ends a command: with `mistake` for what stands in it, as a failure when it cannot be read."""
    return StopError(Code.ERROR if isinstance(error.__cause__, OSError) else mistake, error.messages)


def purposes_of(policies: Path | None) -> Purposes:
    """The purpose codes in the folder `policies`, or the shipped ones. Raises: StopError."""
    try:
        return read_purposes(policies)
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error


def rules_known(policies: Path | None) -> tuple[str, ...]:
    """The names of the disclosure rules in the folder `policies`, or the shipped ones."""
    return tuple(sorted(path.stem for path in ((policies or policies_dir()) / "rules").glob("*.toml")))
