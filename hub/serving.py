"""What runs until it is told to stop: who answers on a unix socket (launcher, signer, the log's keeper), and who looks
at the log and at files again and again (meter, notices, register).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from hub.policy.files import PolicyFileError


class Serves(Protocol):
    """Who answers until it is closed (`hub.wire.Listener`)."""

    def serve(self) -> None:
        """Until `close`."""

    def close(self) -> None:
        """Take no more questions."""


def serve(compose: Callable[[Mapping[str, str]], Serves], log: logging.Logger, waits_for: str) -> int:
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


class Looks(Protocol):
    """Who does at each look what is due."""

    def look(self) -> int:
        """How much was done. What it raises, the next look tries again."""


def keep_looking(
    compose: Callable[[Mapping[str, str]], Looks], log: logging.Logger, every: float, needs: str, trouble: str
) -> int:
    """Compose from the environment, and look every so many seconds; 3 when it cannot be composed.

    `needs`: the sentence for the operator about the variable {name}. `trouble`: what is logged of a look that failed.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        looks = compose(os.environ)
    except KeyError as error:
        print(needs.format(name=error.args[0]), file=sys.stderr)
        return 3
    except PolicyFileError as error:
        print(*error.messages, sep="\n", file=sys.stderr)
        return 3
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    while True:
        try:
            looks.look()
        except Exception:  # the next look does it again
            log.exception(trouble)
        time.sleep(every)
