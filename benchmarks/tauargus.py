"""Child of suppression.py: τ-ARGUS (pytauargus) on one made table; prints JSON {seconds, suppressed: [cell, …]}.

A process of its own: the engine is beta and may end in a segmentation fault, and its HiGHS must not meet SciPy's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import chdir
from itertools import product
from pathlib import Path

import numpy as np
from pytauargus import protect

from benchmarks.hierarchical import SIZES, Made, made

_HIDDEN = {"U", "M", "D"}


def _code(axis: int, code: int) -> str:
    return f"{'abc'[axis]}{code:04d}"


def _records(table: Made) -> dict[str, list[str | int]]:
    """One record per unit."""
    cells = table.values.reshape(table.shape)
    found: dict[str, list[str | int]] = {"a": [], "b": [], "c": [], "val": []}
    for place in product(*(axis.leaves() for axis in table.axes)):
        count = int(cells[place])
        for at, code in enumerate(place):
            found["abc"[at]] += [_code(at, code)] * count
        found["val"] += [1] * count
    return found


def _hierarchies(table: Made, folder: Path) -> dict[str, str]:
    files = {}
    for at, axis in enumerate(table.axes):
        below = dict(axis.families())
        if len(below) < 2:
            continue
        path = folder / f"{'abc'[at]}.hrc"
        with path.open("w") as file:
            stack = [(code, 0) for code in reversed(below[0])]
            while stack:
                code, depth = stack.pop()
                file.write("@" * depth + _code(at, code) + "\n")
                stack += [(child, depth + 1) for child in reversed(below.get(code, ()))]
        files["abc"[at]] = str(path)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int, choices=SIZES)
    parser.add_argument("seed", type=int)
    parser.add_argument("method", help="OPT or MOD")
    parser.add_argument("minutes", type=int)
    chosen = parser.parse_args()
    table = made(SIZES[chosen.size], seed=chosen.seed)
    how = f"OPT(1,{chosen.minutes})" if chosen.method == "OPT" else f"MOD(1,{chosen.minutes},0,0,0)"
    place = np.arange(len(table.values)).reshape(table.shape)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):  # the engine leaves files where it stands
        files = _hierarchies(table, Path(folder))
        began = time.perf_counter()
        answer = protect(
            _records(table),
            ["a", "b", "c"],
            "val",
            safety_rules="FREQ(3,30)",
            suppress=how,
            hrc=files or None,
            hierleadstring="@",
            workdir=folder,
        )
        seconds = time.perf_counter() - began
        rows = answer.tables[0].dataframe().to_dict("records")
    hidden = [
        int(place[tuple(0 if row[key] == "Total" else int(row[key][1:]) for key in "abc")])
        for row in rows
        if row["status"] in _HIDDEN
    ]
    print("\n" + json.dumps({"seconds": seconds, "suppressed": hidden}))


if __name__ == "__main__":
    main()
