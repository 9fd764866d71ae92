"""Against ACRO: one crosstab and one table of means, with checks and suppression, beside Bulle's over the same rows.

ACRO (PyPI, pinned in locks/benchmarks/acro.txt) runs in a virtual environment of its own, made under the cache folder
on first use. It works on a pandas frame in memory, counts rows and trusts its caller; loading the frame is not timed.
Bulle reads the extract from its files, counts persons, and does all that the enclave's gate does with a table
(`egress.assess.assess`). Each runs in a process of its own: the median of its runs, and its peak memory.

To reach: at least 10 times faster, and no more memory.

    python benchmarks/acro.py                                 1 million rows
    python benchmarks/acro.py --rows 1000000 10000000         as in the requirement
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.environments import environment, versions
from egress.assess import Declaration, assess
from egress.query.engine import Engine
from hub.catalogue.model import Catalogue
from hub.extracts.pack import pack
from hub.extracts.reader import open_extract
from hub.policy.files import read_rules

KEYS = ("integer", "string")
TABLES = {
    "crosstab": "SELECT region, age, count(*) AS stays FROM stay GROUP BY ALL",
    "means": "SELECT region, age, avg(cost) AS mean_cost FROM stay GROUP BY ALL",
}

# Runs in ACRO's environment: argv holds the file, the kind of table, the number of runs and the type of keys.
ACRO = """
import contextlib, io, json, logging, sys, time
import numpy as np
import pandas as pd
from acro import ACRO
columns = dict(np.load(sys.argv[1]))
if sys.argv[4] == "string":
    labels = np.array(["category " + str(at) for at in range(10)], object)
    columns.update({name: labels[columns[name]] for name in ("region", "age")})
frame = pd.DataFrame(columns)
walls = []
for _ in range(int(sys.argv[3])):
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        session = ACRO(suppress=True)
        begin = time.perf_counter()
        if sys.argv[2] == "crosstab":
            table = session.crosstab(frame["region"], frame["age"])
        else:
            table = session.pivot_table(frame, index=["region"], columns=["age"], values=["cost"], aggfunc=["mean"])
        walls.append(time.perf_counter() - begin)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
print(json.dumps({"seconds": walls, "mib": peak, "cells": int(table.size)}))
"""


def prepare(folder: Path, rows: int, keys: str) -> None:
    """An extract of stays, ten a person, in 10 regions by 5 ages, some of them small."""
    kind = "BIGINT" if keys == "integer" else "VARCHAR"
    label = "" if keys == "integer" else "'category ' || "
    region = f"CAST({label}CAST(floor(10 * pow((hash(i, 1) % 9973) / 9973.0, 3)) AS BIGINT) AS {kind})"
    age = f"CAST({label}CAST(floor(5 * pow((hash(i, 2) % 9973) / 9973.0, 3)) AS BIGINT) AS {kind})"
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT md5(CAST(hash(i) % {max(1, rows // 10)} AS VARCHAR)) AS person, {region} AS region,
                             {age} AS age, round(1000 * pow((hash(i, 3) % 9973 + 1) / 9973.0, 4), 2) AS cost
                      FROM range({rows}) t(i)) TO '{folder}/stay.parquet' (FORMAT parquet)"""
        )
    sizes = {"region": range(10), "age": range(5)}
    columns: dict[str, object] = {
        name: {
            "type": keys,
            "description": name,
            "categories": [at if keys == "integer" else f"category {at}" for at in values],
        }
        for name, values in sizes.items()
    }
    columns["cost"] = {"type": "number", "description": "cost", "bounds": [0, 1000]}
    catalogue = Catalogue.model_validate(
        {"source": {"name": "bench", "person_key": "person"}, "tables": {"stay": {"columns": columns}}}
    )
    pack(catalogue, {"stay": folder / "stay.parquet"}, folder / "extract", datetime.now(UTC))
    with duckdb.connect() as connection:
        listed = {name: name if keys == "integer" else f"CAST({name}[10:] AS BIGINT)" for name in ("region", "age")}
        select = ", ".join((*(f"{sql} AS {name}" for name, sql in listed.items()), "cost"))
        frame = connection.execute(f"SELECT {select} FROM '{folder}/stay.parquet'").fetchnumpy()
    np.savez(folder / "frame.npz", allow_pickle=False, **{name: np.asarray(values) for name, values in frame.items()})


def child(folder: Path, table: str, repeat: int) -> None:
    """Bulle's part, in this process."""
    extract, rules = open_extract(folder / "extract"), read_rules("acro-default")
    walls = []
    with Engine(extract.path, extract.manifest) as engine:
        for _ in range(repeat):
            begin = time.perf_counter()
            found = assess(Declaration(table, TABLES[table]), engine, rules)
            walls.append(time.perf_counter() - begin)
    if found.protected is None:
        raise TypeError(found.findings)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({"seconds": walls, "mib": peak, "cells": len(found.protected.rows)}))


def answer(command: list[str]) -> tuple[float, float]:
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    return statistics.median(found["seconds"]), found["mib"]


def compare(rows: int, keys: str, repeat: int, python: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own, so that none of its memory is anybody's below.
        subprocess.run([sys.executable, __file__, "--prepare", name, "--rows", str(rows), "--keys", keys], check=True)
        for table in TABLES:
            theirs = answer([str(python), "-I", "-c", ACRO, str(folder / "frame.npz"), table, str(repeat), keys])
            ours = answer([sys.executable, __file__, "--child", name, "--table", table, "--repeat", str(repeat)])
            shown = [f"{seconds:7.2f} s {mib:6.0f} M" for seconds, mib in (theirs, ours)]
            ratios = [theirs[at] / ours[at] for at in range(2)]
            print(f"{rows:>11,} {keys:>8} {table:>9}", *shown, *(f"{ratio:7.1f} x" for ratio in ratios), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    options.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts")
    options.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--keys", choices=KEYS, help=argparse.SUPPRESS)
    options.add_argument("--table", choices=TABLES, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.prepare:
        prepare(chosen.prepare, chosen.rows[0], chosen.keys)
    elif chosen.child:
        child(chosen.child, chosen.table, chosen.repeat)
    else:
        python = environment("acro")
        theirs = versions(python, "acro", "pandas")
        print(f"{theirs}; Bulle on DuckDB {duckdb.__version__}; median of {chosen.repeat}")
        print(f"{'rows':>11} {'keys':>8} {'table':>9} {'ACRO':>18} {'Bulle':>18} {'faster':>9} {'smaller':>9}")
        for rows in chosen.rows:
            for keys in KEYS:
                compare(rows, keys, chosen.repeat, python)


if __name__ == "__main__":
    main()
