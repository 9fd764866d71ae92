"""A small source with planted truths: a hospital with persons, stays and notes of stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hub.catalogue.model import Catalogue

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

CATALOGUE: dict[str, Any] = {
    "source": {"name": "hospital", "person_key": "pid", "rules": "health-fr"},
    "tables": {
        "person": {
            "rows_per_person": 1,
            "columns": {
                "sex": {"type": "string", "description": "Sex", "categories": ["f", "m"]},
                "birth": {"type": "date", "description": "Birth", "identifying": True},
                "commune": {"type": "string", "description": "Commune", "identifying": True},
            },
        },
        "stay": {
            "row_key": "sid",
            "rows_per_person": 3,
            "columns": {
                "year": {"type": "integer", "description": "Year", "bounds": [2020, 2025]},
                "cost": {"type": "number", "description": "Cost", "bounds": [0, 1000]},
                "emergency": {"type": "boolean", "description": "By emergency"},
                "day": {"type": "date", "description": "Day", "bounds": [date(2020, 1, 1), date(2025, 12, 31)]},
            },
        },
        "note": {
            "columns": {
                "sid": {"type": "string", "description": "The stay it belongs to"},
                "kind": {"type": "integer", "description": "Kind", "categories": [1, 2, 3]},
            },
        },
    },
}

PERSONS = 40
STAYS = 100


def catalogue() -> Catalogue:
    return Catalogue.model_validate(CATALOGUE)


def person_key(number: int) -> str:
    """Long enough to be searched for in bytes."""
    return f"NIR-{1_850_775_000_000 + number}"


def stay_key(number: int) -> str:
    return f"SEJOUR-{90_000_000 + number}"


def person_table(**changes: Any) -> pa.Table:
    columns = {
        "pid": [person_key(n) for n in range(PERSONS)],
        "sex": ["f" if n % 2 else "m" for n in range(PERSONS)],
        "birth": [date(1950 + n, 1, 1) for n in range(PERSONS)],
        "commune": [f"c{n}" for n in range(PERSONS)],
        "secret_phone": [f"PHONE-{n:09d}" for n in range(PERSONS)],
    }
    return pa.table({**columns, **changes})


def stay_table(**changes: Any) -> pa.Table:
    columns = {
        "pid": [person_key(n % PERSONS) for n in range(STAYS)],
        "sid": [stay_key(n) for n in range(STAYS)],
        "year": [2020 + n % 6 for n in range(STAYS)],
        "cost": [float(n) for n in range(STAYS)],
        "emergency": [n % 3 == 0 for n in range(STAYS)],
        "day": [date(2020 + n % 6, 3, 1) for n in range(STAYS)],
        "secret_ward": [f"WARD-{n:09d}" for n in range(STAYS)],
    }
    return pa.table({**columns, **changes})


def note_table(**changes: Any) -> pa.Table:
    columns = {
        "pid": [person_key(n % PERSONS) for n in range(STAYS)],
        "sid": [stay_key(n) for n in range(STAYS)],
        "kind": [1 + n % 3 for n in range(STAYS)],
    }
    return pa.table({**columns, **changes})


def write_source(folder: Path, **tables: pa.Table) -> dict[str, Path]:
    """The source's files, some tables replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    made = {"person": person_table(), "stay": stay_table(), "note": note_table(), **tables}
    for name, table in made.items():
        files[name] = folder / f"{name}.parquet"
        pq.write_table(table, files[name])
    return files
