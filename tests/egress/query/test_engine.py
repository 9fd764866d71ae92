"""The engine on real Parquet files: what it computes, what it cannot reach, how it fails."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from egress.query.engine import Engine, EngineError
from egress.query.model import Query
from egress.query.parse import parse
from egress.query.table import TOTAL
from tests.egress.query.extracts import one_table, pack

SHAPE = one_table(
    {
        "sex": {"type": "string", "categories": ["F", "M"]},
        "x": {"type": "number", "bounds": [0, 100]},
        "n": {"type": "integer", "bounds": [0, 100]},
        "day": {"type": "date", "bounds": [date(2020, 1, 1), date(2024, 12, 31)]},
        "flag": {"type": "boolean"},
    }
)
DATA = {
    "pid": ["p1", "p1", "p2", "p3", "p3", "p4"],
    "sex": ["F", "F", "M", None, None, "M"],
    "x": [1.0, 2.0, 4.0, 8.0, None, 0.0],
    "n": [1, 2, 3, 4, 5, 6],
    "day": [date(2020, 1, 31), date(2021, 5, 1), date(2020, 7, 1), None, date(2024, 12, 31), date(2020, 1, 1)],
    "flag": [True, False, None, True, True, False],
    "secret": [1, 2, 3, 4, 5, 6],
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path, pack(tmp_path, SHAPE, {"t": DATA}))


def ask(engine: Engine, sql: str) -> Query:
    query = parse(sql, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query), query
    return query


def rows(engine: Engine, sql: str) -> tuple[tuple[object, ...], ...]:
    return engine.table(ask(engine, sql)).rows


def test_rows_come_sorted_by_key_missing_keys_after_others(engine: Engine) -> None:
    table = engine.table(ask(engine, "SELECT count(*) AS n, sex FROM t GROUP BY sex ORDER BY n DESC"))
    assert table.columns == ("n", "sex")
    assert table.rows == ((2, "F"), (2, "M"), (2, None))


def test_totals_and_missing_keys_never_look_alike(engine: Engine) -> None:
    assert rows(engine, "SELECT sex, count(*) AS n FROM t GROUP BY ROLLUP (sex)") == (
        ("F", 2),
        ("M", 2),
        (None, 2),
        (TOTAL, 6),
    )


def test_dates_and_their_parts(engine: Engine) -> None:
    assert rows(
        engine, "SELECT date_trunc('year', day) AS y, count(*) AS n FROM t WHERE day IS NOT NULL GROUP BY 1"
    ) == (
        (date(2020, 1, 1), 3),
        (date(2021, 1, 1), 1),
        (date(2024, 1, 1), 1),
    )


def test_what_has_no_number_is_missing_and_never_an_error(engine: Engine) -> None:
    assert rows(engine, "SELECT sum(ln(x)) AS a, sum(sqrt(x - 10)) AS b, sum(n // 0) AS c, avg(n / 0) AS d FROM t")[0][
        1:
    ] == (
        None,
        None,
        None,
    )


def test_an_empty_selection_without_keys_has_one_row(engine: Engine) -> None:
    query = ask(engine, "SELECT count(*) AS n, sum(x) AS s FROM t WHERE n = 100")
    assert engine.table(query).rows == ((0, None),)
    (cell,) = engine.evidence(query).cells
    assert (cell.rows, cell.persons) == (0, 0)


def test_overflow_is_a_sentence_without_a_value(engine: Engine) -> None:
    query = ask(engine, "SELECT sum(" + " * ".join(["(n * 1000000)"] * 4) + ") AS s FROM t")
    with pytest.raises(EngineError) as caught:
        engine.table(query)
    assert str(caught.value) == "A number of this query leaves the range that can be computed."
    assert caught.value.__cause__ is None


# -- the walls


def test_nothing_outside_the_extract_can_be_read(engine: Engine, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM '{other}'",
        f"SELECT * FROM read_text('{other}')",
        "SELECT * FROM glob('/etc/*')",
        f"ATTACH '{tmp_path}/x.db'",
        f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET allowed_paths = []",
    ):
        with pytest.raises(duckdb.Error):
            engine._connection.execute(sql)
    assert not (tmp_path / "x.csv").exists()


def test_columns_outside_the_catalogue_are_not_there(engine: Engine) -> None:
    with pytest.raises(duckdb.BinderException):
        engine._connection.execute("SELECT secret FROM t")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    manifest = pack(tmp_path, SHAPE, {"t": DATA})
    (tmp_path / "t.parquet").unlink()
    with pytest.raises(EngineError, match="lacks the file of table t"):
        Engine(tmp_path, manifest)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    manifest = pack(tmp_path, SHAPE, {"t": {key: values for key, values in DATA.items() if key != "x"}})
    with pytest.raises(EngineError, match="Table t of the extract lacks column x"):
        Engine(tmp_path, manifest)


def test_a_file_that_is_no_parquet_is_one_sentence(tmp_path: Path) -> None:
    manifest = pack(tmp_path, SHAPE, {"t": DATA})
    (tmp_path / "t.parquet").write_bytes(b"not parquet, secret 42")
    with pytest.raises(EngineError) as caught:
        Engine(tmp_path, manifest)
    assert "42" not in str(caught.value)


def test_a_manifest_cannot_point_elsewhere(tmp_path: Path) -> None:
    manifest = pack(tmp_path / "extract", SHAPE, {"t": DATA})
    (tmp_path / "extract" / "t.parquet").rename(tmp_path / "t.parquet")
    table = manifest.tables["t"].model_copy(update={"file": "../t.parquet"})
    with pytest.raises(EngineError):
        Engine(tmp_path / "extract", manifest.model_copy(update={"tables": {"t": table}}))


def test_person_keys_are_found_among_labels(tmp_path: Path) -> None:
    data = {**DATA, "pid": [f"pseudonym-{key}" for key in DATA["pid"]]}
    with Engine(tmp_path, pack(tmp_path, SHAPE, {"t": data})) as engine:
        found = engine.person_keys(frozenset({"pseudonym-p1", "pseudonym-p9", "F"}))
    assert found == frozenset({"pseudonym-p1"})
