"""`bulle extract pack` and `bulle check` as a stranger uses them: files in, exit code and JSON out. Planted truths."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
CATALOGUE = """
[source]
name = "hospital"
person_key = "person_id"

[tables.person]
rows_per_person = 1
[tables.person.columns.region]
type = "string"
description = "Region of residence"
categories = ["centre", "east", "north", "small", "south"]
[tables.person.columns.sex]
type = "string"
description = "Sex"
categories = ["F", "M"]
[tables.person.columns.hiv]
type = "boolean"
description = "HIV status"
sensitive = true
[tables.person.columns.birth_year]
type = "integer"
description = "Year of birth"
bounds = [1900, 2025]
identifying = true

[tables.stay]
row_key = "stay_id"
rows_per_person = 40
[tables.stay.columns.year]
type = "integer"
description = "Year of the stay"
categories = [2023, 2024, 2025]
[tables.stay.columns.cost]
type = "number"
description = "Cost in euros"
bounds = [0, 1000000]
[tables.stay.columns.hospital]
type = "string"
description = "Hospital"
categories = ["A", "B", "C"]
unit = true
"""


def data(folder: Path, small: int) -> dict[str, Path]:
    """800 persons, `small` of them in the region "small". One person makes B's costs, and one all of C's stays."""
    con = duckdb.connect()
    con.execute(
        f"""CREATE TABLE person AS SELECT i AS person_id,
              CASE WHEN i < {small} THEN 'small' ELSE ['centre','east','north','south'][1 + i % 4] END AS region,
              ['F','M'][1 + i % 2] AS sex, i % 13 = 0 AS hiv, 1930 + i % 70 AS birth_year, 'secret-' || i AS secret
            FROM range(800) t(i)"""
    )
    con.execute(
        """CREATE TABLE stay AS
             SELECT i AS stay_id, i % 800 AS person_id, 2023 + i % 3 AS year, 100.0 + i % 50 AS cost, 'A' AS hospital
               FROM range(2400) t(i)
             UNION ALL SELECT 10000 + i, 50 + i, 2024, CASE WHEN i = 0 THEN 500000 ELSE 10 END, 'B' FROM range(40) t(i)
             UNION ALL SELECT 20000 + i, 7, 2025, 200, 'C' FROM range(30) t(i)"""
    )
    files = {}
    for table in ("person", "stay"):
        files[table] = folder / f"{table}.parquet"
        con.execute(f"COPY {table} TO '{files[table]}' (FORMAT parquet)")
    return files


def bulle(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "bulle", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=180
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture(scope="module", params=[11], ids=["eleven"])
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_extract(tmp_path_factory.mktemp("hospital"), small=11)


def make_extract(folder: Path, small: int) -> Path:
    files, catalogue = data(folder, small), folder / "catalogue.toml"
    catalogue.write_text(CATALOGUE)
    out = folder / "extract"
    tables = [argument for name, file in files.items() for argument in ("--table", f"{name}={file}")]
    done = bulle("extract", "pack", "--catalogue", catalogue, *tables, out)
    assert done.returncode == 0, done.stderr
    return out


def check(extract: Path, sql: str, *options: str) -> tuple[int, dict[str, Any]]:
    done = bulle("check", "--extract", extract, "--json", *options, "--sql", sql)
    answer = json.loads(done.stdout)
    schema = json.loads((ROOT / "policies" / "schemas" / "check.schema.json").read_text())
    jsonschema.validate(answer, schema)
    assert answer["schema"] == "bulle.check/1"
    assert answer["verdict"] == {0: "pass", 1: "review", 2: "refused"}[done.returncode]
    return done.returncode, answer


def protected(answer: dict[str, Any]) -> dict[Any, list[Any]]:
    table = answer["outputs"][0]["protected"]
    return {row[0]: row[1:] for row in table["rows"]}


BY_REGION = "SELECT region, count(DISTINCT person_id) AS persons FROM person GROUP BY region"


@pytest.mark.parametrize(("small", "code", "shown"), [(10, 0, None), (11, 0, 11), (12, 0, 12)])
def test_threshold_is_eleven_persons(tmp_path: Path, small: int, code: int, shown: int | None) -> None:
    extract = make_extract(tmp_path, small)
    assert check(extract, BY_REGION)[0] == code
    assert protected(check(extract, BY_REGION)[1])["small"] == [shown]
    assert check(extract, BY_REGION, "--protect", "none")[0] == (2 if small < 11 else 0)
    assert check(extract, BY_REGION, "--protect", "none", "--rules", "business-fr")[0] == 0


def test_what_passes_is_the_exact_count(extract: Path) -> None:
    code, answer = check(extract, BY_REGION, "--protect", "none")
    assert code == 0
    assert sum(row[0] for row in protected(answer).values()) == 800


def test_thirty_rows_of_one_person_are_one_person(extract: Path) -> None:
    sql = "SELECT hospital, count(*) AS stays FROM stay GROUP BY hospital"
    code, answer = check(extract, sql)
    assert code == 0
    assert protected(answer)["C"] == [None]
    assert check(extract, sql, "--protect", "none")[0] == 2


def test_a_sum_that_one_person_dominates_does_not_leave(extract: Path) -> None:
    sql = "SELECT hospital, sum(cost) AS cost FROM stay WHERE hospital IN ('A', 'B') GROUP BY hospital"
    code, answer = check(extract, sql)
    assert code == 0
    assert protected(answer)["B"] == [None]
    assert protected(answer)["A"] != [None]
    assert "dominance" in {finding["risk"] for finding in answer["outputs"][0]["findings"]}


def test_margins_do_not_give_a_suppressed_cell_back(tmp_path: Path) -> None:
    extract = make_extract(tmp_path, 6)
    sql = "SELECT region, sex, count(DISTINCT person_id) AS persons FROM person GROUP BY ROLLUP (region, sex)"
    code, answer = check(extract, sql)
    assert code == 0
    rows = answer["outputs"][0]["protected"]["rows"]
    hidden = [row for row in rows if row[2] is None]
    assert len(hidden) > 3, "the small region's total hides in others only when more is hidden"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM person",
        "SELECT person_id, count(*) FROM person GROUP BY person_id",
        "SELECT region FROM person",
        "SELECT region, max(birth_year) FROM person GROUP BY region",
        "SELECT count(*) FROM person WHERE person_id = 7",
        "SELECT region, string_agg(sex) FROM person GROUP BY region",
        "SELECT count(*) FROM read_csv('/etc/passwd')",
        "SELECT secret, count(*) FROM person GROUP BY secret",
        "SELECT count(*) FROM person; DROP TABLE person",
        "COPY person TO '/tmp/x.csv'",
        "SELECT region, count(*) FROM person GROUP BY region HAVING count(*) = 1",
        "SELECT region, row_number() OVER () FROM person",
        "SELECT region, count(*) FROM person WHERE birth_year = (SELECT 1950) GROUP BY region",
        "SELEKT",
        "",
        "\x00\ufffd'\"--",
    ],
)
def test_outside_the_grammar_is_refused(extract: Path, sql: str) -> None:
    if "\x00" in sql:
        sql = sql.replace("\x00", "")  # no program can be given a NUL in its arguments
    code, answer = check(extract, sql)
    assert code == 2
    assert "protected" not in answer["outputs"][0]
    assert answer["outputs"][0]["findings"][0]["why"]


def test_a_constant_that_nobody_published_goes_to_a_person(extract: Path) -> None:
    assert check(extract, "SELECT hospital, count(*) AS stays FROM stay WHERE cost > 101.5 GROUP BY ALL")[0] == 1
    assert check(extract, "SELECT hospital, count(*) AS stays FROM stay WHERE year >= 2024 GROUP BY ALL")[0] == 0


def test_join_on_the_person_key(extract: Path) -> None:
    sql = """SELECT p.sex, count(*) AS stays, count(DISTINCT s.person_id) AS patients, avg(s.cost) AS mean_cost
             FROM stay s JOIN person p USING (person_id) WHERE s.hospital = 'A' AND s.year >= 2023 GROUP BY ALL"""
    code, answer = check(extract, sql)
    assert code == 0
    assert protected(answer)["F"][:2] == [1200, 400]


def test_dp_previews_without_a_ledger_and_draws_once_with_it(extract: Path, tmp_path: Path) -> None:
    options = ("--protect", "dp", "--rho", "0.1")
    code, preview = check(extract, BY_REGION, *options)
    assert code == 0
    assert "protected" not in preview["outputs"][0]
    assert preview["outputs"][0]["preview"]["rho"] == pytest.approx(0.1)
    ledger = tmp_path / "ledger.db"
    first = check(extract, BY_REGION, *options, "--ledger", str(ledger))
    again = check(extract, BY_REGION, *options, "--ledger", str(ledger))
    assert first[0] == 0
    assert protected(first[1]) == protected(again[1]), "the same question again is answered from store, for free"
    assert abs(protected(first[1])["north"][0] - 198) < 60
    over = check(extract, BY_REGION, "--protect", "dp", "--rho", "50", "--ledger", str(ledger))
    assert over[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "--sql", "SELECT 1"),
        ("check", "--extract", "/nowhere", "--sql", "SELECT 1"),
        ("check", "--extract", ".", "--sql", "SELECT 1"),
        ("check", "--nonsense"),
        ("nonsense",),
        ("extract", "pack", "--catalogue", "/nowhere.toml", "--table", "a=/nowhere.parquet", "/tmp/never"),
    ],
)
def test_usage_and_io_end_with_three(arguments: tuple[str, ...]) -> None:
    done = bulle(*arguments)
    assert done.returncode == 3
    assert done.stderr.strip()


def test_rules_may_be_a_file_and_must_exist(extract: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    shipped = (ROOT / "policies" / "rules" / "health-fr.toml").read_text()
    rules.write_text(shipped.replace("value = 11", "value = 12"))
    assert protected(check(extract, BY_REGION, "--rules", str(rules))[1])["small"] == [None]
    assert bulle("check", "--extract", extract, "--rules", "no-such", "--sql", BY_REGION).returncode == 3


def test_columns_without_an_entry_never_enter(extract: Path) -> None:
    assert all(b"secret-" not in file.read_bytes() for file in extract.iterdir())
    columns = duckdb.sql(f"DESCRIBE SELECT * FROM '{extract}/person.parquet'").fetchall()
    assert "secret" not in {column[0] for column in columns}


def test_data_that_contradict_the_catalogue_are_refused_with_a_count(tmp_path: Path) -> None:
    files = data(tmp_path, 20)
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(CATALOGUE.replace('"small", "south"', '"south"'))
    tables = [argument for name, file in files.items() for argument in ("--table", f"{name}={file}")]
    done = bulle("extract", "pack", "--catalogue", catalogue, *tables, tmp_path / "out")
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("person", "region", "20"))
    assert not (tmp_path / "out").exists()
