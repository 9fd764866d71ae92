"""What gVisor costs a run: runsc against runc in turn, on one bundle of the workspace's image, without an engine.

Seconds until Python is up, until a kernel answers and until a first cell with DuckDB and pandas is done; the most
memory that all processes together held (proportional set size). Needs root, Docker with the images, runc and runsc.

    python -m benchmarks.runtime --runsc /usr/bin/runsc --runs 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

IMAGE = "bulle/workspace:local"
MARKS = ("up", "kernel", "done")
INSIDE = """
print("up", flush=True)
from jupyter_client import KernelManager
manager = KernelManager()
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=100)
print("kernel", flush=True)
cell = "import pandas, duckdb; rows = duckdb.sql('SELECT sum(x) FROM range(10000000) t(x)').fetchall()"
client.execute_interactive(cell)
print("done", flush=True)
import time
time.sleep(3)  # for whoever looks at the memory
manager.shutdown_kernel(now=True)
"""


def bundle(folder: Path) -> None:
    """An OCI bundle in `folder`: the image's files and a sealed configuration without network and without tini."""
    root = folder / "rootfs"
    root.mkdir()
    made = subprocess.run(
        ["docker", "create", IMAGE, "true"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with subprocess.Popen(["docker", "export", made], stdout=subprocess.PIPE) as export:
        subprocess.run(["tar", "-x", "-C", str(root)], stdin=export.stdout, check=True)
    subprocess.run(["docker", "rm", made], check=True, capture_output=True)
    environment = ["PATH=/opt/bulle/bin:/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"]
    process = {
        "user": {"uid": 1000, "gid": 1000},
        "args": ["/opt/bulle/bin/python", "-c", INSIDE],
        "env": environment,
        "cwd": "/",
        "noNewPrivileges": True,
        "capabilities": {},
    }
    kinds = (("/proc", "proc"), ("/dev", "tmpfs"))
    mounts: list[dict[str, Any]] = [{"destination": at, "type": kind, "source": kind} for at, kind in kinds]
    mounts.append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]})  # noqa: S108 -- inside
    namespaces = [{"type": name} for name in ("pid", "ipc", "uts", "mount", "network")]
    config: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": process,
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "bulle",
        "mounts": mounts,
        "linux": {"namespaces": namespaces},
    }
    (folder / "config.json").write_text(json.dumps(config))


def held(top: int) -> int:
    """Kilobytes that `top` and all that it started hold, shared pages counted once."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], check=True, capture_output=True, text=True).stdout.split()[2:]
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    family = {top}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for pid in family:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:  # it ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def measured(command: list[str], folder: Path) -> dict[str, float]:
    """Seconds until each mark, and MB."""
    begun, found, most = time.monotonic(), dict[str, float](), [0]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:

        def watch() -> None:
            while process.poll() is None:
                most[0] = max(most[0], held(process.pid))
                time.sleep(0.3)

        watching = threading.Thread(target=watch)
        watching.start()
        for line in process.stdout or ():
            if line.strip() in MARKS:
                found[line.strip()] = time.monotonic() - begun
        watching.join()
    return found | {"MB": most[0] / 1024}


def main() -> int:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runsc", default="runsc")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bundle(folder)
        calls = {
            "runc": ["runc", "run", "bulle-bench"],
            "runsc": [asked.runsc, "--network=none", "--root", f"{place}/runsc", "run", "bulle-bench"],
        }
        runs = [{name: measured(call, folder) for name, call in calls.items()} for _ in range(asked.runs)]
    for mark in (*MARKS, "MB"):
        runc, runsc = (statistics.median(run[name][mark] for run in runs) for name in calls)
        ratio = statistics.median(run["runsc"][mark] / run["runc"][mark] for run in runs)
        print(f"{mark:>6}  runc {runc:8.2f}  runsc {runsc:8.2f}  ratio {ratio:5.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
