"""Extracts for tests: the RAND experiment's microdata, packed as the shipped catalogue describes them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from hub.catalogue.model import Catalogue
from hub.extracts.pack import pack
from hub.policy.files import policies_dir, read_toml
from scripts.prepare_randhie import prepare

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def rand_hie(folder: Path, years: int = 3) -> Path:
    """An extract of the first `years` of the experiment, as the example permit grants them; its folder."""
    source, table, extract = folder / "source.parquet", folder / "person_year.parquet", folder / "extract"
    prepare(source)
    rows = pq.read_table(source)
    pq.write_table(rows.filter(pc.less_equal(rows["year"], years)), table)
    catalogue = read_toml(policies_dir() / "catalogues" / "rand-hie.toml", Catalogue)
    pack(catalogue, {"person_year": table}, extract, NOW)
    return extract
