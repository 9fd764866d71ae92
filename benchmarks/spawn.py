"""How long a workspace takes to open: from asking the hub until it says "ready", beside the floor of the same run.

The floor is what no enclave could save: `docker run` of the same image with the same options (those of a workspace that
the hub has just opened, as the engine tells them) on a network that is there, until jupyterhub-singleuser answers. Both
in turn; then nine at once, both ways; then the memory of an idle server, and with a kernel. What stands before the hub
(edge, proxy, gate) is left out on both sides (benchmarks/large_site_made.py).

To reach: 1.3 times the floor. Needs root, the engine and the images; run when nothing else does.

    python -m benchmarks.spawn --runs 8
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.large_site_made import NET, Probe, RunningHub, enclave, running
from hub.session import sealed_name
from hub.workspace import Workspace

IMAGE = "bulle/workspace:local"
PROJECT = "bench"
PEOPLE = tuple(f"p{number}" for number in range(9))
MIB = 1024 * 1024


def container_of(person: str) -> str:
    return sealed_name(Workspace(person, PROJECT))


class Floor:
    """Runs what the engine says of an open workspace again, under other names and on networks that are there."""

    def __init__(self, hub: RunningHub, people: tuple[str, ...]) -> None:
        self._engine = hub.engine
        self._plans: dict[str, dict[str, Any]] = {}
        for person in people:
            hub.api("POST", f"/users/{person}").raise_for_status()
            hub.spawn(person, PROJECT)
            self._plans[person] = self._engine.inspect_container(container_of(person))
            hub.close(person, PROJECT)
            self._engine.create_network(self._name(person), internal=True)
            self._engine.connect_container_to_network(NET, self._name(person), aliases=["hub"])

    def run(self, person: str, probe: Probe) -> float:
        """Seconds from the create call until the server answers; it is removed afterwards."""
        name, plan = self._name(person), self._plans[person]
        config = {key: value for key, value in plan["Config"].items() if key != "Hostname"}
        config["HostConfig"] = plan["HostConfig"] | {"NetworkMode": name}
        variables = dict(entry.split("=", 1) for entry in plan["Config"]["Env"])
        begun = time.monotonic()
        self._engine.create_container_from_config(config, name)  # type: ignore[no-untyped-call]  # types-docker skips it
        self._engine.start(name)
        address = self._engine.inspect_container(name)["NetworkSettings"]["Networks"][name]["IPAddress"]
        probe.until_answered(f"http://{address}:8888{variables['JUPYTERHUB_SERVICE_PREFIX']}api")
        taken = time.monotonic() - begun
        self._engine.remove_container(name, force=True, v=True)
        return taken

    @staticmethod
    def _name(person: str) -> str:
        return f"bulle-bench-floor-{person}"


def held(hub: RunningHub, person: str) -> float:
    """MiB that a container's processes hold, without files that the kernel would give back."""
    stats = hub.engine.stats(container_of(person), stream=False)["memory_stats"]
    given_back = stats["stats"].get("total_inactive_file", stats["stats"].get("inactive_file", 0))
    return (int(stats["usage"]) - int(given_back)) / MIB


def memory(hub: RunningHub, probe: Probe) -> tuple[float, float]:
    """MiB of an idle server, and with a kernel."""
    person = PEOPLE[0]
    hub.spawn(person, PROJECT)
    time.sleep(3)
    idle = held(hub, person)
    networks = hub.engine.inspect_container(container_of(person))["NetworkSettings"]["Networks"]
    (address,) = (network["IPAddress"] for network in networks.values())
    status = probe.until_answered(f"http://{address}:8888/user/{person}/{PROJECT}/api/kernels", "POST")
    if status != 201:
        raise SystemExit(f"no kernel: {status}")
    time.sleep(5)
    kernel = held(hub, person)
    hub.close(person, PROJECT)
    return idle, kernel


def at_once(hub: RunningHub, floor: Floor) -> tuple[float, float]:
    """Seconds until the last of nine is there: by the hub, and by the engine alone."""
    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        begun = time.monotonic()
        list(pool.map(lambda person: hub.spawn(person, PROJECT), PEOPLE))
        ours = time.monotonic() - begun
        list(pool.map(lambda person: hub.close(person, PROJECT), PEOPLE))

        def run(person: str) -> float:
            with hub.probe() as probe:
                return floor.run(person, probe)

        return ours, max(pool.map(run, PEOPLE))


def main() -> int:
    """Print medians, ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=8)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        enclave(root, PEOPLE, {PROJECT: PEOPLE})
        with running(root, IMAGE) as hub, hub.probe() as probe:
            floor = Floor(hub, PEOPLE)
            pairs = []
            for _ in range(runs):
                least = floor.run(PEOPLE[0], probe)
                pairs.append((least, hub.spawn(PEOPLE[0], PROJECT)))
                hub.close(PEOPLE[0], PROJECT)
            idle, kernel = memory(hub, probe)
            nine = at_once(hub, floor)
            print(f"load {os.getloadavg()[0]:.1f}; the hub holds {hub.memory():.0f} MiB")
    least, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(own / low for low, own in pairs)
    print(json.dumps([[round(low, 2), round(own, 2)] for low, own in pairs]))
    print(f"a workspace, median of {runs}: {least:.2f} s docker run, {ours:.2f} s by the hub")
    print(f"{ratio:.2f} x (to reach: 1.3)")
    print(f"nine at once: {nine[1]:.1f} s docker run, {nine[0]:.1f} s by the hub: {nine[0] / nine[1]:.2f} x")
    print(f"memory: {idle:.0f} MiB idle, {kernel:.0f} MiB with a kernel")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
