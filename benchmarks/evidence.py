"""What evidence costs: a table's rows, persons, sum and two largest persons per cell, beside plain DuckDB.

One table of stays is written twice: in no order, as a source may have it, and packed as the enclave packs an extract
(persons numbered, rows in their order). On each, at each number of cells, DuckDB's plain GROUP BY (count and sum) and
count(DISTINCT person), and all of `Engine.evidence`, to the values that checks look at. Each runs in a process of its
own, the median of its runs counts, and what it took of memory at most is told.

To reach: packed, evidence at most 3 times the plain GROUP BY; in no order, at most 1.5 times the distinct count.

    python benchmarks/evidence.py                                       5 million rows, 375,000 persons
    python benchmarks/evidence.py --rows 20000000 --persons 1500000
    python benchmarks/evidence.py --rows 100000000 --persons 7500000 --repeat 1 --folder DIR    DIR keeps the data
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from egress.query.engine import Engine
from egress.query.model import Query
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest, PackedTable
from hub.extracts.pack import pack
from hub.extracts.reader import open_extract

CELLS = (500, 5_000, 100_000)
LAYOUTS = ("packed", "no order")
WORKS = ("GROUP BY", "DISTINCT", "evidence")


def write(path: Path, rows: int, persons: int) -> None:
    """Rows in no order; some persons have many rows, most a few; costs are skewed."""
    columns = ", ".join(f"CAST(hash(i, 1) % {cells} AS BIGINT) AS cell_{cells}" for cells in CELLS)
    number = f"CAST(floor({persons} * pow((hash(i) % 1000003) / 1000003.0, 1.2)) AS BIGINT)"
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT md5(CAST({number} AS VARCHAR)) AS person, {columns},
                             10000 * pow((hash(i, 2) % 9973 + 1) / 9973.0, 4) AS cost
                      FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"""
        )


def catalogue() -> Catalogue:
    columns: dict[str, object] = {
        f"cell_{cells}": {"type": "integer", "description": "cell", "bounds": [0, cells]} for cells in CELLS
    }
    columns["cost"] = {"type": "number", "description": "cost", "bounds": [0, 10000]}
    return Catalogue.model_validate(
        {"source": {"name": "bench", "person_key": "person"}, "tables": {"stay": {"columns": columns}}}
    )


def prepare(folder: Path, rows: int, persons: int) -> None:
    """The two layouts in `folder`, unless they are there."""
    for layout in LAYOUTS:
        (folder / layout).parent.mkdir(parents=True, exist_ok=True)
    plain = folder / "no order" / "stay.parquet"
    if not plain.exists():
        plain.parent.mkdir(parents=True)
        write(plain, rows, persons)
    if not (folder / "packed").exists():
        begin = time.perf_counter()
        pack(catalogue(), {"stay": plain}, folder / "packed", datetime.now(UTC))
        print(f"packed in {time.perf_counter() - begin:.0f} s")


def manifest(folder: Path, layout: str) -> Manifest:
    known = open_extract(folder / "packed").manifest
    if layout == "packed":
        return known
    table = PackedTable(file="stay.parquet", sha256="0" * 64, rows=known.tables["stay"].rows, persons=known.numbered)
    return known.model_copy(update={"tables": {"stay": table}, "numbered": None})


def work(engine: Engine, what: str, cells: int) -> Callable[[], object]:
    key = f"cell_{cells}"
    plain = f"SELECT {key}, count(*), sum(cost) FROM stay GROUP BY 1 ORDER BY 1"
    distinct = f"SELECT {key}, count(DISTINCT person) FROM stay GROUP BY 1 ORDER BY 1"
    if what != "evidence":
        return lambda: engine._connection.execute(plain if what == "GROUP BY" else distinct).fetchall()
    query = parse(
        f"SELECT {key}, count(*) AS n, sum(cost) AS s FROM stay GROUP BY 1", engine.manifest.catalogue, engine.persons
    )
    if not isinstance(query, Query):
        raise TypeError(query.why)
    return lambda: engine.evidence(query)


def child(options: argparse.Namespace) -> None:
    """One kind of work in this process: its runs' seconds and its peak memory as one line of JSON."""
    folder = Path(options.folder)
    with (
        tempfile.TemporaryDirectory() as spill,
        Engine(
            folder / options.layout,
            manifest(folder, options.layout),
            memory=options.memory,
            spill=Path(spill),
        ) as engine,
    ):
        run = work(engine, options.child, options.cells)
        engine._connection.execute("SELECT count(person), sum(cost) FROM stay").fetchall()  # into the page cache
        walls, works = [], []
        for _ in range(options.repeat):
            begin, busy = time.perf_counter(), time.process_time()
            run()
            walls.append(time.perf_counter() - begin)
            works.append(time.process_time() - busy)
    found = {"seconds": statistics.median(walls), "cpu": statistics.median(works), "mib": peak_mib()}
    print(json.dumps(found))


def peak_mib() -> float:
    """What this process held in memory at most; unlike ru_maxrss, without what its parent had before."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def measured(options: argparse.Namespace, layout: str, cells: int, what: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, "--layout", layout, "--cells", str(cells)]
    command += ["--folder", str(options.folder), "--repeat", str(options.repeat), "--memory", options.memory]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def compare(options: argparse.Namespace) -> None:
    prepare(options.folder, options.rows, options.persons)
    print(
        f"DuckDB {duckdb.__version__}, {options.rows:,} rows, {options.persons:,} persons, "
        f"median of {options.repeat}, memory limit {options.memory}"
    )
    head = [f"{'layout':>9} {'cells':>8}", *(f"{what:>16}" for what in WORKS)]
    print(*head, f"{'/ GROUP BY':>10} {'/ DISTINCT':>10} {'(of CPU)':>12}")
    for layout in LAYOUTS:
        for cells in options.cells or CELLS:
            found = [measured(options, layout, cells, what) for what in WORKS]
            shown = [f"{each['seconds']:6.2f} s {each['mib']:5.0f} M" for each in found]
            plain, distinct, evidence = found
            by = [f"{evidence['seconds'] / each['seconds']:10.2f}" for each in (plain, distinct)]
            cpu = "/".join(f"{evidence['cpu'] / each['cpu']:.1f}" for each in (plain, distinct))
            print(f"{layout:>9} {cells:>8,}", *shown, *by, f"{cpu:>12}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--persons", type=int, default=375_000)
    options.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts")
    options.add_argument("--memory", default="8GB", help="DuckDB's memory limit")
    options.add_argument("--folder", type=Path, help="where the data are kept; a temporary folder without it")
    options.add_argument("--child", choices=WORKS, help=argparse.SUPPRESS)
    options.add_argument("--layout", choices=LAYOUTS, help=argparse.SUPPRESS)
    options.add_argument("--cells", type=int, choices=CELLS, nargs="*" if "--child" not in sys.argv else None)
    chosen = options.parse_args()
    if chosen.child:
        child(chosen)
    elif chosen.folder:
        compare(chosen)
    else:
        with tempfile.TemporaryDirectory() as folder:
            chosen.folder = Path(folder)
            compare(chosen)


if __name__ == "__main__":
    main()
