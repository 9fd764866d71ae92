"""`python -m egress.desk`: the admin's desk as a process: where its environment's names become settings, once.

BULLE_STATE: the state's root; only `events` is mounted. BULLE_POLICIES: the folder of policies. BULLE_DESK_TOKEN_FILE:
the file of the token by which the hub knows this service. BULLE_PUBLIC_URL: the enclave's address.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from starlette.types import ASGIApp

from egress.airlock.following import Following
from egress.desk.app import build
from egress.desk.part import Desk
from egress.pages.process import login_of, serve
from hub.events.kept import log_of
from hub.events.log import utc_now
from hub.policy.desk import read_desk
from hub.policy.files import policies_dir
from hub.workspace import StateLayout

NAME, PORT = "desk", 8020


def configure(environment: Mapping[str, str]) -> ASGIApp:
    """The application as the environment describes it. Raises: KeyError for a name that is not there, OSError,
    PolicyFileError.
    """
    layout = StateLayout(PurePosixPath(environment["BULLE_STATE"]))
    login = login_of(environment, NAME)
    policies = Path(environment["BULLE_POLICIES"]) if environment.get("BULLE_POLICIES") else policies_dir()
    following = Following(log_of(environment, layout.log))
    return build(Desk(login, following, read_desk(policies), policies, utc_now))


if __name__ == "__main__":
    sys.exit(serve(configure, NAME, PORT))
