"""A launcher in this process, on the real engine: what containers, hostile and journey tests ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath

from hub.events.log import EventLog
from hub.launcher.acts import Launcher, LauncherSettings
from hub.launcher.service import Service, listen, teller
from hub.launcher.shape import Caller
from hub.policy.limits import ContainerLimits, read_limits
from hub.workspace import StateLayout

HUB_IS_ROOT: Mapping[int, Caller] = {0: Caller.HUB}
WORKER_IS_ROOT: Mapping[int, Caller] = {0: Caller.WORKER}


@contextmanager
def launcher(
    root: Path,
    image: str,
    callers: Mapping[int, Caller],
    *,
    hub: str = "none",
    limits: ContainerLimits | None = None,
    log: EventLog | None = None,
) -> Iterator[Path]:
    """The socket of a launcher of the enclave under `root`. Tests run as root: `callers` says as whom that counts."""
    settings = LauncherSettings(
        StateLayout(PurePosixPath(root)), image, hub, IPv4Network("10.213.0.0/16"), limits or read_limits()
    )
    tell = teller(log) if log is not None else lambda *_: None
    socket = root / f"launcher-{next(iter(callers.values()))}"
    listener = listen(socket, Service(Launcher(settings), callers, tell))
    serving = threading.Thread(target=listener.serve, daemon=True)
    serving.start()
    try:
        yield socket
    finally:
        listener.close()
        serving.join(5)
