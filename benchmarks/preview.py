"""How long the preview of a DP release takes: by formula, by OpenDP in the same process, and cold.

`asked` is the whole of what `bulle.preview` does once the extract is open: parse, read, plan, ladder of rho, words and
drawing. `plan` is the part that OpenDP could do as well: scales, half widths and epsilon of one rho, the baseline.
`started` is a process that does no more than load OpenDP, which a preview by a worker process would wait for.
Cold starts are processes: `bulle check` on a packed extract against the import of the modules that it uses.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bulle.foresight import lines, to_json
from bulle.picture import html_preview
from egress.privacy import costs, measure
from egress.privacy.preview import Preview, preview
from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from egress.query.model import Query
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import BoundedTable, Manifest, PackedTable
from hub.extracts.pack import Provenance, pack
from hub.policy.files import read_rules
from hub.policy.model import DisclosureRules

RHO = Decimal("0.05")
MOST = 5
TABLES = {
    "count": "SELECT region, sex, count(*) AS n FROM t GROUP BY region, sex",
    "six": "SELECT region, sex, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c, avg(cost) AS m, "
    "avg(nights) AS o, median(cost) AS d FROM t GROUP BY region, sex",
}


def catalogue() -> Catalogue:
    columns = {
        "region": {"type": "integer", "description": "Region", "categories": list(range(20))},
        "sex": {"type": "integer", "description": "Sex", "categories": [1, 2]},
        "cost": {"type": "number", "description": "Cost", "bounds": [0, 100_000]},
        "nights": {"type": "integer", "description": "Nights", "bounds": [0, 60]},
    }
    source = {"name": "made", "person_key": "pid", "rules": "health-fr"}
    return Catalogue.model_validate({"source": source, "tables": {"t": {"rows_per_person": MOST, "columns": columns}}})


def manifest() -> Manifest:
    packed = PackedTable(file="t.parquet", sha256="0" * 64, rows=9, persons=9)
    bounded = BoundedTable(
        file="t.dp.parquet", sha256="0" * 64, rows=9, rows_per_person=MOST, lost_rows=0, cut_persons=0
    )
    return Manifest(catalogue=catalogue(), tables={"t": packed}, bounded={"t": bounded}, created_at="now")


def spec_of(sql: str, held: Manifest) -> DpSpec:
    query = parse(sql, held.catalogue, frozenset({"t"}))
    if not isinstance(query, Query):
        raise SystemExit(str(query.why))
    spec = read(query, held)
    if not isinstance(spec, DpSpec):
        raise SystemExit(str(spec.reason))
    return spec


def whole(sql: str, held: Manifest, rules: DisclosureRules) -> None:
    """All that the notebook does, without the extract."""
    costs.half_width.cache_clear()
    seen = preview(spec_of(sql, held), rules, RHO)
    if not isinstance(seen, Preview):
        raise SystemExit(str(seen.reason))
    told = to_json(seen, rules)
    lines(told, "en")
    html_preview(told, "fr")


def by_formula(spec: DpSpec, rules: DisclosureRules) -> None:
    costs.half_width.cache_clear()
    preview(spec, rules, RHO)


def by_opendp(spec: DpSpec, rules: DisclosureRules) -> None:
    """The same numbers from OpenDP's own functions."""
    privacy = rules.privacy.value
    scales = [scale for scale, _ in measure.plan(spec, int(RHO * costs.NANO))]
    for confidence in (privacy.confidence, (1 + privacy.confidence) / 2):
        for one, scale in zip(spec.statistics, scales, strict=True):
            measure.width(one, scale, confidence)
    measure.epsilon(float(RHO), privacy.delta)


def timed(act: Callable[[], object], times: int) -> float:
    """The median, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - start))
    return median(found)


def run(program: list[str]) -> int:
    return subprocess.run(program, check=False, capture_output=True).returncode


def in_process(times: int, slow: int) -> None:
    held, rules = manifest(), read_rules("health-fr")
    for name, sql in TABLES.items():
        spec = spec_of(sql, held)
        asked = timed(lambda sql=sql: whole(sql, held, rules), times)  # type: ignore[misc]  # mypy: lambda with a default
        formula = timed(lambda spec=spec: by_formula(spec, rules), times)  # type: ignore[misc]  # same
        opendp = timed(lambda spec=spec: by_opendp(spec, rules), times)  # type: ignore[misc]  # same
        print(
            f"{name:6} asked {asked:7.1f} ms   plan {formula:6.2f} ms ({formula / opendp:6.4f} x OpenDP)   "
            f"OpenDP in process {opendp:6.2f} ms (1 x)"
        )
    started = timed(lambda: run([sys.executable, "-c", "import egress.privacy.measure"]), slow)
    print(f"started, with OpenDP loaded: {started:6.0f} ms")


def cold(slow: int) -> None:
    """`bulle check --protect dp` and `bulle check` of nothing but its imports."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        made = np.random.default_rng(1)
        values = {
            "pid": np.repeat([f"p{at}" for at in range(1000)], MOST),
            "region": made.integers(0, 20, 1000 * MOST),
            "sex": made.integers(1, 3, 1000 * MOST),
            "cost": made.uniform(0, 1000, 1000 * MOST),
            "nights": made.integers(0, 60, 1000 * MOST),
        }
        pq.write_table(pa.table(values), where / "t.parquet")
        pack(catalogue(), {"t": where / "t.parquet"}, where / "x", datetime.now(UTC), Provenance("health-fr", "p"))
        command = [sys.executable, "-m", "bulle", "check", "--extract", str(where / "x"), "--protect", "dp"]
        imports = "import bulle.__main__, bulle.checking, bulle.dp, hub.extracts.reader, duckdb, pyarrow.parquet"
        floor = timed(lambda: run([sys.executable, "-c", imports]), slow)
        command += ["--rho", str(RHO), "--sql", TABLES["six"]]
        check = timed(lambda: run(command), slow)
        print(
            f"cold   bulle check {check:6.0f} ms ({check / floor:4.2f} x)   its imports {floor:6.0f} ms (1 x)   "
            f"exit {run(command)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=15, help="runs in this process, of which the median is told")
    parser.add_argument("--starts", type=int, default=3, help="runs that start a process")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, OpenDP {version('opendp')}, rho {RHO}, 40 cells, {MOST} rows a person")
    in_process(chosen.times, chosen.starts)
    cold(chosen.starts)


if __name__ == "__main__":
    main()
