"""`python -m hub.launcher`: the process that holds Docker's socket.

BULLE_STATE: the state's root, at the same path as on the host. BULLE_POLICIES: the folder of policies.
BULLE_WORKSPACE_IMAGE: the one image that it starts. BULLE_NET_CONTAINER: the container that workspaces reach as `hub`.
BULLE_LAUNCHER_SOCKET: where it listens. BULLE_SUPERNET: workspaces' networks are /29s of it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from hub.events.kept import log_of
from hub.launcher.acts import Launcher, LauncherSettings
from hub.launcher.memory import follow
from hub.launcher.service import LOG, Service, listen, teller
from hub.launcher.shape import Caller
from hub.policy.alarms import Place
from hub.policy.limits import read_limits
from hub.serving import serve
from hub.wire import Listener
from hub.workspace import StateLayout

CALLERS = MappingProxyType({0: Caller.HUB, 900: Caller.WORKER})  # the users of their containers (docker-compose.yml)


def compose(environ: Mapping[str, str]) -> Listener:
    """The launcher that `environ` describes, listening. Raises: KeyError, ValueError, OSError, PolicyFileError."""
    layout = StateLayout(PurePosixPath(environ["BULLE_STATE"]))
    settings = LauncherSettings(
        layout=layout,
        image=environ["BULLE_WORKSPACE_IMAGE"],
        hub=environ["BULLE_NET_CONTAINER"],
        supernet=IPv4Network(environ.get("BULLE_SUPERNET", "10.213.0.0/16")),
        limits=read_limits(Path(environ["BULLE_POLICIES"])),
    )
    if settings.limits.folders.quota == "none":
        LOG.warning("home and project folders have no quota: one person can fill the disk for all (limits.toml)")
    follow(Path(layout.refusals / Place.ENGINE))
    service = Service(Launcher(settings), CALLERS, teller(log_of(environ, layout.log)))
    return listen(Path(environ["BULLE_LAUNCHER_SOCKET"]), service)


def main() -> int:
    """Serve until told to stop."""
    return serve(compose, LOG, "orders")


if __name__ == "__main__":
    sys.exit(main())
