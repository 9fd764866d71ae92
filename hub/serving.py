"""A process that answers on a unix socket until it is told to stop: the launcher, the signer."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Mapping

from hub.policy.files import PolicyFileError
from hub.wire import Listener


def serve(compose: Callable[[Mapping[str, str]], Listener], log: logging.Logger, waits_for: str) -> int:
    """Compose from the environment and serve; 3 when it cannot be composed, with one sentence per mistake."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        listener = compose(os.environ)
    except KeyError as error:
        log.error("%s is not set", error.args[0])  # noqa: TRY400 -- one sentence for the operator
        return 3
    except PolicyFileError as error:
        for message in error.messages:
            log.error("%s", message)  # noqa: TRY400 -- same
        return 3
    except (ValueError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 -- same
        return 3
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: listener.close())
    log.info("waiting for %s", waits_for)
    listener.serve()
    log.info("stopped")
    return 0
