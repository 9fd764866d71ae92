"""Before noise, a DP release is the exact table: every form of query against plain DuckDB on the author's own text."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from egress.privacy.files import files
from egress.privacy.spec import DpSpec, OutputColumn, Shape
from egress.privacy.vectors import Vector, vectors
from hub.extracts.manifest import Manifest
from tests.egress.privacy import clinic

V = "FROM visit"
JOINED = "FROM visit JOIN person USING (pid)"

MEASURES = {
    "rows": "count(*)",
    "values": "count(cost)",
    "texts": "count(kind)",
    "truths": "count(paid)",
    "filtered": "count(*) FILTER (WHERE urgent = 1)",
    "filtered values": "count(cost) FILTER (WHERE urgent = 1)",
    "count_if": "count_if(paid OR nights > 2)",
    "not": "count_if(NOT (paid AND nights > 2))",
    "null": "count_if(nights IS NULL OR NOT paid)",
    "not in": "count_if(kind NOT IN ('a', 'b'))",
    "not between": "count_if(nights NOT BETWEEN 2 AND 30)",
    "distinct from": "count_if(kind IS DISTINCT FROM 'a')",
    "same": "count_if(kind IS NOT DISTINCT FROM 'a')",
    "cases": "sum(CASE WHEN kind = 'a' THEN 1 ELSE 0 END)",
    "inner cases": "sum(CASE WHEN kind = 'a' THEN CASE WHEN paid THEN 1 ELSE 0 END ELSE 0 END)",
    "counted case": "count(CASE WHEN kind = 'a' THEN 1 END)",
    "sum": "sum(cost)",
    "sum of flags": "sum(paid)",
    "sum of 0/1": "sum(urgent)",
    "sum where": "sum(cost) FILTER (WHERE paid)",
    "sum of cases": "sum(CASE WHEN kind <> 'b' THEN cost ELSE 0 END)",
    "sum of a case of a filter": "sum(CASE WHEN kind <> 'b' THEN nights END) FILTER (WHERE paid)",
    "mean": "avg(cost)",
    "mean of whole numbers": "avg(nights)",
    "mean where": "avg(cost) FILTER (WHERE NOT paid)",
    "mean of a case": "avg(CASE WHEN kind = 'a' THEN nights END)",
    "mean of a condition": "avg(CASE WHEN nights > 2 THEN 1 ELSE 0 END)",
    "mean of a truth": "avg(CAST(paid AS INTEGER))",
    "per cent": "100 * avg(urgent)",
    "share": "100.0 * count(*) FILTER (WHERE paid) / count(*)",
    "share of a part": "count(*) FILTER (WHERE paid AND urgent = 1) / count(*) FILTER (WHERE paid)",
    "share of sums": "sum(nights) FILTER (WHERE paid) / sum(cost)",
    "persons": "count(DISTINCT pid)",
    "persons where": "count(DISTINCT pid) FILTER (WHERE urgent = 1)",
    "share of persons": "1000 * count(DISTINCT pid) FILTER (WHERE urgent = 1) / count(DISTINCT pid)",
    "per person": "sum(cost) / count(DISTINCT pid)",
    "visits per person": "count(*) / count(DISTINCT pid)",
}
KEYS = [
    "kind",
    "paid",
    "site_id",
    "urgent",
    "nights",
    "floor(nights / 10)",
    "floor(nights / 10) * 10",
    "10 * floor(nights / 10)",
    "urgent // 1",
    "site_id // 2",
    "site_id // 2 * 2",
    "floor(cost / 250) * 250",
    "year(day)",
    "quarter(day)",
    "month(day)",
    "week(day)",
    "date_part('isoyear', day)",
    "date_part('isodow', day)",
    "date_part('dow', day)",
    "date_part('doy', day)",
    "date_part('day', day)",
    "date_trunc('year', day)",
    "date_trunc('quarter', day)",
    "date_trunc('month', day)",
    "date_trunc('week', day)",
    "CASE WHEN nights < 2 THEN '<2' WHEN nights < 30 THEN '2-29' ELSE '30+' END",
    "CASE WHEN kind IN ('a', 'b') THEN 1 WHEN paid THEN 0 END",
    "CASE WHEN kind = 'a' THEN 'x' WHEN kind = 'b' THEN 'y' ELSE 'x' END",
    "nights >= 30",
    "nights >= 30 AND NOT paid",
    "nights IS NULL",
    "CAST(paid AS INTEGER)",
]
WHERES = [
    "kind = 'a'",
    "NOT kind = 'a'",
    "kind NOT IN ('a', 'c')",
    "NOT (paid OR nights > 2)",
    "NOT (paid AND (nights > 2 OR kind = 'a'))",
    "cost IS NOT NULL AND nights IS NULL",
    "NOT (cost IS NULL)",
    "cost > 500 OR NOT cost > 100",
    "nights NOT BETWEEN 2 AND 30 AND paid",
    "day >= '2022-01-01' AND day < '2022-02-01'",
    "kind IS DISTINCT FROM 'b' AND paid IS NOT DISTINCT FROM TRUE",
    "paid IS TRUE",
    "paid IS NOT TRUE OR kind <> 'b'",
    "0.5 < cost AND site_id <> 3",
]
JOINS = [
    f"SELECT sex, kind, count(*) AS n, avg(cost) AS m, count(DISTINCT pid) AS p {JOINED} GROUP BY ALL",
    f"SELECT sex, count(*) AS n {JOINED} WHERE ill AND cost > 100 GROUP BY ALL",
    (
        "SELECT sex, count(*) AS n, count(visit_id) AS v, count(DISTINCT p.pid) AS persons, sum(cost) AS c "
        "FROM person p LEFT JOIN visit USING (pid) GROUP BY sex"
    ),
    "SELECT kind, count(*) AS n, avg(height) AS h FROM visit LEFT JOIN person USING (pid) GROUP BY kind",
    "SELECT public, count(*) AS n, sum(cost) AS c FROM visit JOIN site USING (site_id) GROUP BY public",
    "SELECT size, avg(beds) AS b, count(*) AS n FROM site JOIN visit USING (site_id) GROUP BY size",
    "SELECT size, count(*) AS n, count(s.site_id) AS known FROM visit v LEFT JOIN site s USING (site_id) GROUP BY size",
    "SELECT v.site_id, count(*) AS n FROM visit v JOIN site s ON v.site_id = s.site_id GROUP BY v.site_id",
    (
        "SELECT sex, public, count(*) AS n, count(DISTINCT v.pid) AS p FROM site s JOIN visit v USING (site_id) "
        "JOIN person q ON q.pid = v.pid GROUP BY ALL"
    ),
    (
        "SELECT sex, public, count(*) AS n FROM person p LEFT JOIN visit v USING (pid) LEFT JOIN site s "
        "ON s.site_id = v.site_id GROUP BY ALL"
    ),
    "SELECT sex, count(*) AS n FROM person p LEFT JOIN visit v USING (pid) WHERE v.cost > 100 GROUP BY ALL",
    "SELECT sex, count(*) AS n FROM person p LEFT JOIN visit v USING (pid) WHERE v.cost IS NULL GROUP BY ALL",
    (
        "WITH adults AS (SELECT pid, sex FROM person WHERE born < '1990-01-01') "
        "SELECT sex, count(*) AS n FROM adults JOIN visit USING (pid) GROUP BY ALL"
    ),
]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("enclave") / "clinic"
    return folder, clinic.extract(folder, clinic.rows(7), enclave=True)


def shown(spec: DpSpec, column: OutputColumn, found: tuple[Vector, ...], place: int) -> Any:
    """The exact value of a cell, as noise-free post-processing would show it."""
    parts = [found[use][place] for use in column.uses]
    steps = [Decimal(1).scaleb(spec.statistics[use].exponent) for use in column.uses]
    if column.shape in {Shape.COUNT, Shape.SUM}:
        return float(parts[0] * steps[0])
    if parts[1] == 0:
        return None
    centre = spec.statistics[column.uses[0]].centre
    return float((Decimal(parts[0]) / parts[1] + centre) * steps[0] / steps[1] * column.scale)


def compare(packed: tuple[Path, Manifest], sql: str) -> int:
    """Holds every cell against DuckDB's; how many rows it answered."""
    folder, manifest = packed
    spec = clinic.spec(sql)
    found = vectors(spec, files(spec, manifest, folder))
    names, rows = clinic.answer(folder, sql)
    assert names == [column.name for column in spec.columns]
    at = [place for place, column in enumerate(spec.columns) if column.shape is Shape.KEY]
    cells = {}
    for row in rows:
        # ours are dates, where DuckDB gives midnight
        key = tuple(row[place].date() if isinstance(row[place], datetime) else row[place] for place in at)
        if None not in key:  # in no cell, by definition
            cells[key] = row
    width = {place: column.uses[0] for place, column in enumerate(spec.columns) if column.shape is Shape.KEY}
    mine = {tuple(cell[width[place]] for place in at): place_ for place_, cell in enumerate(spec.grid)}
    assert set(cells) <= set(mine), "DuckDB found a key that is not published"
    for key, place in mine.items():
        for position, column in enumerate(spec.columns):
            if column.shape is Shape.KEY:
                continue
            value = shown(spec, column, found, place)
            told = cells[key][position] if key in cells else None
            wanted = 0 if told is None and column.shape in {Shape.COUNT, Shape.SUM} else told
            assert value == (None if wanted is None else pytest.approx(float(wanted), abs=1e-9)), (key, column)
    return len(cells)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure(packed: tuple[Path, Manifest], measure: str) -> None:
    assert compare(packed, f"SELECT kind, {MEASURES[measure]} AS m {V} GROUP BY kind") == 3
    compare(packed, f"SELECT {MEASURES[measure]} AS m {V} WHERE site_id < 4")


