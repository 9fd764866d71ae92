"""What a process has taken, as the kernel tells it. Where a machine does much else, CPU says more than a clock."""

from __future__ import annotations

import os
from pathlib import Path


def cpu(process: int) -> float:
    """CPU milliseconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> float:
    """MiB of memory that a process holds."""
    said = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(said.split("VmRSS:")[1].split()[0]) / 1024
