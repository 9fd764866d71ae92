"""`python -m hub.meter`: reads what the edge counted and writes `session.volume` events.

BULLE_STATE: the state's root; only `events` and `traffic` are mounted. BULLE_POLICIES: the folder of policies.
Lines are read again from the first kept day at each start: what was counted is never kept anywhere but in them.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from pathlib import Path, PurePosixPath

from hub.events.log import Clock, EventLog, utc_now
from hub.policy.files import PolicyFileError
from hub.policy.limits import VolumeLimits, read_limits
from hub.volume import MB, Line, Meter, due, read_line, with_events, with_lines
from hub.workspace import StateLayout

LOG = logging.getLogger("meter")
POLL_SECONDS = 2.0
MOST_AT_ONCE = 64 * 1024 * 1024  # bytes of one file before the others have their turn
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)\.jsonl")


class Reader:
    """Follows the edge's files, and tells the log once what is due."""

    def __init__(self, folder: Path, log: EventLog, limits: VolumeLimits, clock: Clock = utc_now) -> None:
        self._folder, self._log, self._limits, self._clock = folder, log, limits, clock
        self._meter = Meter()
        self._seen = 0
        self._places: dict[str, int] = {}
        self._uncounted: list[Line] = []

    def look(self) -> int:
        """Read what is new and write what is due; how many events. Raises: OSError, and what the log raises.

        Lines first: the session of a line that was read began before it, and so stands in the log by now.
        """
        limit = self._limits.alert_mb * MB
        self._read_on()
        self._follow_log(limit)
        self._meter = with_lines(self._meter, self._uncounted)
        self._uncounted = []
        told = due(self._meter, limit)
        for each in told:
            body = {
                "person": each.person,
                "session": each.session,
                "bytes": each.sent,
                "alert_mb": self._limits.alert_mb,
            }
            self._log.append("meter", "session.volume", each.project, body)
        self._follow_log(limit)  # what was written is told, here as after a restart
        return len(told)

    def _follow_log(self, limit: int) -> None:
        events = self._log.read(after=self._seen)
        self._meter = with_events(self._meter, events, limit)
        self._seen = events[-1].seq if events else self._seen

    def _read_on(self) -> None:
        first = self._clock().astimezone(UTC).date() - timedelta(days=self._limits.keep_days)
        for path in sorted(self._folder.iterdir()):
            day = _day_of(path.name)
            if day is not None and day < first:
                path.unlink()
                self._places.pop(path.name, None)
            elif day is not None and path.is_file() and not path.is_symlink():
                self._uncounted += self._lines_of(path)

    def _lines_of(self, path: Path) -> list[Line]:
        place = self._places.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(place)
            chunk = file.read(MOST_AT_ONCE)
        whole = chunk.rfind(b"\n") + 1  # a line that is being written is read next time
        if not whole and len(chunk) == MOST_AT_ONCE:
            whole = len(chunk)  # no line of ours is that long
        self._places[path.name] = place + whole
        found = (read_line(text) for text in chunk[:whole].decode("utf-8", "replace").splitlines())
        return [line for line in found if line is not None]


def _day_of(name: str) -> date | None:
    found = _DAY.fullmatch(name)
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None


def compose(environ: Mapping[str, str]) -> Reader:
    """The reader that `environ` describes. Raises: KeyError, PolicyFileError, and what the log raises."""
    layout = StateLayout(PurePosixPath(environ["BULLE_STATE"]))
    limits = read_limits(Path(environ["BULLE_POLICIES"])).volume
    return Reader(Path(layout.traffic), EventLog(Path(layout.log)), limits)


def main() -> int:
    """Read until stopped; 3 when a setting is missing."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        reader = compose(os.environ)
    except KeyError as error:
        print(f"The meter needs {error.args[0]} in its environment.", file=sys.stderr)
        return 3
    except PolicyFileError as error:
        print(*error.messages, sep="\n", file=sys.stderr)
        return 3
    while True:
        try:
            reader.look()
        except Exception:  # the next look reads it again
            LOG.exception("could not read the meter, or write the log")
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