def test_values_beside_sums_of_the_same_column_in_other_rows(packed: tuple[Path, Manifest]) -> None:
    values = "count(cost) AS v, count(cost) FILTER (WHERE urgent = 1) AS u"
    sums = "sum(cost) FILTER (WHERE paid) AS s, avg(cost) AS m, avg(cost) FILTER (WHERE nights > 2) AS a"
    assert compare(packed, f"SELECT kind, {values}, {sums} {V} GROUP BY kind") == 3


@pytest.mark.parametrize("key", KEYS)
def test_every_key(packed: tuple[Path, Manifest], key: str) -> None:
    assert compare(packed, f"SELECT {key} AS k, count(*) AS n, sum(cost) AS c {V} GROUP BY 1") > 1


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("where", ["nights BETWEEN 3 AND 9 AND cost < 500", "day < '2022-01-01' AND kind <> 'a'"])
def test_a_filter_takes_values_of_keys_away_but_none_that_rows_have(
    packed: tuple[Path, Manifest], key: str, where: str
) -> None:
    compare(packed, f"SELECT {key} AS k, count(*) AS n {V} WHERE {where} GROUP BY 1")


@pytest.mark.parametrize("where", WHERES)
def test_every_filter(packed: tuple[Path, Manifest], where: str) -> None:
    assert compare(packed, f"SELECT count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS c {V} WHERE {where}") == 1


