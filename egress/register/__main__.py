"""`python -m egress.register`: keeps the public register, files that the edge serves to anybody, as the log says it.

BULLE_STATE: the state's root; only `events` and `register` are mounted, so that what anybody can ask for touches no
data. BULLE_POLICIES: the folder of policies. BULLE_PUBLIC_URL: the enclave's address.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePosixPath

from egress.register.known import Known
from egress.register.pages import register_files
from egress.register.public import register
from hub.atomic import write_whole
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.files import Purposes, read_purposes
from hub.policy.register import RegisterPolicy, read_register
from hub.serving import keep_looking
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
        self._told: date | None = None  # the day as of which the files tell all that was read

    def look(self) -> int:
        """Write what is new; how many files. Raises: OSError, and what the log raises; the next look tries again."""
        events = self._log.read(after=self._seen)
        if events:
            self._known, self._seen, self._told = self._known.after(events), events[-1].seq, None
        today = self._clock().date()
        if self._told == today:
            return 0
        told = register(self._known, self._policy, self._purposes, today)
        changed = {
            name: content
            for name, content in register_files(told, self._address).items()
            if self._written.get(name) != content
        }
        for name, content in changed.items():
            write_whole(self._folder / name, content)
            self._written[name] = content
        self._told = today
        return len(changed)


def compose(environ: Mapping[str, str]) -> Registrar:
    """The registrar that `environ` describes. Raises: KeyError, PolicyFileError, and what the log raises."""
    layout, policies = StateLayout(PurePosixPath(environ["BULLE_STATE"])), Path(environ["BULLE_POLICIES"])
    return Registrar(
        EventLog(Path(layout.log), read_only=True),
        read_register(policies),
        read_purposes(policies),
        Path(layout.register),
        environ["BULLE_PUBLIC_URL"].rstrip("/") + PATH,
    )


def main() -> int:
    """Look until stopped; 3 when a setting is missing."""
    needs, trouble = "The register needs {name} in its environment.", "could not read the log, or write the register"
    return keep_looking(compose, LOG, POLL_SECONDS, needs, trouble)


if __name__ == "__main__":
    sys.exit(main())
