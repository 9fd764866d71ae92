"""The log for one act on a request; what was refused is a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bulle.cli.failure import refused
from bulle.cli.settings import Settings
from hub.words import say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from egress.airlock.desk import Desk
    from hub.events.log import EventLog


@contextmanager
def asking(settings: Settings) -> Iterator[EventLog]:
    """The open log; closed afterwards. Raises: StopError with the refusal's sentence."""
    from egress.airlock.desk import reason_of  # noqa: PLC0415 -- when called
    from egress.store.quarantine import QuarantineError  # noqa: PLC0415 -- when called
    from hub.policy.verdict import RefusedError  # noqa: PLC0415 -- when called

    log = settings.log()
    try:
        yield log
    except (RefusedError, QuarantineError) as error:
        reason = reason_of(error)
        raise refused(reason or say("This was refused.")) from error
    finally:
        log.close()


def desk_of(settings: Settings, log: EventLog) -> Desk:
    """The desk over the state's folders."""
    from egress.airlock.desk import Desk  # noqa: PLC0415 -- when called
    from egress.store.exports import Exports  # noqa: PLC0415 -- when called
    from egress.store.quarantine import Quarantine  # noqa: PLC0415 -- when called

    layout = settings.layout()
    return Desk(log, Quarantine(Path(layout.quarantine)), Exports(Path(layout.exports)))
