"""A DP release beside SmartNoise and diffprivlib: count and mean by 40 and by 4,000 groups, at one epsilon.

Both (PyPI, pinned in locks/benchmarks/) run in virtual environments of their own, made on first use. What they
protect, and how each is given its best case:
- Bulle: a person with all rows, epsilon at delta 1e-6 by OpenDP's conversion from rho. Rows are limited when the
  extract is packed, which is not timed.
- SmartNoise SQL: a person with all rows. It is told that nobody has more rows than the limit and that all groups are
  public, so that it neither samples rows nor drops groups. Its epsilon is of each noisy number; what the table costs in
  all is taken from its own odometer, at delta 1e-6. Rows lie in its database (SQLite) before time is taken.
- diffprivlib: a row, not a person. `persons` gives it epsilon / limit of each row, which protects persons as well
  (group privacy); `rows` gives it the whole epsilon, and protects no person. It takes the number of rows of each group
  as public for its means; groups are numbers of one array in memory. Budgets are split by its own accountant.

`tables`: how many such tables share the epsilon. One alone is the best case of pure epsilon, which both peers add up;
rho composes better. Errors are means over all groups of the distance from the exact answer, the median of the runs;
means are cut to the bounds of the column, everybody's. `told`: groups whose mean is told; Bulle tells none where the
count cannot be told from 0. `cold` is a process from its start to one
answer, told for the first of `tables`; `warm` one that runs already and has its rows at hand.

To reach: faster than both at equal or better accuracy, for the same epsilon of persons.

    python benchmarks/dp_peers.py            1 million rows
    python benchmarks/dp_peers.py --quick    100,000 rows, two runs, one table
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.dp_made import AGES, BOUNDS, KEYS, MOST, prepare, spec_of
from benchmarks.environments import environment, versions
from egress.privacy import costs, worker
from egress.privacy.answer import Answer, table_of
from egress.privacy.child import limits_in_force
from egress.privacy.draw import draw
from egress.privacy.files import files
from egress.privacy.form import TABLE
from egress.privacy.ledger import Reservation
from egress.privacy.spec import to_json
from hub.extracts.reader import open_extract
from hub.policy.files import read_rules

EPSILON, DELTA = 1.0, 1e-6

# Both peers: argv holds the array file and a JSON of facts. `ask` answers counts and means by group, in their order.
COMMON = """
import json, logging, sys, time, warnings
import numpy as np
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
facts = json.loads(sys.argv[2])
columns = dict(np.load(sys.argv[1]))
group, cost, groups = columns["group"], columns["cost"], facts["groups"]
"""
FINISH = """
walls, errors = [], []
exact = np.bincount(group, minlength=groups)
means = np.bincount(group, weights=cost, minlength=groups) / exact
for _ in range(facts["repeat"]):
    begin = time.perf_counter()
    counts, noisy = ask()
    walls.append(time.perf_counter() - begin)
    told = ~np.isnan(noisy)
    noisy = np.clip(noisy, *facts["bounds"])
    errors.append([float(abs(counts - exact).mean()), float(abs(noisy - means)[told].mean()), float(told.mean())])
print(json.dumps({"seconds": walls, "errors": errors}))
"""
SMARTNOISE = """
import pandas as pd
from snsql import Privacy, from_df
from snsql.sql.odometer import OdometerHeterogeneous
low, high = facts["bounds"]
stay = {
    "max_ids": facts["most"], "row_privacy": False, "sample_max_ids": False, "censor_dims": False, "rows": len(cost),
    "person": {"type": "int", "private_id": True}, "cell": {"type": "int"},
    "cost": {"type": "float", "lower": float(low), "upper": float(high)},
}
frame = pd.DataFrame({"person": columns["person"], "cell": group, "cost": cost})
sql = "SELECT cell, COUNT(*) AS stays, AVG(cost) AS mean_cost FROM made.stay GROUP BY cell"
def reader(epsilon, frame):
    privacy = Privacy(epsilon=epsilon, delta=facts["delta"])
    return from_df(frame, privacy=privacy, metadata={"": {"made": {"stay": stay}}})
