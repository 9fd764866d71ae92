"""The egress service's pages as a process: where its environment's names become settings, once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from starlette.types import ASGIApp

from egress.airlock.desk import Desk
from egress.airlock.import_desk import ImportDesk, rules_in
from egress.apart.reading import ApartReader
from egress.pages.process import login_of, serve
from egress.store.arrivals import Arrivals
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from egress.web.app import Site, build
from egress.web.submitted import Submitted
from hub.events.kept import log_of
from hub.events.log import utc_now
from hub.policy.files import policies_dir
from hub.policy.limits import read_limits
from hub.workspace import StateLayout

NAME, PORT = "egress", 8010


def configure(environment: Mapping[str, str]) -> ASGIApp:
    """The application as the environment describes it. Raises: KeyError for a name that is not there, OSError,
    PolicyFileError.
    """
    layout = StateLayout(PurePosixPath(environment["BULLE_STATE"]))
    login = login_of(environment, NAME)
    quarantine = Quarantine(Path(layout.quarantine))
    log = log_of(environment, layout.log)
    desk = Desk(log, quarantine, Exports(Path(layout.exports)), utc_now)
    policies = Path(environment["BULLE_POLICIES"]) if environment.get("BULLE_POLICIES") else policies_dir()
    limits = read_limits(policies)
    imports = ImportDesk(desk.following, quarantine, limits.imports, rules_in(policies), utc_now)
    submitted = Submitted(quarantine, ApartReader(limits.reader).notebook)
    return build(Site(login, desk, imports, Arrivals(Path(layout.arrivals)), submitted, utc_now))


if __name__ == "__main__":
    sys.exit(serve(configure, NAME, PORT))
