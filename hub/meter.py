"""`python -m hub.meter`: reads what the edge counted and what was refused, and writes the events that are due.

BULLE_STATE: the state's root; only `events`, `traffic` and `refusals` are mounted. BULLE_POLICIES: the folder of
policies. Lines are read again from the first kept day at each start: what was counted is kept nowhere but in them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path, PurePosixPath

from hub.alarms import KIND, Refused, Tally, body_of, due_alarms, read_refused, with_refused, with_told
from hub.daily import Follower
from hub.events.kept import log_of
from hub.events.log import Clock, EventLog, utc_now
from hub.events.state import Enclave, fold
from hub.policy.alarms import AlarmPolicy, Place, read_alarms
from hub.policy.limits import VolumeLimits, read_limits
from hub.serving import keep_looking
from hub.volume import MB, Line, Meter, due, read_line, with_events, with_lines
from hub.workspace import StateLayout

LOG = logging.getLogger("meter")
POLL_SECONDS = 2.0
METER = "meter"  # the actor of what follows from lines


class Reader:
    """Follows the files of the doors, the hub and the launcher, and tells the log once what is due.

    `refusals` holds a folder for each place that refuses.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- two folders, two policies, a log and its clock
        self,
        traffic: Path,
        refusals: Path,
        log: EventLog,
        limits: VolumeLimits,
        alarms: AlarmPolicy,
        clock: Clock = utc_now,
    ) -> None:
        self._log, self._limits, self._alarms, self._clock = log, limits, alarms, clock
        self._traffic = Follower(traffic, limits.keep_days)
        self._refusals = {place: Follower(refusals / place, limits.keep_days) for place in Place}
        self._enclave, self._meter, self._tally = Enclave(), Meter(), Tally()
        self._seen = 0
        self._uncounted: list[Line] = []
        self._refused: dict[Place, list[Refused]] = {place: [] for place in Place}

    def look(self) -> int:
        """Read what is new and write what is due; how many events. Raises: OSError, and what the log raises.

        Lines first: the session of a line that was read began before it, and so stands in the log by now.
        """
        self._read_on()
        self._follow_log()
        self._count()
        told = self._tell_volumes() + self._tell_alarms()
        self._follow_log()  # what was written is told, here as after a restart
        return told

    def _read_on(self) -> None:
        today = self._clock().astimezone(UTC).date()
        self._uncounted += [line for text in self._traffic.new_lines(today) if (line := read_line(text))]
        for place, follower in self._refusals.items():
            self._refused[place] += [act for text in follower.new_lines(today) if (act := read_refused(text))]

    def _follow_log(self) -> None:
        events = self._log.read(after=self._seen)
        self._enclave = fold(events, self._enclave)
        self._meter = with_events(self._meter, events, self._limits.alert_mb * MB)
        self._tally = with_told(self._tally, events)
        self._seen = events[-1].seq if events else self._seen

    def _count(self) -> None:
        self._meter = with_lines(self._meter, self._uncounted)
        self._uncounted = []
        for place, refused in self._refused.items():
            self._tally = with_refused(self._tally, place, refused, self._enclave, self._alarms)
            self._refused[place] = []

    def _tell_volumes(self) -> int:
        sessions = due(self._meter, self._limits.alert_mb * MB)
        for each in sessions:
            body = {
                "person": each.person,
                "session": each.session,
                "bytes": each.sent,
                "alert_mb": self._limits.alert_mb,
            }
            self._log.append(METER, "session.volume", each.project, body)
        return len(sessions)

    def _tell_alarms(self) -> int:
        alarms = due_alarms(self._tally)
        for kind, times in alarms:
            self._log.append(METER, KIND, kind.project, body_of(kind, times))
        return len(alarms)


def compose(environ: Mapping[str, str]) -> Reader:
    """The reader that `environ` describes. Raises: KeyError, PolicyFileError, and what the log raises."""
    layout = StateLayout(PurePosixPath(environ["BULLE_STATE"]))
    policies = Path(environ["BULLE_POLICIES"])
    limits, alarms = read_limits(policies).volume, read_alarms(policies)
    return Reader(Path(layout.traffic), Path(layout.refusals), log_of(environ, layout.log), limits, alarms)


def main() -> int:
    """Read until stopped; 3 when a setting is missing."""
    needs, trouble = "The meter needs {name} in its environment.", "could not read the meter, or write the log"
    return keep_looking(compose, LOG, POLL_SECONDS, needs, trouble)


if __name__ == "__main__":
    sys.exit(main())
