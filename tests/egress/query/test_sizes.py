"""Tables that are too large are stopped with a sentence, before their rows are fetched, in bounded memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from egress.query.engine import Engine, EngineError
from egress.query.model import Query
from egress.query.parse import parse
from egress.query.sizes import most_rows
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest, PackedTable
from tests.egress.query.extracts import one_table, pack, pack_numbered

SHAPE = one_table(
    {
        "sex": {"type": "string", "categories": ["F", "M"]},
        "age": {"type": "integer", "bounds": [0, 9]},
        "ill": {"type": "boolean"},
        "town": {"type": "string"},
        "x": {"type": "number", "bounds": [0, 100]},
    }
)


def asked(sql: str, catalogue: Catalogue) -> Query:
    query = parse(sql, catalogue)
    assert isinstance(query, Query), query
    return query


@pytest.mark.parametrize(
    ("sql", "most"),
    [
        ("SELECT count(*) AS n FROM t", 1),
        ("SELECT sex, count(*) AS n FROM t GROUP BY 1", 3),
        ("SELECT sex, age, ill, count(*) AS n FROM t GROUP BY ALL", 3 * 11 * 3),
        ("SELECT sex, age, count(*) AS n FROM t GROUP BY CUBE (sex, age)", 3 * 11 + 3 + 11 + 1),
        ("SELECT age // 2 AS a, count(*) AS n FROM t GROUP BY 1", 11),
        ("SELECT town, sex, count(*) AS n FROM t GROUP BY ALL", None),
    ],
)
def test_the_catalogue_bounds_a_table(sql: str, most: int | None) -> None:
    catalogue = Catalogue.model_validate(SHAPE)
    assert most_rows(asked(sql, catalogue), catalogue) == most


def towns(count: int) -> dict[str, list[Any]]:
    return {
        "pid": [f"p{at}" for at in range(count)],
        "sex": ["F"] * count,
        "age": [at % 10 for at in range(count)],
        "ill": [None] * count,
        "town": [f"town {at}" for at in range(count)],
        "x": [1.0] * count,
    }


@pytest.mark.parametrize("packer", [pack, pack_numbered])
@pytest.mark.parametrize(("count", "fits"), [(9, True), (10, True), (11, False), (500, False)])
def test_one_row_too_many_is_a_sentence(tmp_path: Path, packer: Any, count: int, fits: bool) -> None:
    folder = tmp_path / "extract"
    manifest = packer(folder, SHAPE, {"t": towns(count)})
    with Engine(folder, manifest, cells=20) as engine:  # two measures, so 10 rows
        query = asked("SELECT town, count(*) AS n, sum(x) AS s FROM t GROUP BY town", engine.manifest.catalogue)
        if fits:
            assert len(engine.table(query).rows) == len(engine.evidence(query).cells) == count
            return
        for work in (engine.table, engine.evidence):
            with pytest.raises(EngineError) as caught:
                work(query)
            assert "more than 10 rows" in str(caught.value)
            assert "town 1" not in str(caught.value)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A million rows, each of which is a cell of its own; a join by a key that all share would give 10^12 rows."""
    folder = tmp_path_factory.mktemp("wide")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'p' || i AS pid, 'F' AS sex, i % 10 AS age, true AS ill, 'town ' || i AS town,"
            f" 1.0::DOUBLE AS x FROM range(1000000) t(i)) TO '{folder}/t.parquet' (FORMAT parquet)"
        )
    table = PackedTable(file="t.parquet", sha256="0" * 64, rows=1_000_000, persons=1_000_000)
    catalogue = Catalogue.model_validate(SHAPE)
    return folder, Manifest(catalogue=catalogue, tables={"t": table}, created_at="2026-01-01T00:00:00Z")


def test_a_million_cells_are_stopped_without_fetching_them(wide: tuple[Path, Manifest]) -> None:
    with Engine(*wide, cells=100_000) as engine:
        query = asked("SELECT town, age, count(*) AS n FROM t GROUP BY ALL", engine.manifest.catalogue)
        begin = time.perf_counter()
        with pytest.raises(EngineError, match="more than 100000 rows"):
            engine.table(query)
        assert time.perf_counter() - begin < 20


@pytest.mark.parametrize("spilling", [False, True])
def test_what_needs_more_memory_is_a_sentence_or_spills(
    wide: tuple[Path, Manifest], tmp_path: Path, spilling: bool
) -> None:
    with Engine(*wide, memory="30MB", threads=1, spill=tmp_path if spilling else None) as engine:
        query = asked("SELECT sex, count(*) AS n, sum(x) AS s FROM t GROUP BY 1", engine.manifest.catalogue)
        if spilling:
            assert engine.evidence(query).cells[0].persons == 1_000_000
        else:
            with pytest.raises(EngineError, match="more memory than it may use"):
                engine.evidence(query)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))  # what was spilt is gone
