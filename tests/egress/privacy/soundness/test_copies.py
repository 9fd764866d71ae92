"""What a DP release takes out of bounded copies: rows of persons, in any order, under any numbers; and at the edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from egress.privacy.files import files
from egress.privacy.read_keys import _PARTS
from egress.privacy.spec import Kind
from egress.privacy.vectors import vectors
from egress.query.functions import FUNCTIONS
from hub.extracts.contradiction import PackError
from hub.extracts.person_number import PERSON_NUMBER
from tests.egress.privacy import clinic
from tests.egress.privacy.test_joins import SPECS


@pytest.mark.parametrize("at", range(len(SPECS)))
def test_order_and_numbers_move_nothing(tmp_path: Path, at: int) -> None:
    """Both depend on other persons: a rank moves when somebody comes before, and rows make room."""
    asked, found, random = SPECS[at], clinic.rows(5, persons=150), Random(at)
    manifest = clinic.extract(tmp_path / "packed", found, enclave=True)
    before = vectors(asked, files(asked, manifest, tmp_path / "packed"))
    others = random.sample(range(10**6), manifest.numbered or 0)
    for name in ("person", "visit"):
        path = tmp_path / "packed" / f"{name}.dp.parquet"
        copy = pq.read_table(path)
        numbers = pa.array([others[number] for number in copy[PERSON_NUMBER].to_pylist()], pa.uint32())
        copy = copy.set_column(copy.column_names.index(PERSON_NUMBER), PERSON_NUMBER, numbers)
        copy = copy.take(random.sample(range(copy.num_rows), copy.num_rows))
        path.chmod(0o600)
        pq.write_table(copy, path, row_group_size=random.choice([7, 40, 1000]))
    assert vectors(asked, files(asked, manifest, tmp_path / "packed")) == before
    assert any(any(vector) for vector in before)


@pytest.mark.parametrize("table", ["person", "visit"])
def test_rows_of_nobody_are_no_extract(tmp_path: Path, table: str) -> None:
    found = clinic.rows(5)
    found[table].append({**found[table][0], "pid": None, "visit_id": 10**6})
    with pytest.raises(PackError):
        clinic.extract(tmp_path / "packed", found, enclave=True)


def test_one_key_is_one_person_in_all_tables_and_rows(tmp_path: Path) -> None:
    """A key that stands twice in the table of persons is one person, cut to the limit or refused, never two."""
    asked = clinic.spec("SELECT count(*) AS n, count(DISTINCT p.pid) AS p FROM person p JOIN visit v USING (pid)")
    visits = [{"pid": pid, "visit_id": at} for at, pid in enumerate(["a", "a", "A", "b ", "b"])]
    persons = [{"pid": pid} for pid in ("a", "A", "b", "c")]
    once: dict[str, list[dict[str, Any]]] = {"visit": visits, "person": persons, "site": []}
    manifest = clinic.extract(tmp_path / "packed", once, enclave=True)
    exact = dict(zip(asked.statistics, vectors(asked, files(asked, manifest, tmp_path / "packed")), strict=True))
    assert {one.kind: vector for one, vector in exact.items()} == {Kind.ROWS: (4,), Kind.PERSONS: (3,)}
    again: dict[str, list[dict[str, Any]]] = {"visit": visits, "person": [*persons, {"pid": "a"}], "site": []}
    with pytest.raises(PackError):  # the catalogue says one row per person
        clinic.extract(tmp_path / "again", again, enclave=True)


def days() -> Iterator[date]:
    """Turns of years with 52 and 53 weeks, leap days, centuries, before 1970, and the first and last that there are."""
    for year in (1, 4, 1582, 1899, 1900, 1968, 1969, 1999, 2000, 2004, 2008, 2009, 2015, 2019, 2020, 2024, 2026, 9999):
        for first in (date(year, 1, 1), date(year, 2, 25), date(year, 6, 28), date(year, 12, 22)):
            yield from (first + timedelta(days=each) for each in range(10))


@pytest.mark.parametrize("unit", _PARTS)
def test_parts_of_dates_at_their_edges_are_the_published_ones(unit: str) -> None:
    """Else rows would fall into no cell, and nobody would be told."""
    listed = list(days())
    sql = FUNCTIONS[unit].sql.format("day")
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT day, {sql} FROM (SELECT unnest($1::DATE[]) AS day) ORDER BY day", [listed]
        ).fetchall()
    assert [(day, _PARTS[unit](day)) for day in sorted(listed)] == rows


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_end_at_two_to_the_62(tmp_path: Path, sign: int) -> None:
    asked = clinic.spec("SELECT sum(nights) AS s FROM visit")
    (one,) = asked.statistics
    far = replace(asked, statistics=(replace(one, low=-(2**61), high=2**61),))
    found = []
    for persons in (1, 2, 3, 9):
        visits = [{"pid": f"p{at}", "visit_id": at, "nights": sign * 2**61} for at in range(persons)]
        manifest = clinic.extract(tmp_path / str(persons), {"visit": visits, "person": [], "site": []})
        found.append(vectors(far, files(far, manifest, tmp_path / str(persons)))[0][0])
    assert found == [sign * 2**61, sign * 2**62, sign * 2**62, sign * 2**62]
