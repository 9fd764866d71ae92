"""How long the audit takes beside many earlier releases of one source: exact recoverability, and bounds.

Records and releases as in the reference on differencing: tables by age, region, sex, diagnosis and year, with margins,
some filtered, each cell below the threshold suppressed and nothing else, which is what a check cell by cell lets pass.
The request is a table of region, diagnosis and age of all rows. The baseline is two linear programs per hidden cell,
timed on a few and extrapolated.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy

from egress.query.model import Query
from egress.query.parse import parse
from egress.query.table import TOTAL, Table, Value
from egress.released.bounds import Told, audit
from egress.released.cells import ROWS
from egress.released.fingerprint import Fingerprint, Lineage, Status, Thresholds
from egress.released.outsider import Knowledge, Published
from egress.released.probe import Block, determined
from hub.catalogue.model import Catalogue
from hub.policy.files import read_rules
from hub.policy.model import DisclosureRules

THRESHOLD = 10
DIMENSIONS = {"region": 13, "sex": 2, "diagnosis": 18, "age": 10, "year": 5}
CUTS = (2, 4, 6, 8)


def catalogue() -> Catalogue:
    columns = {
        name: {"type": "integer", "description": name, "categories": list(range(size))}
        for name, size in DIMENSIONS.items()
    }
    source = {"name": "made", "person_key": "pid"}
    return Catalogue.model_validate({"source": source, "tables": {"t": {"rows_per_person": 1, "columns": columns}}})


def records(count: int, source: np.random.Generator) -> dict[str, np.ndarray]:
    """Diagnoses and regions of very different size, as in life."""
    found = {}
    for name, size in DIMENSIONS.items():
        weights = 1.0 / np.arange(1, size + 1) if name in {"region", "diagnosis"} else np.ones(size)
        found[name] = source.choice(size, count, p=weights / weights.sum())
    return found


def query_of(keys: Sequence[str], where: str) -> Query:
    sql = f"SELECT {', '.join(keys)}, count(*) AS n FROM t {where} GROUP BY CUBE ({', '.join(keys)})"
    query = parse(sql, catalogue())
    if not isinstance(query, Query):
        raise SystemExit(str(query.why))
    return query


def release(number: int, data: dict[str, np.ndarray], source: np.random.Generator, rules: Thresholds) -> Fingerprint:
    """One table of two or three keys, every third one filtered; number 0, the request, of three and of all rows."""
    drawn = [str(key) for key in source.choice(list(DIMENSIONS), size=int(source.integers(2, 4)), replace=False)]
    keys = drawn if number else ["region", "diagnosis", "age"]
    where, rows = "", np.ones(len(data["age"]), dtype=bool)
    if number % 3 == 2:
        cut = int(source.choice(CUTS))
        where, rows = (
            (f"WHERE age >= {cut}", data["age"] >= cut)
            if number % 2
            else (f"WHERE sex = {cut % 2}", data["sex"] == cut % 2)
        )
    query = query_of(keys, where)
    lines: list[tuple[Value | None, ...]] = []
    groupings: list[tuple[int, ...]] = []
    primary = []
    for grouping in query.groupings:
        names = [query.keys[at].name for at in grouping]
        shape = [DIMENSIONS[name] for name in names] or [1]
        index = (
            np.ravel_multi_index([data[name][rows] for name in names], shape)
            if names
            else np.zeros(rows.sum(), dtype=int)
        )
        counts = np.bincount(index, minlength=int(np.prod(shape)))
        for place in np.flatnonzero(counts):
            labels = dict(zip(names, (int(at) for at in np.unravel_index(place, shape)), strict=False))
            small = counts[place] < THRESHOLD
            if small:
                primary.append(len(lines))
            lines.append((*(labels.get(key.name, TOTAL) for key in query.keys), None if small else int(counts[place])))
            groupings.append(grouping)
    return Fingerprint(
        f"r-{number}",
        f"p-{number % 7}",
        "table",
        Lineage("made", "0" * 64),
        query,
        Table(query.columns, tuple(lines)),
        tuple(groupings),
        Status.RELEASED,
        rules,
        primary=tuple(primary),
    )


@dataclass(frozen=True)
class Measured:
    """Seconds and sizes of one run."""

    tables: int
    cells: int
    hidden: int
    unknown: int
    largest: int
    built: float
    probed: float
    bounded: float
    naive: float
    exact: int
    told: dict[Told, int]

    def line(self) -> str:
        found = " ".join(f"{kind.value}={count}" for kind, count in self.told.items())
        ratio = self.naive / max(self.bounded, 1e-3)
        return (
            f"{self.tables - 1:5d} earlier {self.cells:7d} cells {self.hidden:6d} hidden {self.unknown:7d} unknown "
            f"(largest block {self.largest:6d})  build {self.built:7.2f} s  exact {self.probed:7.2f} s "
            f"({self.exact} known exactly)  bounds {self.bounded:7.2f} s  two programs a cell {self.naive:9.1f} s "
            f"({ratio:.0f} x)  {found}"
        )


def blocks(known: Knowledge, published: Published, own: int) -> list[tuple[np.ndarray, np.ndarray]]:
    touched = np.zeros(known.size, dtype=bool)
    touched[[one.cell for one in published.universe.publications if one.table < own]] = True
    return list(known.blocks(touched))


def measure(tables: Sequence[Fingerprint], rules: DisclosureRules, sample: int) -> Measured:
    start = time.perf_counter()
    published = Published.of(tables, frozenset({"t"}))
    known = published.knowledge(ROWS)
    parts = blocks(known, published, 1)
    built = time.perf_counter() - start
    start = time.perf_counter()
    exact = sum(
        int((determined(known.equations(lines, cells)[0]) & known.secret[cells]).sum()) for lines, cells in parts
    )
    probed = time.perf_counter() - start
    start = time.perf_counter()
    found = audit(published, 1, rules)
    bounded = time.perf_counter() - start
    told = {kind: sum(one.told is kind for one in found.exposures) for kind in Told}
    return Measured(
        len(tables),
        published.universe.size,
        int(known.secret.sum()),
        found.unknowns or found.too_many,
        max((len(cells) for _, cells in parts), default=0),
        built,
        probed,
        bounded,
        naive(known, parts, sample),
        exact,
        told,
    )


def naive(known: Knowledge, parts: Sequence[tuple[np.ndarray, np.ndarray]], sample: int) -> float:
    """Seconds that two cold programs for every hidden cell would take, from `sample` cells of the largest block."""
    if not parts:
        return 0.0
    lines, cells = max(parts, key=lambda part: len(part[1]))
    block = Block(*known.equations(lines, cells), known.low[cells], known.high[cells], whole=True)
    hidden = np.flatnonzero(known.secret[cells])
    chosen = hidden[:: max(1, len(hidden) // sample)][:sample]
    start = time.perf_counter()
    for cell in chosen.tolist():
        block.interval(cell)
    each = (time.perf_counter() - start) / max(len(chosen), 1)
    return each * sum(int(known.secret[cells].sum()) for _, cells in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10 and 30 releases of 20,000 records")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--releases", type=int, nargs="*", default=[10, 100], help="for instance 10 100 1000")
    parser.add_argument("--sample", type=int, default=5, help="cells on which the baseline is timed")
    asked = parser.parse_args()
    sizes, count = ([10, 30], 20_000) if asked.quick else (asked.releases, asked.records)
    rules = read_rules("health-fr")
    rules = rules.model_copy(
        update={"audit": None, "min_persons": rules.min_persons.model_copy(update={"value": THRESHOLD})}
    )
    source = np.random.default_rng(1)
    data = records(count, source)
    thresholds = Thresholds("made", THRESHOLD, 5, 4)
    print(f"python {platform.python_version()} numpy {np.__version__} scipy {scipy.__version__} records {count}")
    kinds = sum(len(list(combinations(DIMENSIONS, size))) for size in (2, 3))
    print(f"threshold {THRESHOLD}, tables of {kinds} kinds of keys, a third of them filtered")
    made = [release(number, data, source, thresholds) for number in range(max(sizes) + 1)]
    for size in sizes:
        print(measure(made[: size + 1], rules, asked.sample).line(), flush=True)


if __name__ == "__main__":
    main()
