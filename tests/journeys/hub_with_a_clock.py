"""The hub's own configuration, its enclave read with a clock that stands as many days ahead as a file says."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import hub.present
from hub.events.kept import open_log
from hub.events.log import utc_now

DAYS = Path("/etc/bulle/clock/days")


def clock() -> datetime:
    return utc_now() + timedelta(days=int(DAYS.read_text(encoding="utf-8") or "0"))


# before any module of the hub takes it
hub.present.present_of = cache(lambda log: hub.present.Present(open_log(log), clock))

import os  # noqa: E402 -- see above

from hub.jupyterhub_config import configure  # noqa: E402 -- see above

configure(get_config(), os.environ)  # type: ignore[name-defined]  # noqa: F821 -- JupyterHub puts it there
