"""Synthetic rows by "fixed", AIM and MST on the same rows at the same rho: time, and how far their cells are off.

Five columns that hang together in a chain, so that pairs matter. An error is the mean over all cells of all pairs of
columns, of the absolute difference between the exact count and the count of the synthetic rows, of which there are as
many as exact ones. `one in one` draws each column for itself from exact counts: what knowing no pair costs.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from egress.privacy.child import ask
from egress.privacy.synthetic import Algorithm, SyntheticSpec, to_json
from egress.privacy.synthetic_read import read_synthetic
from egress.privacy.synthetic_told import read_answer, synthetic_told
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest
from hub.extracts.pack import Provenance, pack

SIZES = {"region": 8, "sex": 2, "age": 5, "health": 4, "plan": 6}
MOST = 1


def made(folder: Path, rows: int) -> tuple[Manifest, list[tuple[int, ...]]]:
    random, columns = np.random.default_rng(1), list[np.ndarray]()
    for size in SIZES.values():
        free = random.integers(0, size, rows)
        columns.append(np.where(random.random(rows) < 0.6, columns[-1] % size, free) if columns else free)
    values = dict(zip(SIZES, columns, strict=True))
    pq.write_table(pa.table({"pid": [f"p{at}" for at in range(rows)], **values}), folder / "t.parquet")
    described = {
        name: {"type": "integer", "description": name, "categories": list(range(size))} for name, size in SIZES.items()
    }
    catalogue = Catalogue.model_validate(
        {
            "source": {"name": "made", "person_key": "pid", "rules": "health-fr"},
            "tables": {"t": {"rows_per_person": MOST, "columns": described}},
        }
    )
    provenance = Provenance("health-fr", "p")
    manifest = pack(catalogue, {"t": folder / "t.parquet"}, folder / "x", datetime.now(UTC), provenance)
    return manifest, list(zip(*(column.tolist() for column in columns), strict=True))


def error(exact: Sequence[tuple[Any, ...]], rows: Sequence[tuple[Any, ...]]) -> float:
    found: list[int] = []
    for i, j in combinations(range(len(SIZES)), 2):
        truth, drawn = (Counter((row[i], row[j]) for row in some) for some in (exact, rows))
        sizes = list(SIZES.values())
        found += [abs(truth[a, b] - drawn[a, b]) for a in range(sizes[i]) for b in range(sizes[j])]
    return sum(found) / len(found)


def drawn(spec: SyntheticSpec, file: Path, rho: float) -> tuple[float, list[tuple[Any, ...]]]:
    begun = time.perf_counter()
    request = {"act": "synthetic", "spec": to_json(spec), "nano_rho": int(rho * 10**9), "files": {"t": str(file)}}
    told = ask({**request, "delta": 1e-6, "confidence": 0.95})
    seconds = time.perf_counter() - begun
    answer = read_answer(spec, {**told, "delta": 1e-6, "confidence": 0.95})
    return seconds, list(synthetic_told(spec, answer).table.rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="a digit and zeros")
    parser.add_argument("--rho", type=float, default=0.1)
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, OpenDP {version('opendp')}, mbi {version('mbi')}, {chosen}")
    with tempfile.TemporaryDirectory() as name:
        manifest, exact = made(Path(name), chosen.rows)
        shuffled = np.random.default_rng(2)
        alone = list(zip(*(shuffled.permutation(column).tolist() for column in zip(*exact, strict=True)), strict=True))
        file, baseline = Path(name) / "x" / manifest.bounded["t"].file, None
        for algorithm in Algorithm:
            spec = read_synthetic("t", tuple(SIZES), chosen.rows, algorithm, manifest)
            if not isinstance(spec, SyntheticSpec):
                raise SystemExit(str(spec.reason))
            seconds, rows = drawn(spec, file, chosen.rho)
            off = error(exact, rows)
            baseline = baseline or (seconds, off)
            ratios = f"({seconds / baseline[0]:4.2f} x, {off / baseline[1]:5.2f} x)"
            print(f"{algorithm:10} {seconds:6.1f} s   mean absolute error {off:7.1f}   {ratios}")
        print(f"one in one               mean absolute error {error(exact, alone):7.1f}")


if __name__ == "__main__":
    main()
