"""A small extract of visits, and specs from SQL, for the tests of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from egress.privacy.read import read
from egress.privacy.spec import DpSpec
from egress.query.model import Query
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import MANIFEST, Manifest
from hub.policy.verdict import Refusal
from tests.egress.query.extracts import catalogue, one_table, pack

MOST = 3

VISITS = one_table(
    {
        "sex": {"type": "string", "categories": ["F", "M"]},
        "site": {"type": "integer", "categories": [1, 2, 3]},
        "insured": {"type": "boolean"},
        "grade": {"type": "integer", "bounds": [-2, 4]},
        "since": {"type": "date", "bounds": [date(2020, 1, 1), date(2024, 12, 31)], "breaks": [date(2022, 1, 1)]},
        "cost": {"type": "number", "bounds": [0, 1000]},
        "note": {"type": "string"},
        "free": {"type": "integer"},
        "wide": {"type": "integer", "bounds": [0, 10**15]},
        "rate": {"type": "number", "categories": [0.5, 1.5]},
    },
    rows_per_person=MOST,
)
COLUMNS = tuple(VISITS["tables"]["t"]["columns"])

CATALOGUE: Catalogue = catalogue(VISITS)


def extract(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Manifest:
    """Packs `rows`; a column that a row lacks is NULL, `pid` too. The manifest is written beside."""
    data = {"pid": [row.get("pid") for row in rows]}
    for name in COLUMNS:
        data[name] = [row.get(name) for row in rows]
    manifest = pack(folder, VISITS, {"t": data})
    (folder / MANIFEST).write_text(manifest.model_dump_json(by_alias=True))
    return manifest


def manifest_of(described: Catalogue = CATALOGUE, persons: int | None = 5) -> Manifest:
    """A manifest without files: specs read nothing else."""
    packed = {"file": "t.parquet", "sha256": "0" * 64, "rows": 9, "persons": persons}
    copy = {"file": "t.dp.parquet", "sha256": "0" * 64, "rows": 9, "lost_rows": 0, "cut_persons": 0}
    most = described.tables["t"].rows_per_person
    bounded = {} if most is None or persons is None else {"t": {**copy, "rows_per_person": most}}
    return Manifest.model_validate(
        {"catalogue": described, "tables": {"t": packed}, "bounded": bounded, "created_at": "now"}
    )


def query(sql: str, described: Catalogue = CATALOGUE) -> Query:
    parsed = parse(sql, described, frozenset({"t"}))
    assert isinstance(parsed, Query), parsed
    return parsed


def read_sql(sql: str) -> DpSpec | Refusal:
    return read(query(sql), manifest_of())


def spec(sql: str) -> DpSpec:
    made = read_sql(sql)
    assert isinstance(made, DpSpec), made
    return made
