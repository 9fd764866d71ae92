"""Made stays for the benchmarks of DP releases: 3 to 7 rows a person, 5 on average, in 40 or 4,000 groups.

Groups are drawn per row, so that one person stands in several; costs are skewed within [0, 1000]. No person has more
rows than the catalogue declares: a bounded copy then loses none, and all error of a release is noise.
"""

from __future__ import annotations

import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from egress.query.model import Query
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest
from hub.extracts.pack import pack

MOST = 7
REGIONS, AGES = 20, 100
BOUNDS = (0, 1000)
# Number of groups -> their keys.
KEYS = {2 * REGIONS: "region, sex", 2 * REGIONS * AGES: "region, sex, age"}


def table(groups: int) -> str:
    """The table that is released, as its author writes it."""
    return f"SELECT {KEYS[groups]}, count(*) AS stays, avg(cost) AS mean_cost FROM stay GROUP BY {KEYS[groups]}"


def catalogue() -> Catalogue:
    """What the data holder signs."""
    columns: dict[str, object] = {
        "region": {"type": "string", "description": "Region", "categories": [f"R{at:02d}" for at in range(REGIONS)]},
        "sex": {"type": "string", "description": "Sex", "categories": ["F", "M"]},
        "age": {"type": "integer", "description": "Age", "categories": list(range(AGES))},
        "cost": {"type": "number", "description": "Cost", "bounds": list(BOUNDS)},
    }
    source = {"name": "bench", "person_key": "person", "rules": "health-fr"}
    stay = {"rows_per_person": MOST, "columns": columns}
    return Catalogue.model_validate({"source": source, "tables": {"stay": stay}})


def prepare(folder: Path, rows: int) -> None:
    """Packs `rows` stays as an extract at `folder`, as the enclave does, with the bounded copy that releases read."""
    # Of each 25 rows one person has 3, one 4, one 5, one 6 and one 7. Groups are remainders of a prime first: the last
    # bits of two hashes that have a number in common hang together.
    nth = " + ".join(f"CAST(i % 25 >= {start} AS BIGINT)" for start in (3, 7, 12, 18))
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        plain = Path(name) / "stay.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"""COPY (SELECT 5 * (i // 25) + {nth} AS person,
                                 printf('R%02d', hash(i, 1) % 9973 % {REGIONS}) AS region,
                                 CASE WHEN hash(i, 2) % 9973 % 2 = 0 THEN 'F' ELSE 'M' END AS sex,
                                 CAST(hash(i, 3) % 9973 % {AGES} AS BIGINT) AS age,
                                 round({BOUNDS[1]} * pow((hash(i, 4) % 9973) / 9973.0, 4), 2) AS cost
                          FROM range({rows}) t(i)) TO '{plain}' (FORMAT parquet)"""
            )
        pack(catalogue(), {"stay": plain}, folder, datetime.now(UTC))


def spec_of(groups: int, manifest: Manifest) -> DpSpec:
    """The release of `table(groups)`, as the enclave reads it."""
    query = parse(table(groups), manifest.catalogue, frozenset({"stay"}))
    if not isinstance(query, Query):
        raise TypeError(query.why)
    spec = read(query, manifest)
    if not isinstance(spec, DpSpec):
        raise TypeError(spec.reason)
    return spec


def peak_mib(*, children: bool = False) -> float:
    """What this process held in memory at most; unlike ru_maxrss, without what its parent had before.

    Of its children, the most that one of them held; that is at least what this process holds when it starts them.
    """
    if children:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
