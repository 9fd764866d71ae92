"""The egress service's pages as a process: where its environment's names become settings, once."""

from __future__ import annotations

import errno
import os
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import httpx
import uvicorn
from starlette.types import ASGIApp

from egress.airlock.desk import Desk
from egress.airlock.import_desk import ImportDesk, rules_in
from egress.apart.reading import ApartReader
from egress.store.arrivals import Arrivals
from egress.store.exports import Exports
from egress.store.quarantine import Quarantine
from egress.web.app import Site, build
from egress.web.hub import Hub, HubSettings
from egress.web.login import Login
from egress.web.sessions import Sessions
from egress.web.submitted import Submitted
from hub.events.kept import log_of
from hub.events.log import utc_now
from hub.policy.files import PolicyFileError, policies_dir
from hub.policy.limits import read_limits
from hub.workspace import StateLayout

PORT = 8010
PREFIX = "/services/egress/"
HUB_API = "http://hub:8082/hub/api"


def configure(environment: Mapping[str, str]) -> ASGIApp:
    """The application as the environment describes it. Raises: KeyError for a name that is not there, OSError,
    PolicyFileError.
    """
    layout = StateLayout(PurePosixPath(environment["BULLE_STATE"]))
    settings = HubSettings(
        prefix=environment.get("JUPYTERHUB_SERVICE_PREFIX", PREFIX),
        hub_api_url=environment.get("BULLE_HUB_API_URL", HUB_API),
        public_url=environment["BULLE_PUBLIC_URL"],
        secret=_secret(Path(environment["BULLE_EGRESS_TOKEN_FILE"])),
    )
    quarantine = Quarantine(Path(layout.quarantine))
    log = log_of(environment, layout.log)
    desk = Desk(log, quarantine, Exports(Path(layout.exports)), utc_now)
    policies = Path(environment["BULLE_POLICIES"]) if environment.get("BULLE_POLICIES") else policies_dir()
    limits = read_limits(policies)
    imports = ImportDesk(desk.following, quarantine, limits.imports, rules_in(policies), utc_now)
    # trust_env off: a proxy named in the environment must not see tokens. The hub is one step away.
    hub = Hub(settings, httpx.Client(timeout=10, trust_env=False, follow_redirects=False))
    key = secrets.token_bytes(32)  # sessions live in this process, so the key that signs their ids does, too
    submitted = Submitted(quarantine, ApartReader(limits.reader).notebook)
    login = Login(hub, Sessions(key, time.monotonic), key)
    return build(Site(login, desk, imports, Arrivals(Path(layout.arrivals)), submitted, utc_now))


def _secret(path: Path) -> str:
    secret = path.read_text(encoding="utf-8").strip()
    if not secret:
        raise OSError(errno.EINVAL, "the file is empty", str(path))
    return secret


def main() -> int:
    """Serve until stopped; 3 when a setting is missing."""
    try:
        app = configure(os.environ)
    except KeyError as error:
        print(f"The egress service needs {error.args[0]} in its environment.", file=sys.stderr)
        return 3
    except PolicyFileError as error:
        print(*error.messages, sep="\n", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"The egress service cannot start: {error.strerror}: {error.filename}", file=sys.stderr)
        return 3
    host = os.environ.get("BULLE_EGRESS_HOST", "0.0.0.0")  # noqa: S104 -- one container, on an internal network
    port = int(os.environ.get("BULLE_EGRESS_PORT", PORT))
    # No access log: the addresses of a login carry codes. No "Server" header: it helps nobody.
    uvicorn.run(app, host=host, port=port, access_log=False, server_header=False, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
