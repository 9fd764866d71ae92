"""Three tables for the tests of joins: persons, their visits (at most 3 each), and sites, which hold no persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from egress.query.model import Query
from egress.query.parse import parse
from hub.extracts.manifest import BoundedTable, Manifest, PackedTable
from hub.policy.verdict import Refusal
from tests.egress.query.extracts import catalogue, pack, pack_numbered

VISITS = 3


def _column(kind: str, **facts: Any) -> dict[str, Any]:
    return {"type": kind, "description": kind, **facts}


CLINIC: dict[str, Any] = {
    "source": {"name": "clinic", "person_key": "pid"},
    "tables": {
        "person": {
            "rows_per_person": 1,
            "columns": {
                "sex": _column("string", categories=["F", "M"]),
                "born": _column("date", bounds=[date(1950, 1, 1), date(2009, 12, 31)]),
                "ill": _column("boolean"),
                "height": _column("number", bounds=[0, 250]),
            },
        },
        "visit": {
            "row_key": "visit_id",
            "rows_per_person": VISITS,
            "columns": {
                "site_id": _column("integer", bounds=[1, 6]),
                "day": _column("date", bounds=[date(2021, 11, 15), date(2022, 3, 20)]),
                "nights": _column("integer", bounds=[-5, 60], breaks=[2, 30]),
                "cost": _column("number", bounds=[0, 1000], breaks=[100, 500]),
                "urgent": _column("integer", bounds=[0, 1]),
                "kind": _column("string", categories=["a", "b", "c"]),
                "paid": _column("boolean"),
            },
        },
        "site": {
            "row_key": "site_id",
            "columns": {
                "public": _column("boolean"),
                "size": _column("string", categories=["big", "small"]),
                "beds": _column("integer", bounds=[0, 40]),
            },
        },
    },
}
DESCRIBED = catalogue(CLINIC)
TABLES = frozenset(DESCRIBED.tables)


def _maybe(random: Random, value: Any) -> Any:
    return None if random.random() < 0.15 else value


def rows(seed: int, persons: int = 40) -> dict[str, list[dict[str, Any]]]:
    """Rows within every bound; anything but keys may be NULL. Costs are whole thousandths."""
    random = Random(seed)
    found: dict[str, list[dict[str, Any]]] = {"person": [], "visit": [], "site": []}
    for site in range(1, 6):
        found["site"].append(
            {
                "site_id": site,
                "public": _maybe(random, random.random() < 0.5),
                "size": _maybe(random, random.choice(["big", "small"])),
                "beds": _maybe(random, random.randint(0, 40)),
            }
        )
    for person in range(persons):
        if random.random() < 0.8:
            found["person"].append({"pid": f"p{person:02}", **_person(random)})
        for visit in range(random.randint(0, VISITS)):
            found["visit"].append({"pid": f"p{person:02}", "visit_id": 10 * person + visit, **_visit(random)})
    return found


def _person(random: Random) -> dict[str, Any]:
    return {
        "sex": _maybe(random, random.choice("FM")),
        "born": _maybe(random, date(1950 + random.randint(0, 59), random.randint(1, 12), random.randint(1, 28))),
        "ill": _maybe(random, random.random() < 0.4),
        "height": _maybe(random, random.randint(0, 2500) / 10),
    }


def _visit(random: Random) -> dict[str, Any]:
    return {
        "site_id": _maybe(random, random.randint(1, 6)),
        "day": _maybe(random, date.fromordinal(date(2021, 11, 15).toordinal() + random.randint(0, 125))),
        "nights": _maybe(random, random.randint(-5, 60)),
        "cost": _maybe(random, random.randint(0, 1_000_000) / 1000),
        "urgent": _maybe(random, random.randint(0, 1)),
        "kind": _maybe(random, random.choice("abc")),
        "paid": _maybe(random, random.random() < 0.5),
    }


def extract(folder: Path, found: Mapping[str, Sequence[Mapping[str, Any]]], *, enclave: bool = False) -> Manifest:
    """Packs the tables of `found`, with `enclave` as the enclave does; a column that a row lacks is NULL."""
    data = {}
    for name, listed in found.items():
        table = CLINIC["tables"][name]
        keys = ["pid"] if name in {"person", "visit"} else []
        columns = dict.fromkeys([*keys, *([table["row_key"]] if "row_key" in table else []), *table["columns"]])
        data[name] = {column: [row.get(column) for row in listed] for column in columns}
    return (pack_numbered if enclave else pack)(folder, CLINIC, data)


def manifest() -> Manifest:
    """A manifest without files: specs read nothing else."""
    tables = {
        name: PackedTable(file=f"{name}.parquet", sha256="0" * 64, rows=9, persons=5 if table.rows_per_person else None)
        for name, table in DESCRIBED.tables.items()
    }
    bounded = {
        name: BoundedTable(
            file=f"{name}.dp.parquet",
            sha256="0" * 64,
            rows=9,
            rows_per_person=table.rows_per_person,
            lost_rows=0,
            cut_persons=0,
        )
        for name, table in DESCRIBED.tables.items()
        if table.rows_per_person
    }
    return Manifest(catalogue=DESCRIBED, tables=tables, bounded=bounded, created_at="now")


def query(sql: str) -> Query:
    parsed = parse(sql, DESCRIBED, frozenset({"person", "visit"}))
    assert isinstance(parsed, Query), parsed
    return parsed


def read_sql(sql: str) -> DpSpec | Refusal:
    return read(query(sql), manifest())


def spec(sql: str) -> DpSpec:
    made = read_sql(sql)
    assert isinstance(made, DpSpec), made
    return made


def answer(folder: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """What plain DuckDB says to the very text, on the ordinary files."""
    with duckdb.connect() as connection:
        for name in ("person", "visit", "site"):
            file = str(folder / f"{name}.parquet")
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{file}')")
        result = connection.execute(sql)
        return [column[0] for column in result.description], result.fetchall()