@pytest.mark.parametrize("sql", JOINS)
def test_every_join(packed: tuple[Path, Manifest], sql: str) -> None:
    assert compare(packed, sql) > 0


@pytest.mark.parametrize(
    ("expression", "share"),
    [("nights", "0.5"), ("cost", "0.5"), ("nights", "0.9"), ("nights) FILTER (WHERE paid", "0.5")],
)
def test_counts_of_a_quantile_are_those_of_the_nearest_candidates(
    packed: tuple[Path, Manifest], expression: str, share: str
) -> None:
    folder, manifest = packed
    column, _, condition = expression.partition(")")
    head = f"quantile_cont({column}, {share}){condition}{')' if condition else ''}"
    spec = clinic.spec(f"SELECT kind, {head} AS q {V} GROUP BY kind")
    (found,) = vectors(spec, files(spec, manifest, folder))
    (one,) = spec.statistics
    many = len(one.candidates)
    assert len(found) == 3 * many
    where = "AND paid" if condition else ""
    _, rows = clinic.answer(
        folder, f"SELECT kind, {column} {V} WHERE {column} IS NOT NULL AND kind IS NOT NULL {where}"
    )
    wanted = [0] * len(found)
    for kind, value in rows:
        steps = round(value * 10**-one.exponent)
        nearest = min(range(many), key=lambda at: (abs(one.candidates[at] - steps), at))
        wanted[many * "abc".index(kind) + nearest] += 1
    assert list(found) == wanted
