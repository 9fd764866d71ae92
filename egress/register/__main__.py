"""`python -m egress.register`: keeps the public register, files that the edge serves to anybody, as the log says it.

BULLE_STATE: the state's root; only `events` and `register` are mounted, so that what anybody can ask for touches no
data. BULLE_POLICIES: the folder of policies. BULLE_PUBLIC_URL: the enclave's address.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from egress.register.known import Known
from egress.register.pages import register_files
from egress.register.public import register
from egress.store.atomic import write_whole
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.files import PolicyFileError, Purposes, read_purposes
from hub.policy.register import RegisterPolicy, read_register
from hub.workspace import StateLayout

LOG = logging.getLogger("bulle.register")
POLL_SECONDS = 10.0
PATH = "/register/"


class Registrar:
    """Follows the log, and writes the files that changed into `folder`."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what it reads, by what it tells, where it writes
        self,
        log: EventLog,
        policy: RegisterPolicy,
        purposes: Purposes,
        folder: Path,
        address: str,
        clock: Clock = utc_now,
    ) -> None:
        self._log, self._policy, self._purposes, self._clock = log, policy, purposes, clock
        self._folder, self._address = folder, address
        self._known, self._seen = Known(), 0
        self._written: dict[str, bytes] = {}

    def look(self) -> int:
        """Write what is new; how many files. Raises: OSError, and what the log raises; the next look tries again."""
        events = self._log.read(after=self._seen)
        if events:
            self._known, self._seen = self._known.after(events), events[-1].seq
        told = register(self._known, self._policy, self._purposes, self._clock().date())
        changed = {
            name: content
            for name, content in register_files(told, self._address).items()
            if self._written.get(name) != content
        }
        for name, content in changed.items():
            write_whole(self._folder / name, content)
            self._written[name] = content
        return len(changed)


def compose(environ: Mapping[str, str]) -> Registrar:
    """The registrar that `environ` describes. Raises: KeyError, PolicyFileError, and what the log raises."""
    layout, policies = StateLayout(PurePosixPath(environ["BULLE_STATE"])), Path(environ["BULLE_POLICIES"])
    return Registrar(
        EventLog(Path(layout.log)),
        read_register(policies),
        read_purposes(policies),
        Path(layout.register),
        environ["BULLE_PUBLIC_URL"].rstrip("/") + PATH,
    )


def main() -> int:
    """Look until stopped; 3 when a setting is missing."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        registrar = compose(os.environ)
    except KeyError as error:
        print(f"The register needs {error.args[0]} in its environment.", file=sys.stderr)
        return 3
    except PolicyFileError as error:
        print(*error.messages, sep="\n", file=sys.stderr)
        return 3
    while True:
        try:
            registrar.look()
        except Exception:  # the next look reads and writes it again
            LOG.exception("could not read the log, or write the register")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
