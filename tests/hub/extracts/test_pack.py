"""Packing: what contradicts the catalogue is counted and refused, what does not is written losslessly, whole or not."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.catalogue.model import Catalogue
from hub.extracts.contradiction import PackError, PackInputError
from hub.extracts.pack import pack
from hub.extracts.person_number import PERSON_NUMBER
from tests.hub.extracts.world import NOW, catalogue, person_table, stay_table, write_source


def one(kind: str, **entry: Any) -> Catalogue:
    """A catalogue of one table `t` with one column `x`."""
    return Catalogue.model_validate(
        {
            "source": {"name": "s", "person_key": "pid"},
            "tables": {"t": {"columns": {"x": {"type": kind, "description": "d", **entry}}}},
        }
    )


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pack_one(folder: Path, known: Catalogue, values: Any) -> list[Any]:
    """What stands in column x after packing `values`, in the order of persons."""
    table = pa.table({"pid": pa.array(range(len(values)), pa.int64()), "x": values})
    pq.write_table(table, folder / "t.parquet")
    pack(known, {"t": folder / "t.parquet"}, folder / "out", NOW)
    packed: list[Any] = pq.read_table(folder / "out" / "t.parquet").column("x").to_pylist()
    return packed


def contradictions(folder: Path, known: Catalogue, values: Any) -> list[tuple[str | None, str, int | None]]:
    with pytest.raises(PackError) as caught:
        pack_one(folder, known, values)
    assert not (folder / "out").exists()
    return [(each.column, each.rule, each.count) for each in caught.value.contradictions]


def test_an_extract_holds_what_the_catalogue_describes_and_nothing_else(tmp_path: Path) -> None:
    files = write_source(tmp_path / "source")
    manifest = pack(catalogue(), files, tmp_path / "out", NOW)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json",
        "note.parquet",
        "person.dp.parquet",
        "person.parquet",
        "stay.dp.parquet",
        "stay.parquet",
    ]
    assert pq.read_schema(tmp_path / "out" / "stay.parquet").names == [
        "pid",
        "sid",
        "year",
        "cost",
        "emergency",
        "day",
        PERSON_NUMBER,
    ]
    assert (manifest.tables["stay"].rows, manifest.tables["stay"].persons) == (100, 40)
    assert manifest.rules == "health-fr"
    assert manifest.created_at == "2026-05-01T12:00:00+00:00"
    for table in (*manifest.tables.values(), *manifest.bounded.values()):
        content = (tmp_path / "out" / table.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == table.sha256
        assert b"PHONE-" not in content
        assert b"WARD-" not in content
        assert (tmp_path / "out" / table.file).stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o755
    assert inside(tmp_path) == ["out", "source"]


def test_the_order_of_the_source_does_not_show(tmp_path: Path) -> None:
    forth, back = stay_table(), stay_table()
    back = back.take(list(reversed(range(back.num_rows))))
    digests = []
    for name, table in (("forth", forth), ("back", back)):
        files = write_source(tmp_path / name, stay=table)
        digests.append(pack(catalogue(), files, tmp_path / f"out-{name}", NOW).tables["stay"].sha256)
    assert digests[0] == digests[1]


def test_a_table_without_file_is_left_out(tmp_path: Path) -> None:
    files = write_source(tmp_path / "source")
    manifest = pack(catalogue(), {"stay": files["stay"]}, tmp_path / "out", NOW)
    assert list(manifest.tables) == ["stay"] == list(manifest.catalogue.tables)


@pytest.mark.parametrize(
    ("kind", "values", "stored"),
    [
        ("integer", pa.array([1, None, 3], pa.int8()), [1, None, 3]),
        ("integer", pa.array([2**63 - 1, -(2**63)], pa.int64()), [2**63 - 1, -(2**63)]),
        ("integer", pa.array([2**32 - 1], pa.uint32()), [2**32 - 1]),
        ("integer", pa.array([5], pa.uint64()), [5]),
        ("integer", pa.array([1.0, None, -3.0], pa.float64()), [1, None, -3]),
        ("integer", pa.array([2.0**53], pa.float64()), [2**53]),
        ("integer", pa.array([Decimal("7.00")], pa.decimal128(9, 2)), [7]),
        ("number", pa.array([1, None], pa.int32()), [1.0, None]),
        ("number", pa.array([2**53, -(2**53)], pa.int64()), [2.0**53, -(2.0**53)]),
        ("number", pa.array([1.5], pa.float32()), [1.5]),
        ("number", pa.array([Decimal("12345.67")], pa.decimal128(9, 2)), [12345.67]),
        ("date", pa.array([date(2020, 1, 1), None]), [date(2020, 1, 1), None]),
        ("date", pa.array([datetime(2020, 1, 1)], pa.timestamp("us")), [date(2020, 1, 1)]),  # noqa: DTZ001 -- as files have it
        ("date", pa.array([datetime(2020, 1, 1)], pa.timestamp("ns")), [date(2020, 1, 1)]),  # noqa: DTZ001 -- same
        ("string", pa.array(["a", None, "é'\""]), ["a", None, "é'\""]),
        ("string", pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        ("boolean", pa.array([True, None, False]), [True, None, False]),
    ],
)
def test_casts_that_lose_nothing_are_made(tmp_path: Path, kind: str, values: pa.Array, stored: list[Any]) -> None:
    assert pack_one(tmp_path, one(kind), values) == stored


@pytest.mark.parametrize(
    ("kind", "values", "count"),
    [
        ("integer", pa.array([1.0, 1.5, 2.5], pa.float64()), 2),
        ("integer", pa.array([float("nan"), float("inf"), 1.0], pa.float64()), 2),
        ("integer", pa.array([2.0**53 + 2], pa.float64()), 1),
        ("integer", pa.array([2**64 - 1, 1], pa.uint64()), 1),
        ("integer", pa.array([Decimal("7.01"), Decimal("7.00")], pa.decimal128(9, 2)), 1),
        ("number", pa.array([2**53 + 1, 1], pa.int64()), 1),
        ("number", pa.array([float("nan"), float("-inf"), 1.0], pa.float64()), 2),
        ("number", pa.array([Decimal("1234567890123456789.01")], pa.decimal128(30, 2)), 1),
        ("date", pa.array([datetime(2020, 1, 1, 0, 0, 1), datetime(2020, 1, 1)], pa.timestamp("us")), 1),  # noqa: DTZ001 -- same
    ],
)
def test_casts_that_lose_something_are_counted(tmp_path: Path, kind: str, values: pa.Array, count: int) -> None:
    assert contradictions(tmp_path, one(kind), values) == [("x", "lossless", count)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("integer", pa.array(["1", "2"])),
        ("integer", pa.array([True, False])),
        ("number", pa.array(["1.5", "2"])),
        ("string", pa.array([1, 2])),
        ("string", pa.array([b"a", b"b"])),
        ("boolean", pa.array([0, 1])),
        ("boolean", pa.array(["true", "false"])),
        ("date", pa.array(["2020-01-01", "2020-01-02"])),
        ("date", pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC"))),
        ("string", pa.array([["a"], ["b"]])),
        ("string", pa.array([{"a": 1}, {"a": 2}])),
    ],
)
def test_another_type_is_refused_with_its_rows(tmp_path: Path, kind: str, values: pa.Array) -> None:
    assert contradictions(tmp_path, one(kind), values) == [("x", "type", 2)]


@pytest.mark.parametrize(
    ("entry", "values", "rule", "count"),
    [
        ({"bounds": [0, 10]}, [0, 10, None], None, 0),
        ({"bounds": [0, 10]}, [-1, 0, 10, 11], "bounds", 2),
        ({"bounds": [0, 0]}, [0, 1], "bounds", 1),
        ({"categories": [1, 2]}, [1, 2, None], None, 0),
        ({"categories": [1, 2]}, [1, 2, 3, 4, 3], "categories", 3),
    ],
)
def test_bounds_and_categories_at_their_edges(
    tmp_path: Path, entry: dict[str, Any], values: list[int | None], rule: str | None, count: int
) -> None:
    if rule is None:
        assert pack_one(tmp_path, one("integer", **entry), values) == values
    else:
        assert contradictions(tmp_path, one("integer", **entry), values) == [("x", rule, count)]


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2021, 1, 1)])
def test_dates_have_bounds_too(tmp_path: Path, day: date) -> None:
    known = one("date", bounds=[date(2020, 1, 1), date(2020, 12, 31)])
    assert contradictions(tmp_path, known, [date(2020, 1, 1), date(2020, 12, 31), day]) == [("x", "bounds", 1)]


def test_a_category_with_quotes_is_a_value_and_not_sql(tmp_path: Path) -> None:
    odd = "a'); DROP TABLE t; --"
    assert pack_one(tmp_path, one("string", categories=[odd, 'b"']), [odd, 'b"']) == [odd, 'b"']


def test_every_contradiction_of_every_table_is_told_at_once(tmp_path: Path) -> None:
    stay = stay_table(
        pid=[None, None, *stay_table()["pid"].to_pylist()[2:]],
        sid=["same"] * 3 + stay_table()["sid"].to_pylist()[3:99] + [None],
        year=[1999] * 4 + stay_table()["year"].to_pylist()[4:],
        cost=["x"] * 100,
    ).drop_columns(["day"])
    files = write_source(tmp_path / "source", stay=stay, person=person_table(sex=["x"] * 5 + ["f"] * 35))
    with pytest.raises(PackError) as caught:
        pack(catalogue(), files, tmp_path / "out", NOW)
    found = {(each.table, each.column, each.rule, each.count) for each in caught.value.contradictions}
    assert found == {
        ("person", "sex", "categories", 5),
        ("stay", "pid", "person_key", 2),
        ("stay", "sid", "row_key", 1),  # one row without
        ("stay", "sid", "row_key", 2),  # two rows too many
        ("stay", "year", "bounds", 4),
        ("stay", "cost", "type", 100),
        ("stay", "day", "column", None),
    }
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("rows", "over"), [([2, 3], 0), ([3, 4], 1), ([4, 4], 2)])
def test_rows_per_person_counts_persons(tmp_path: Path, rows: list[int], over: int) -> None:
    known = Catalogue.model_validate(
        {
            "source": {"name": "s", "person_key": "pid"},
            "tables": {"t": {"rows_per_person": 3, "columns": {"x": {"type": "integer", "description": "d"}}}},
        }
    )
    persons = [place for place, times in enumerate(rows) for _ in range(times)]
    pq.write_table(pa.table({"pid": persons, "x": persons}), tmp_path / "t.parquet")
    if not over:
        assert pack(known, {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW).tables["t"].persons == 2
        return
    with pytest.raises(PackError) as caught:
        pack(known, {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)
    assert [(each.rule, each.count) for each in caught.value.contradictions] == [("rows_per_person", over)]


def test_no_table_with_the_person_key_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "t.parquet")
    with pytest.raises(PackError, match="No table has the person key pid"):
        pack(one("integer"), {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)


def test_messages_hold_no_value_of_the_data(tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        pack_one(tmp_path, one("string", categories=["a"]), ["TOP-SECRET"])
    assert "TOP-SECRET" not in str(caught.value)


@pytest.mark.parametrize("names", [["x", "x"], ["x", "X"]])
def test_columns_that_sql_cannot_tell_apart_are_refused(tmp_path: Path, names: list[str]) -> None:
    pq.write_table(pa.table([[1], [1], [2]], names=["pid", *names]), tmp_path / "t.parquet")
    with pytest.raises(PackError, match="no column x"):
        pack(one("integer"), {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)


@pytest.mark.parametrize("folder", ["a [b] *?.parquet'", "-dash", "new\nline", "ünï"])
def test_odd_folder_names_are_only_names(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    home.mkdir()
    assert pack_one(home, one("integer"), [1, 2]) == [1, 2]


def test_ten_thousand_columns_and_odd_names_stay_out(tmp_path: Path) -> None:
    wide = {f"c{n}": [n] for n in range(10_000)}
    odd = {'quote"': [1], "semi;colon": [1], "\n": [1], "r0": [1], "person": [1], "value": [1]}
    pq.write_table(pa.table({"pid": [1], "x": [7], **odd, **wide}), tmp_path / "t.parquet")
    pack(one("integer"), {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)
    assert pq.read_table(tmp_path / "out" / "t.parquet").to_pylist() == [{"pid": 1, "x": 7, PERSON_NUMBER: 0}]


def test_a_column_without_a_name_stays_out(tmp_path: Path) -> None:
    pq.write_table(pa.table({"pid": [1], "": [2], "x": [7]}), tmp_path / "t.parquet")
    pack(one("integer"), {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)
    assert pq.read_schema(tmp_path / "out" / "t.parquet").names == ["pid", "x", PERSON_NUMBER]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PAR1" * 10, b"PAR1" + b"\x00" * 1000 + b"PAR1", b"sid,pid\n1,2\n"]
)
def test_a_file_that_is_not_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(PackInputError, match="not a Parquet file"):
        pack(one("integer"), {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)
    assert inside(tmp_path) == ["t.parquet"]


def test_a_file_damaged_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    table = pa.table({"pid": list(range(50_000)), "x": [n * 7919 % 50_000 for n in range(50_000)]})
    pq.write_table(table, tmp_path / "t.parquet", compression="zstd")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[1000 : len(content) // 2] = b"\xaa" * (len(content) // 2 - 1000)
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(PackInputError):
        pack(one("integer"), {"t": tmp_path / "t.parquet"}, tmp_path / "out", NOW)
    assert inside(tmp_path) == ["t.parquet"]


def test_files_and_folders_that_cannot_be_used(tmp_path: Path) -> None:
    files = write_source(tmp_path / "source")
    with pytest.raises(PackInputError, match="is not a file"):
        pack(catalogue(), {"stay": tmp_path}, tmp_path / "out", NOW)
    with pytest.raises(PackInputError, match="is not a file"):
        pack(catalogue(), {"stay": tmp_path / "none"}, tmp_path / "out", NOW)
    with pytest.raises(PackInputError, match="No table was given"):
        pack(catalogue(), {}, tmp_path / "out", NOW)
    with pytest.raises(PackInputError, match="is not empty"):
        pack(catalogue(), files, tmp_path / "source", NOW)
    (tmp_path / "plain").write_text("", encoding="utf-8")
    with pytest.raises(PackInputError, match="is not a folder"):
        pack(catalogue(), files, tmp_path / "plain", NOW)
    with pytest.raises(PackInputError, match="cannot be written"):
        pack(catalogue(), files, tmp_path / "plain" / "out", NOW)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PackInputError, match="is not a folder"):
        pack(catalogue(), files, tmp_path / "link", NOW)


@pytest.mark.parametrize("name", ["patient", "../../etc/passwd", "stay\x1b[2J", "STAY"])
def test_a_table_that_the_catalogue_does_not_have(tmp_path: Path, name: str) -> None:
    files = write_source(tmp_path / "source")
    with pytest.raises(PackError, match="The catalogue has no table") as caught:
        pack(catalogue(), {name: files["stay"]}, tmp_path / "out", NOW)
    assert "\x1b" not in str(caught.value)


def test_an_empty_folder_may_become_the_extract(tmp_path: Path) -> None:
    files = write_source(tmp_path / "source")
    (tmp_path / "out").mkdir()
    pack(catalogue(), files, tmp_path / "out", NOW)
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_a_table_without_rows_is_packed(tmp_path: Path) -> None:
    files = write_source(tmp_path / "source", stay=stay_table().slice(0, 0))
    manifest = pack(catalogue(), files, tmp_path / "out", NOW)
    assert (manifest.tables["stay"].rows, manifest.tables["stay"].persons) == (0, 0)
