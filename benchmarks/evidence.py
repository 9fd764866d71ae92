"""What evidence costs: one table's rows, persons, sum and two largest persons per cell, beside plain DuckDB.

Prints seconds and ratios of one run on one Parquet file: DuckDB's plain GROUP BY, its count(DISTINCT person), and our
evidence, at each number of cells. To reach: evidence at most 1.5 times the distinct count.

    python benchmarks/evidence.py                       20 million rows, 1.5 million persons
    python benchmarks/evidence.py --rows 200000 --persons 15000 --repeat 1
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from egress.query.engine import Engine
from egress.query.evidence_sql import persons_sql, rows_sql
from egress.query.model import Query
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest, PackedTable

CELLS = (500, 100_000)


def write(path: Path, rows: int, persons: int) -> None:
    """Rows in no order; some persons have many rows, most a few; costs are skewed."""
    columns = ", ".join(f"CAST(hash(i, 1) % {cells} AS BIGINT) AS cell_{cells}" for cells in CELLS)
    connection = duckdb.connect()
    number = f"CAST(floor({persons} * pow((hash(i) % 1000003) / 1000003.0, 1.2)) AS BIGINT)"
    connection.execute(
        f"""COPY (SELECT md5(CAST({number} AS VARCHAR)) AS person, {columns},
                         10000 * pow((hash(i, 2) % 9973 + 1) / 9973.0, 4) AS cost
                  FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"""
    )
    connection.close()


def manifest(path: Path, rows: int, persons: int) -> Manifest:
    columns: dict[str, object] = {
        f"cell_{cells}": {"type": "integer", "description": "cell", "bounds": [0, cells]} for cells in CELLS
    }
    columns["cost"] = {"type": "number", "description": "cost", "bounds": [0, 10000]}
    catalogue = Catalogue.model_validate(
        {"source": {"name": "bench", "person_key": "person"}, "tables": {"stay": {"columns": columns}}}
    )
    packed = PackedTable(file=path.name, sha256="0" * 64, rows=rows, persons=persons)
    return Manifest(catalogue=catalogue, tables={"stay": packed}, created_at="2026-01-01T00:00:00Z")


def seconds(work: Callable[[], object], repeat: int) -> float:
    """The median of `repeat` runs."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def measure(folder: Path, rows: int, persons: int, repeat: int, memory: str) -> list[tuple[int, float, float, float]]:
    path = folder / "stay.parquet"
    write(path, rows, persons)
    results = []
    with Engine(folder, manifest(path, rows, persons), memory=memory) as engine:
        run = engine._connection.execute
        for cells in CELLS:
            key = f"cell_{cells}"
            query = parse(
                f"SELECT {key}, count(*) AS n, sum(cost) AS s FROM stay GROUP BY 1", engine.manifest.catalogue
            )
            if not isinstance(query, Query):
                raise TypeError(query.why)
            plain = f"SELECT {key}, count(*), sum(cost) FROM stay GROUP BY 1 ORDER BY 1"
            distinct = f"SELECT {key}, count(DISTINCT person) FROM stay GROUP BY 1 ORDER BY 1"
            run(plain).fetchall()  # the file is in the page cache for all
            works = ((plain,), (distinct,), (rows_sql(query), persons_sql(query)))
            times = [seconds(partial(fetch, run, work), repeat) for work in works]
            results.append((cells, times[0], times[1], times[2]))
    return results


def fetch(run: Callable[[str], duckdb.DuckDBPyConnection], statements: tuple[str, ...]) -> None:
    for statement in statements:
        run(statement).fetchall()


def main() -> None:
    options = argparse.ArgumentParser(description="What evidence costs, beside plain DuckDB.")
    options.add_argument("--rows", type=int, default=20_000_000)
    options.add_argument("--persons", type=int, default=1_500_000)
    options.add_argument("--repeat", type=int, default=3, help="runs of each statement; the median counts")
    options.add_argument("--memory", default="8GB", help="DuckDB's memory limit")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), chosen.rows, chosen.persons, chosen.repeat, chosen.memory)
    print(f"{chosen.rows:,} rows, {chosen.persons:,} persons, median of {chosen.repeat}")
    print(
        f"{'cells':>8} {'GROUP BY s':>11} {'DISTINCT s':>11} {'evidence s':>11} {'/ GROUP BY':>11} {'/ DISTINCT':>11}"
    )
    for cells, plain, distinct, evidence in results:
        ratios = f"{evidence / plain:11.2f} {evidence / distinct:11.2f}"
        print(f"{cells:>8,} {plain:11.2f} {distinct:11.2f} {evidence:11.2f} {ratios}")


if __name__ == "__main__":
    main()
