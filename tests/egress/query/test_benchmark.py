"""The benchmark of evidence runs, small, so that it is there when it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_benchmark_prints_a_ratio_per_number_of_cells() -> None:
    command = [
        sys.executable,
        "benchmarks/evidence.py",
        "--rows",
        "20000",
        "--persons",
        "1500",
        "--repeat",
        "1",
        "--cells",
        "5000",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.count("\n") == 5
    assert "5,000" in done.stdout
