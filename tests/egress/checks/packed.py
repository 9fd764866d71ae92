"""A small extract with one column that the catalogue does not list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hub.catalogue.model import Catalogue
from hub.extracts.pack import pack
from hub.extracts.reader import Extract, open_extract


def packed(folder: Path, towns: list[str]) -> Extract:
    """One row and one person per entry of `towns`."""
    described = {"town": {"type": "string", "description": "Town"}}
    catalogue = Catalogue.model_validate(
        {"source": {"name": "tiny", "person_key": "person_id"}, "tables": {"stay": {"columns": described}}}
    )
    source = folder / "stay.parquet"
    pq.write_table(pa.table({"person_id": [f"p{number}" for number in range(len(towns))], "town": towns}), source)
    pack(catalogue, {"stay": source}, folder / "extract", datetime(2026, 5, 1, tzinfo=UTC))
    return open_extract(folder / "extract")
