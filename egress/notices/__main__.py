"""`python -m egress.notices`: keeps a file in the folder of each open workspace, which can read it and nothing more.

BULLE_STATE: the state's root; only `events` and `notices` are mounted. BULLE_POLICIES: the folder of policies.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from egress.notices.told import Known, notices
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.files import Purposes, read_purposes
from hub.policy.limits import IdleLimits, read_limits
from hub.serving import keep_looking
from hub.workspace import StateLayout, Workspace

LOG = logging.getLogger("bulle.notices")
POLL_SECONDS = 1.0
AGAIN = timedelta(seconds=30)  # also without an event: a permit ends by the clock
FILE = "notices.json"
_READABLE = 0o644  # the workspace's user is another


class Teller:
    """Follows the log, and writes what changed for who has a workspace open."""

    def __init__(
        self, layout: StateLayout, log: EventLog, purposes: Purposes, idle: IdleLimits, clock: Clock = utc_now
    ) -> None:
        self._layout, self._log, self._purposes, self._idle, self._clock = layout, log, purposes, idle, clock
        self._known = Known()
        self._seen = 0
        self._written: dict[Workspace, bytes] = {}
        self._due: datetime | None = None

    def look(self) -> int:
        """Write what is new, and take away what is of workspaces that were closed; how many files were written.

        Raises: OSError, and what the log raises; the next look tries again.
        """
        events = self._log.read(after=self._seen)
        if events:
            self._known, self._seen = self._known.after(events), events[-1].seq
            self._due = None
        now = self._clock()
        if self._due is not None and now < self._due:
            return 0
        count = self._write(now)
        self._due = now + AGAIN
        return count

    def _write(self, now: datetime) -> int:
        count = 0
        for workspace in [each for each in self._written if each not in self._known.open]:
            self._file(workspace).unlink(missing_ok=True)
            del self._written[workspace]
        for workspace in self._known.open:
            said = notices(self._known, workspace, self._purposes, self._idle, now)
            content = json.dumps(said, ensure_ascii=False).encode()
            if self._written.get(workspace) != content and self._file(workspace).parent.is_dir():
                _replace(self._file(workspace), content)
                self._written[workspace] = content
                count += 1
        return count

    def _file(self, workspace: Workspace) -> Path:
        return Path(self._layout.notices_of(workspace)) / FILE


def _replace(path: Path, content: bytes) -> None:
    """A reader finds the old file or the new one, never a part."""
    part = path.with_suffix(".part")
    try:
        part.write_bytes(content)
        part.chmod(_READABLE)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def compose(environ: Mapping[str, str]) -> Teller:
    """The teller that `environ` describes. Raises: KeyError, PolicyFileError, and what the log raises."""
    layout, policies = StateLayout(PurePosixPath(environ["BULLE_STATE"])), Path(environ["BULLE_POLICIES"])
    return Teller(
        layout, EventLog(Path(layout.log), read_only=True), read_purposes(policies), read_limits(policies).idle
    )


def main() -> int:
    """Look until stopped; 3 when a setting is missing."""
    needs, trouble = "The notices need {name} in their environment.", "could not read the log, or write a notice"
    return keep_looking(compose, LOG, POLL_SECONDS, needs, trouble)


if __name__ == "__main__":
    sys.exit(main())
