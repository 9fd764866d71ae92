"""One act of an administrator at the command line, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bulle.cli.settings import CHANNEL, Settings
from bulle.cli.state import filed
from hub.administration.acts import Acting
from hub.events.log import EventLog


@contextmanager
def acting(settings: Settings, log: EventLog) -> Iterator[Acting]:
    """The state that the act is decided on, while nobody else can append."""
    with log.transaction() as transaction:
        enclave, papers = filed(transaction)
        yield Acting(transaction, enclave, papers, settings.person(), CHANNEL, datetime.now(UTC))
