"""Small extracts for tests: real Parquet files and a real manifest, from columns given in the test."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hub.catalogue.model import Catalogue
from hub.extracts.manifest import BoundedTable, Manifest, PackedTable
from hub.extracts.pack import pack as pack_extract
from hub.extracts.person_number import PERSON_NUMBER
from hub.policy.files import read_rules
from hub.policy.model import DisclosureRules

TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}

HOSPITAL: dict[str, Any] = {
    "source": {"name": "pmsi", "person_key": "person_id", "rules": "health-fr"},
    "tables": {
        "person": {
            "columns": {
                "sex": {"type": "string", "description": "Sex", "categories": ["F", "M"]},
                "region": {"type": "string", "description": "Region", "categories": ["North", "South", "West"]},
                "age": {
                    "type": "integer",
                    "description": "Age",
                    "bounds": [0, 110],
                    "breaks": [18, 65],
                    "identifying": True,
                },
                "postcode": {"type": "string", "description": "Postcode", "identifying": True},
                "diagnosis": {
                    "type": "string",
                    "description": "Diagnosis",
                    "categories": ["A", "B", "C"],
                    "sensitive": True,
                },
                "ill": {"type": "boolean", "description": "Long illness", "sensitive": True},
            }
        },
        "stay": {
            "row_key": "stay_id",
            "rows_per_person": 50,
            "columns": {
                "hospital_id": {"type": "integer", "description": "Hospital", "bounds": [1, 40], "unit": True},
                "year": {"type": "integer", "description": "Year", "categories": [2021, 2022, 2023, 2024]},
                "day": {"type": "date", "description": "Admission", "bounds": [date(2021, 1, 1), date(2024, 12, 31)]},
                "cost": {"type": "number", "description": "Cost", "bounds": [0, 100000]},
                "nights": {"type": "integer", "description": "Nights", "bounds": [0, 60]},
                "urgent": {"type": "integer", "description": "Urgent", "bounds": [0, 1]},
            },
        },
        "act": {
            "columns": {
                "stay_id": {"type": "integer", "description": "Stay", "bounds": [0, 1000000]},
                "price": {"type": "number", "description": "Price", "bounds": [0, 5000]},
            }
        },
        "hospital": {
            "row_key": "hospital_id",
            "columns": {"public": {"type": "boolean", "description": "Public hospital"}},
        },
    },
}


def catalogue(raw: Mapping[str, Any] = HOSPITAL) -> Catalogue:
    return Catalogue.model_validate(raw)


def pack(folder: Path, raw: Mapping[str, Any], data: Mapping[str, Mapping[str, Sequence[Any]]]) -> Manifest:
    """Writes the tables and answers their manifest. Only tables with data enter."""
    described = catalogue({**raw, "tables": {name: raw["tables"][name] for name in data}})
    folder.mkdir(parents=True, exist_ok=True)
    packed = {}
    for name, columns in data.items():
        kinds = {column: entry.type.value for column, entry in described.tables[name].columns.items()}
        arrays = {
            column: pa.array(values, TYPES[kinds[column]] if column in kinds else None if values else pa.string())
            for column, values in columns.items()
        }
        path = folder / f"{name}.parquet"
        pq.write_table(pa.table(arrays), path)
        key = described.source.person_key
        packed[name] = PackedTable(
            file=path.name,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            rows=len(next(iter(columns.values()))),
            persons=len(set(columns[key])) if key in columns else None,
        )
    bounded = _bounded(folder, described, data)
    return Manifest(catalogue=described, tables=packed, bounded=bounded, created_at="2026-01-01T00:00:00Z")


def _bounded(
    folder: Path, described: Catalogue, data: Mapping[str, Mapping[str, Sequence[Any]]]
) -> dict[str, BoundedTable]:
    """Bounded copies: a person's first rows, as many as the catalogue allows; rows of nobody are left out."""
    key = described.source.person_key
    persons = sorted({each for columns in data.values() for each in columns.get(key, ()) if each is not None})
    made = {}
    for name, columns in data.items():
        table = described.tables[name]
        if key not in columns or table.rows_per_person is None:
            continue
        seen: Counter[Any] = Counter()
        kept = []
        for at, person in enumerate(columns[key]):
            seen[person] += 1
            if person is not None and seen[person] <= table.rows_per_person:
                kept.append(at)
        arrays = {
            column: pa.array([columns[column][at] for at in kept], TYPES[entry.type.value])
            for column, entry in table.columns.items()
            if column in columns
        }
        arrays[PERSON_NUMBER] = pa.array([persons.index(columns[key][at]) for at in kept], pa.uint32())
        path = folder / f"{name}.dp.parquet"
        pq.write_table(pa.table(arrays), path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        cut = sum(count > table.rows_per_person for person, count in seen.items() if person is not None)
        made[name] = BoundedTable(
            file=path.name,
            sha256=digest,
            rows=len(kept),
            rows_per_person=table.rows_per_person,
            lost_rows=len(columns[key]) - len(kept),
            cut_persons=cut,
        )
    return made


def pack_numbered(folder: Path, raw: Mapping[str, Any], data: Mapping[str, Mapping[str, Sequence[Any]]]) -> Manifest:
    """The same tables as the enclave packs them: verified, persons numbered, rows in their order."""
    source = folder.with_name(f"{folder.name}-source")
    described = pack(source, raw, data).catalogue
    files = {name: source / f"{name}.parquet" for name in data}
    return pack_extract(described, files, folder, datetime(2026, 1, 1, tzinfo=UTC))


def one_table(columns: Mapping[str, Any], **table: Any) -> dict[str, Any]:
    """A catalogue of one table `t` with the person key `pid`; `columns` are entries without description."""
    entries = {name: {"description": name, **entry} for name, entry in columns.items()}
    return {"source": {"name": "s", "person_key": "pid"}, "tables": {"t": {"columns": entries, **table}}}


def rules(name: str = "health-fr", **changes: Any) -> DisclosureRules:
    """Shipped rules, some thresholds changed: `min_persons=5`, `p_ratio=None`."""
    shipped = read_rules(name)
    update = {}
    for key, value in changes.items():
        old = getattr(shipped, key)
        update[key] = None if value is None else {"value": value, "source": old.source if old else "test"}
    return DisclosureRules.model_validate({**shipped.model_dump(), **update})
