"""What the launcher adds to opening and closing a workspace: orders over its socket, against the same engine calls
made in this process. Needs root, an engine and the images; run when nothing else does.

    python -m benchmarks.launcher --runs 8
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath

from hub.launcher.acts import Launcher, LauncherSettings
from hub.launcher.client import Sessions
from hub.launcher.engine import connect
from hub.launcher.service import Service, listen
from hub.launcher.shape import Caller, CreateSession, OnSession, SessionAct
from hub.policy.limits import ContainerLimits, read_limits
from hub.workspace import StateLayout, Workspace

IMAGE = "bulle/workspace:local"
HUB = "bulle-bench-hub"
ALICE = Workspace("alice", "bench")


def settings_of(root: Path, limits: ContainerLimits) -> LauncherSettings:
    """A launcher's settings for the enclave under `root`."""
    return LauncherSettings(StateLayout(PurePosixPath(root)), IMAGE, HUB, IPv4Network("10.213.0.0/16"), limits)


@contextmanager
def launched(settings: LauncherSettings, caller: Caller) -> Iterator[Path]:
    """The socket of a launcher in this process, to which root is `caller`."""
    socket = Path(settings.layout.root) / f"launcher-{caller}"
    listener = listen(socket, Service(Launcher(settings), {0: caller}, lambda *_: None))
    threading.Thread(target=listener.serve, daemon=True).start()
    try:
        yield socket
    finally:
        listener.close()


def by_order(sessions: Sessions) -> None:
    """Open and close as the hub does."""
    sessions.look(ALICE)
    sessions.create(ALICE, "e1", {})
    sessions.act(SessionAct.START, ALICE)
    sessions.look(ALICE)
    sessions.act(SessionAct.REMOVE, ALICE)


def by_call(launcher: Launcher) -> None:
    """The same engine calls without a socket in between."""
    who = {"person": ALICE.person, "project": ALICE.project}
    launcher.carry_out(OnSession(act="session.look", **who), print)
    launcher.carry_out(CreateSession(act="session.create", extract="e1", environment={}, **who), print)
    launcher.carry_out(OnSession(act="session.start", **who), print)
    launcher.carry_out(OnSession(act="session.look", **who), print)
    launcher.carry_out(OnSession(act="session.remove", **who), print)


def seconds(act: Callable[[], None]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def main() -> int:
    """Print both medians and the median of the pairs' ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=8)
    runs = parser.parse_args().runs
    engine = connect()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "extracts" / "bench" / "e1").mkdir(parents=True)
        settings = settings_of(root, read_limits())
        engine.create_container(IMAGE, ["sleep", "infinity"], name=HUB)
        engine.start(HUB)
        try:
            with launched(settings, Caller.HUB) as socket:
                by_call(Launcher(settings))  # the first one warms caches
                pairs = [
                    (seconds(lambda: by_call(Launcher(settings))), seconds(lambda: by_order(Sessions(socket))))
                    for _ in range(runs)
                ]
        finally:
            engine.remove_container(HUB, force=True)
    calls, orders = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(order / call for call, order in pairs)
    print(f"a workspace opened and closed, median of {runs}: {calls:.3f} s by calls, {orders:.3f} s by orders")
    print(f"{ratio:.3f} x (to reach: 1.05)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
