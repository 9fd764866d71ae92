"""Edge: what the engine says of workspaces that wanted more memory than they have, as lines for the meter."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.alarms import Refused
from hub.daily import append
from hub.events.log import utc_now
from hub.launcher.engine import ENGINE_ERRORS, EngineError, connect

LOG = logging.getLogger("bulle.launcher")
_RETRY_SECONDS = 5.0
_FILTERS = {"type": "container", "event": "oom", "label": "bulle.role=workspace"}


def follow(folder: Path) -> None:
    """Write a line into `folder` whenever a kernel was killed for want of memory; for as long as this process lives.

    What happened while the engine or this process was away is not told.
    """
    threading.Thread(target=_follow, args=(folder,), daemon=True).start()


def _follow(folder: Path) -> None:
    while True:
        try:
            for event in connect().events(decode=True, filters=_FILTERS):
                _note(folder, event["Actor"]["Attributes"])
        except (*ENGINE_ERRORS, EngineError, KeyError, ValueError) as error:
            LOG.warning("cannot follow the engine's events (%s); trying again", type(error).__name__)
        time.sleep(_RETRY_SECONDS)


def _note(folder: Path, labels: Mapping[str, Any]) -> None:
    now = utc_now()
    person, project = str(labels["bulle.person"]), str(labels["bulle.project"])
    append(folder, now, Refused(at=now.timestamp(), tried="memory", person=person, project=project).line)