numbers = len([one for one in reader(1.0, frame.head(1))._get_mechanism_costs(sql) if one])
def spent(epsilon):
    odometer = OdometerHeterogeneous(Privacy(epsilon=epsilon, delta=facts["delta"]))
    for _ in range(numbers * facts["tables"]):
        odometer.spend(Privacy(epsilon=epsilon, delta=0.0))
    return odometer.spent[0]
low_e, high_e = 0.0, facts["epsilon"]
for _ in range(40):
    middle = (low_e + high_e) / 2
    low_e, high_e = (middle, high_e) if spent(middle) <= facts["epsilon"] else (low_e, middle)
private = reader(low_e, frame)
def ask():
    rows = private.execute(sql)[1:]
    counts, noisy = np.zeros(groups), np.full(groups, np.nan)
    for cell, count, mean in rows:
        counts[cell], noisy[cell] = count, np.nan if mean is None else mean
    return counts, noisy
"""
DIFFPRIVLIB = """
import math
from diffprivlib import BudgetAccountant, tools
most = facts["most"] if facts["unit"] == "persons" else 1
epsilon = facts["epsilon"] / most
delta = facts["delta"] / (most * math.exp((most - 1) * epsilon))
slack = delta if facts["tables"] > 1 else 0.0
each = BudgetAccountant(epsilon, delta, slack=slack).remaining(2 * facts["tables"])[0]
def ask():
    counts, _ = tools.histogram(group, epsilon=each, bins=groups, range=(0, groups), accountant=BudgetAccountant())
    order = np.argsort(group, kind="stable")
    parts = np.split(cost[order], np.searchsorted(group[order], np.arange(1, groups)))
    given = {"epsilon": each, "bounds": tuple(facts["bounds"]), "accountant": BudgetAccountant()}
    return counts, np.array([tools.mean(part, **given) for part in parts])
"""


@dataclass(frozen=True)
class Result:
    """Mean absolute errors of counts and means, the share of means told; seconds with and without a start."""

    count: float
    mean: float
    told: float
    cold: float
    warm: float


def arrays(extract: Path, groups: int, target: Path) -> None:
    """What the peers read: persons, numbers of groups in the order of the sorted keys, and costs."""
    cell = "2 * CAST(region[2:] AS BIGINT) + CAST(sex = 'M' AS BIGINT)"
    cell = cell if "age" not in KEYS[groups] else f"{AGES} * ({cell}) + age"
    with duckdb.connect() as connection:
        sql = f"""SELECT "person number" AS person, {cell} AS "group", cost FROM '{extract}/stay.dp.parquet'"""
        found = connection.execute(sql).fetchnumpy()
    np.savez(target, allow_pickle=False, **{name: np.asarray(values) for name, values in found.items()})


def peer(python: Path, code: str, data: Path, facts: dict[str, Any]) -> Result:
    def run(repeat: int) -> dict[str, Any]:
        command = [str(python), "-I", "-c", COMMON + code + FINISH, str(data), json.dumps({**facts, "repeat": repeat})]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    walls = []
    for _ in range(facts["cold"]):
        begin = time.perf_counter()
        run(1)
        walls.append(time.perf_counter() - begin)
    found = run(facts["repeat"])
    return _result(found["errors"], walls, found["seconds"])


def _result(errors: list[Any], cold: list[float], warm: list[float]) -> Result:
    """Medians of the runs."""
    count, mean, told = (statistics.median(run[at] for run in errors) for at in range(3))
    return Result(count, mean, told, statistics.median(cold) if cold else math.nan, statistics.median(warm))


def nano_rho(tables: int) -> int:
    """What one of `tables` tables may cost so that all together stay within epsilon."""
    low, high = 0.0, EPSILON
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if costs.epsilon(middle, DELTA) <= EPSILON else (low, middle)
    return math.floor(low / tables * costs.NANO)


def bulle(extract_path: Path, data: Path, facts: dict[str, Any]) -> Result:
    """Cold: the service's draw, which starts its worker. Warm: what the worker does, in this process."""
    extract, rules = open_extract(extract_path), read_rules("health-fr")
    spec = spec_of(facts["groups"], extract.manifest)
    reserved = Reservation(0, "bench", "bench", spec.digest, "bench", nano_rho(facts["tables"]))
    privacy = rules.privacy.value
    request = {
        "act": "draw",
        "spec": to_json(spec),
        "nano_rho": reserved.nano_rho,
        "delta": privacy.delta,
        "confidence": privacy.confidence,
        "files": {name: str(path) for name, path in files(spec, extract.manifest, extract.path).items()},
        "limits": limits_in_force().model_dump(),
    }
    columns = dict(np.load(data))
    exact = np.bincount(columns["group"], minlength=spec.cells)
    means = np.bincount(columns["group"], weights=columns["cost"], minlength=spec.cells) / exact
    colds, warms, errors = [], [], []
    for _ in range(facts["repeat"]):
        begin = time.perf_counter()
        cold = draw(reserved, TABLE, spec, extract.path, extract.manifest, rules=rules)
        colds.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        warm = Answer.from_json(worker.answer(request) | {"delta": privacy.delta, "confidence": privacy.confidence})
        warms.append(time.perf_counter() - begin)
        errors += [_errors(table_of(spec, each).rows, exact, means) for each in (cold, warm)]
    return _result(errors, colds, warms)


def _errors(rows: Any, exact: Any, means: Any) -> tuple[float, float, float]:
    counts = np.array([row[-2] for row in rows], float)
    noisy = np.array([math.nan if row[-1] is None else row[-1] for row in rows], float)
    told = ~np.isnan(noisy)
    return float(abs(counts - exact).mean()), float(abs(noisy - means)[told].mean()), float(told.mean())


def compare(folder: Path, rows: int, tables: list[int], repeat: int) -> None:
    smartnoise, diffprivlib = environment("smartnoise"), environment("diffprivlib")
    print(
        f"Bulle on OpenDP {version('opendp')}; {versions(smartnoise, 'smartnoise-sql', 'opendp')}; "
        f"{versions(diffprivlib, 'diffprivlib')}\n{rows:,} rows, {rows // 5:,} persons of at most {MOST} rows, epsilon "
        f"{EPSILON:g} at delta {DELTA:g}; medians of {repeat}; load before: {os.getloadavg()[0]:.1f}"
    )
    print(
        f"{'tables':>6} {'groups':>6} {'tool':>12} {'protects':>8} {'count ±':>9} {'mean ±':>9} {'told':>6} "
        f"{'cold':>9} {'warm':>9}"
    )
    extract = folder / "extract"
    prepare(extract, rows)
    for groups in KEYS:
        data = folder / f"{groups}.npz"
        arrays(extract, groups, data)
        for many in tables:
            facts = {"groups": groups, "tables": many, "repeat": repeat, "bounds": BOUNDS, "most": MOST}
            facts |= {"epsilon": EPSILON, "delta": DELTA, "cold": min(3, repeat) if many == tables[0] else 0}
            found = {
                ("Bulle", "persons"): bulle(extract, data, facts),
                ("SmartNoise", "persons"): peer(smartnoise, SMARTNOISE, data, facts),
                ("diffprivlib", "persons"): peer(diffprivlib, DIFFPRIVLIB, data, {**facts, "unit": "persons"}),
                ("diffprivlib", "rows"): peer(diffprivlib, DIFFPRIVLIB, data, {**facts, "unit": "rows"}),
            }
            for (tool, unit), one in found.items():
                print(
                    f"{many:>6} {groups:>6,} {tool:>12} {unit:>8} {one.count:9.1f} {one.mean:9.2f} {one.told:6.0%} "
                    f"{one.cold:7.2f} s {one.warm:7.2f} s",
                    flush=True,
                )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--tables", type=int, nargs="+", default=[1, 20], help="how many tables share the epsilon")
    options.add_argument("--repeat", type=int, default=5, help="runs of each; the median counts")
    options.add_argument("--quick", action="store_true", help="100,000 rows, two runs, one table")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.rows, chosen.repeat, chosen.tables = 100_000, 2, [1]
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), chosen.rows, chosen.tables, chosen.repeat)


if __name__ == "__main__":
    main()
