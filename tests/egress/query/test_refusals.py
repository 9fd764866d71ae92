"""What the grammar refuses, by which rule, and where."""

from __future__ import annotations

import pytest

from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
from egress.query.syntax import MAX_SQL
from tests.egress.query.extracts import catalogue

CATALOGUE = catalogue()
PERSONS = frozenset({"person", "stay", "act"})


def refused(sql: str) -> QueryRefusal:
    answer = parse(sql, CATALOGUE, PERSONS)
    assert isinstance(answer, QueryRefusal), answer
    assert str(answer.why)
    assert (answer.line, answer.column) != (None, None)
    return answer


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        # statements
        ("", "statement"),
        (";", "statement"),
        ("SELECT count(*) FROM person; SELECT count(*) FROM person", "statement"),
        ("DROP TABLE person", "statement"),
        ("INSERT INTO person VALUES (1)", "statement"),
        ("UPDATE person SET sex = 'F'", "statement"),
        ("DELETE FROM person", "statement"),
        ("PRAGMA database_list", "statement"),
        ("ATTACH '/tmp/x.db'", "statement"),
        ("COPY person TO '/tmp/x.csv'", "statement"),
        ("COPY (SELECT count(*) FROM person) TO '/tmp/x.csv'", "statement"),
        ("CREATE TABLE x AS SELECT count(*) FROM person", "statement"),
        ("SET memory_limit = '1TB'", "statement"),
        ("CALL pragma_version()", "statement"),
        ("EXPLAIN ANALYZE SELECT count(*) FROM person", "statement"),
        ("DESCRIBE person", "statement"),
        ("SUMMARIZE person", "statement"),
        ("INSTALL httpfs", None),
        ("LOAD httpfs", None),
        ("VALUES (1)", "statement"),
        ("SELECT count(*) FROM person UNION SELECT count(*) FROM person", "statement"),
        ("SELECT 'unterminated", "syntax"),
        ("SELEC count(*) FROM person", None),
        ("SELECT count(* FROM person", "syntax"),
        # clauses
        ("SELECT DISTINCT sex FROM person", "grammar"),
        ("SELECT sex, count(*) FROM person GROUP BY 1 LIMIT 3", "grammar"),
        ("SELECT sex, count(*) FROM person GROUP BY 1 OFFSET 1", "grammar"),
        ("SELECT sex, count(*) FROM person GROUP BY 1 HAVING count(*) > 1", "grammar"),
        ("SELECT sex, count(*) FROM person GROUP BY 1 QUALIFY row_number() OVER () = 1", "grammar"),
        ("SELECT count(*) FROM person USING SAMPLE 3", "grammar"),
        ("SELECT count(*) FROM person TABLESAMPLE 10%", "grammar"),
        ("SELECT count(*) INTO x FROM person", None),
        ("SELECT count(*) FROM person WINDOW w AS (ORDER BY age)", "grammar"),
        # tables
        ("SELECT count(*)", "table"),
        ("SELECT count(*) FROM patient", "table"),
        ("SELECT count(*) FROM main.person", "grammar"),
        ("SELECT count(*) FROM 'person.parquet'", "table"),
        ("SELECT count(*) FROM read_csv('/etc/passwd')", "table"),
        ("SELECT count(*) FROM read_parquet('x')", "table"),
        ("SELECT count(*) FROM glob('*')", "table"),
        ("SELECT count(*) FROM (SELECT * FROM person)", "table"),
        ("SELECT count(*) FROM person AS p(a, b)", "grammar"),
        ("SELECT count(*) FROM range(10)", "table"),
        ("SELECT count(*) FROM duckdb_settings()", "table"),
        ("SELECT count(*) FROM information_schema.tables", None),
        ("SELECT count(*) FROM person p, stay p", "table"),
        ("PIVOT person ON sex USING count(*)", "statement"),
        ("SELECT count(*) FROM hospital", "person_key"),
        # joins
        ("SELECT count(*) FROM person, stay", "join"),
        ("SELECT count(*) FROM person CROSS JOIN stay", "join"),
        ("SELECT count(*) FROM person NATURAL JOIN stay", "grammar"),
        ("SELECT count(*) FROM person RIGHT JOIN stay USING (person_id)", "join"),
        ("SELECT count(*) FROM person FULL JOIN stay USING (person_id)", "join"),
        ("SELECT count(*) FROM person SEMI JOIN stay USING (person_id)", "join"),
        ("SELECT count(*) FROM person ASOF JOIN stay USING (person_id)", "grammar"),
        ("SELECT count(*) FROM person p JOIN stay s ON p.person_id = s.person_id OR TRUE", "join"),
        ("SELECT count(*) FROM person p JOIN stay s ON p.age = s.nights", "join"),
        ("SELECT count(*) FROM person p JOIN stay s ON p.person_id >= s.person_id", "join"),
        ("SELECT count(*) FROM person p JOIN stay s ON p.person_id = s.stay_id", "join"),
        ("SELECT count(*) FROM person p JOIN stay s ON p.person_id = s.person_id AND s.year = 2021", "join"),
        ("SELECT count(*) FROM stay a JOIN hospital USING (hospital_id) JOIN stay b USING (hospital_id)", "join"),
        ("SELECT count(*) FROM person JOIN stay ON TRUE", "join"),
        ("SELECT count(*) FROM person p JOIN LATERAL (SELECT 1) ON TRUE", "table"),
        # columns
        ("SELECT sexe, count(*) FROM person GROUP BY 1", "column"),
        ("SELECT x.sex, count(*) FROM person GROUP BY 1", "table"),
        ("SELECT * FROM person", "grammar"),
        ("SELECT p.* FROM person p", "grammar"),
        ("SELECT COLUMNS('a.*') FROM person", None),
        ("SELECT * EXCLUDE (sex) FROM person", None),
        ("SELECT person.sex.x, count(*) FROM person GROUP BY 1", "grammar"),
        # single rows
        ("SELECT sex FROM person", "rows"),
        ("SELECT sex, count(*) FROM person", "rows"),
        ("SELECT sex, region, count(*) FROM person GROUP BY sex", "rows"),
        ("SELECT sex FROM person GROUP BY sex", "rows"),
        ("SELECT count(*) FROM person GROUP BY sex", "grouping"),
        ("SELECT 'x' AS label, count(*) FROM person GROUP BY ALL", "constant"),
        # person keys and row keys
        ("SELECT person_id, count(*) FROM person GROUP BY 1", "person_key"),
        ("SELECT count(*) FROM person WHERE person_id = 'a'", "person_key"),
        ("SELECT count(*) FROM person WHERE person_id IS NOT NULL", "person_key"),
        ("SELECT count(person_id) FROM person", "person_key"),
        ("SELECT count(*) FILTER (WHERE person_id > 'a') FROM person", "person_key"),
        ("SELECT sum(person_id) FROM person", "person_key"),
        ("SELECT count(DISTINCT sex) FROM person", "aggregate"),
        ("SELECT count(DISTINCT person_id || 'x') FROM person", "aggregate"),
        ("SELECT count(DISTINCT s.person_id) FROM person p LEFT JOIN stay s USING (person_id)", "person_key"),
        ("SELECT stay_id, count(*) FROM stay GROUP BY 1", "row_key"),
        # potential identifiers
        ("SELECT age, count(*) FROM person GROUP BY 1", "identifying"),
        ("SELECT postcode, count(*) FROM person GROUP BY 1", "identifying"),
        ("SELECT count(*) FROM person WHERE age = 43", "identifying"),
        ("SELECT count(*) FROM person WHERE age BETWEEN 18 AND 43", "identifying"),
        ("SELECT count(*) FROM person WHERE age IN (18, 43)", "identifying"),
        ("SELECT count(*) FROM person WHERE age + 0 = 43", "identifying"),
        ("SELECT count(*) FROM person WHERE postcode = '75001'", "identifying"),
        ("SELECT floor(age) AS a, count(*) FROM person GROUP BY 1", "identifying"),
        ("SELECT age % 10 AS a, count(*) FROM person GROUP BY 1", "identifying"),
        ("SELECT CASE WHEN age > 43 THEN 1 ELSE 0 END AS a, count(*) FROM person GROUP BY 1", "identifying"),
        ("SELECT avg(CASE WHEN age > 43 THEN 1 ELSE 0 END) FROM person", "identifying"),
        ("SELECT median(age) FROM person", "identifying"),
        ("SELECT sum(postcode) FROM person", "identifying"),
        ("SELECT CASE postcode WHEN '75001' THEN 1 ELSE 0 END AS a, count(*) FROM person GROUP BY 1", "identifying"),
        # aggregates that show one person
        ("SELECT max(cost) FROM stay", "aggregate"),
        ("SELECT min(cost) FROM stay", "aggregate"),
        ("SELECT list(cost) FROM stay", "aggregate"),
        ("SELECT array_agg(cost) FROM stay", "aggregate"),
        ("SELECT string_agg(sex, ',') FROM person", "aggregate"),
        ("SELECT arg_max(cost, nights) FROM stay", "aggregate"),
        ("SELECT any_value(cost) FROM stay", "aggregate"),
        ("SELECT first(cost) FROM stay", "aggregate"),
        ("SELECT last(cost) FROM stay", "aggregate"),
        ("SELECT mode(cost) FROM stay", "aggregate"),
        ("SELECT quantile_disc(cost, 0.5) FROM stay", "aggregate"),
        ("SELECT quantile(cost, 0.5) FROM stay", "aggregate"),
        ("SELECT approx_quantile(cost, 0.5) FROM stay", "aggregate"),
        ("SELECT histogram(cost) FROM stay", "aggregate"),
        ("SELECT sum(DISTINCT cost) FROM stay", "aggregate"),
        ("SELECT bit_xor(nights) FROM stay", "aggregate"),
        ("SELECT kurtosis(cost) FROM stay", None),
        ("SELECT sum(cost) / 100 FROM stay", "aggregate"),
        ("SELECT 100 * sum(cost) FROM stay", "aggregate"),
        ("SELECT 100 / count(*) FROM stay", "aggregate"),
        ("SELECT sum(cost) / sum(nights) / count(*) FROM stay", "aggregate"),
        ("SELECT sum(cost) / (100 * count(*)) FROM stay", "aggregate"),
        ("SELECT sum(cost) * count(*) FROM stay", "aggregate"),
        ("SELECT sum(cost) + count(*) FROM stay", "aggregate"),
        ("SELECT avg(cost) / avg(nights) FROM stay", "aggregate"),
        ("SELECT median(cost) / count(*) FROM stay", "aggregate"),
        ("SELECT count(*) / count(*) FROM stay", "aggregate"),
        ("SELECT count(DISTINCT person_id) / count(DISTINCT person_id) FROM stay", "aggregate"),
        ("SELECT count(DISTINCT person_id) / count(*) FROM stay", "aggregate"),
        ("SELECT count(*) / count(DISTINCT person_id) FILTER (WHERE urgent = 1) FROM stay", "aggregate"),
        ("SELECT 37 * count(*) FILTER (WHERE urgent = 1) / count(*) FROM stay", "constant"),
        ("SELECT 100 * nights / count(*) FROM stay", "aggregate"),
        ("SELECT sum(cost) / sum(cost) OVER () FROM stay", "window"),
        ("SELECT sum(cost) // count(*) FROM stay", "aggregate"),
        ("SELECT count(*) FILTER (WHERE person_id = 'a') / count(*) FROM stay", "person_key"),
        ("SELECT round(avg(cost), 2) FROM stay", "aggregate"),
        ("SELECT sum(cost) OVER () FROM stay", "window"),
        ("SELECT row_number() OVER (), count(*) FROM stay", None),
        ("SELECT quantile_cont(cost, 0) FROM stay", "constant"),
        ("SELECT quantile_cont(cost, 1) FROM stay", "constant"),
        ("SELECT quantile_cont(cost, [0.1, 0.2]) FROM stay", "constant"),
        ("SELECT avg(sex) FROM person", "type"),
        # functions
        ("SELECT random() AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT now() AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT sex || region AS r, count(*) FROM person GROUP BY ALL", "function"),
        ("SELECT concat(sex, region) AS r, count(*) FROM person GROUP BY ALL", "function"),
        ("SELECT md5(sex) AS r, count(*) FROM person GROUP BY ALL", "function"),
        ("SELECT chr(nights) AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT sex[1] AS r, count(*) FROM person GROUP BY ALL", "function"),
        ("SELECT nights::varchar AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT strftime(day, '%Y') AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT current_setting('memory_limit') AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT read_text('/etc/passwd') AS r, count(*) FROM stay GROUP BY ALL", "function"),
        ("SELECT count(*) FROM person WHERE sex LIKE 'F%'", "function"),
        ("SELECT count(*) FROM stay WHERE cost > (SELECT avg(cost) FROM stay)", "subquery"),
        ("SELECT count(*) FROM stay WHERE EXISTS (SELECT 1)", "subquery"),
        ("SELECT count(*) FROM stay WHERE nights IN (SELECT nights FROM stay)", "grammar"),
        ("SELECT (SELECT count(*) FROM stay) AS n, count(*) FROM stay", None),
        ("SELECT count(*) FROM stay WHERE nights IN (urgent, 2)", "grammar"),
        ("SELECT count(*) FROM stay WHERE 1 = 1", "constant"),
        ("SELECT count(*) FROM stay WHERE year = 'abc'", "type"),
        ("SELECT count(*) FROM stay WHERE day > 'tomorrow'", "constant"),
        ("SELECT count(*) FROM stay WHERE nights", "type"),
        ("SELECT count(*) FROM stay WHERE cost > $1", "function"),
        ("SELECT count(*) FROM stay WHERE cost > ?", "function"),
        ("SELECT date_trunc('day', day) AS d, count(*) FROM stay GROUP BY 1", "function"),
        ("SELECT date_part('epoch', day) AS d, count(*) FROM stay GROUP BY 1", "function"),
        ("SELECT sum(cost * 1234567890123456789012) FROM stay", "constant"),
        # names and sizes
        ("SELECT count(*) AS a, sum(cost) AS A FROM stay", "name"),
        (f"SELECT count(*) AS {'a' * 64} FROM stay", "name"),
        ("SELECT " + ", ".join(f"sum(cost) AS c{i}" for i in range(41)) + " FROM stay", "size"),
        ("SELECT sum(" + "(" * 60 + "cost" + ")" * 60 + ") FROM stay", "size"),
        ("SELECT count(*) FROM stay" + " " * MAX_SQL, "size"),
        ("SELECT count(*) FROM stay WHERE " + " AND ".join(["nights = 1"] * 1400), "size"),
    ],
)  # fmt: skip
def test_refused(sql: str, rule: str | None) -> None:
    answer = refused(sql)
    if rule is not None:
        assert answer.rule == rule, str(answer.why)


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("SELECT max(cost) FROM stay", 1, 8),
        ("SELECT sex,\n       person_id,\n       count(*)\nFROM person GROUP BY ALL", 2, 8),
        ("SELECT count(*)\nFROM person\nWHERE age > 43", 3, 13),
        ("SELECT count(*)\nFROM patient", 2, 6),
        ("SELECT sex, count(*) FROM person GROUP BY 1 LIMIT 3", 1, 51),
        ("SELECT count(*\nFROM person", 2, 1),
        ("SELECT count(*)\nFROM person WHERE sex = 'F", 2, 25),
        ("  DROP TABLE person", 1, 3),
        ("SELECT DISTINCT sex FROM person", 1, 17),
        ("SELECT count(*) FROM hospital", 1, 8),
        ("SELECT sex, count(*) / count(*)\nFROM person GROUP BY 1", 1, 13),
    ],
)
def test_the_place(sql: str, line: int, column: int) -> None:
    answer = refused(sql)
    assert (answer.line, answer.column) == (line, column)


def test_unknown_names_come_with_the_nearest_known_one() -> None:
    assert "did you mean sex?" in str(refused("SELECT sexe, count(*) FROM person GROUP BY 1").why)
    assert "did you mean person?" in str(refused("SELECT count(*) FROM persons").why)


def test_what_is_said_does_not_depend_on_the_case_of_names() -> None:
    assert isinstance(parse("SELECT Sex, COUNT(*) FROM PERSON GROUP BY ALL", CATALOGUE, PERSONS), Query)
    assert refused("SELECT PERSON_ID, count(*) FROM person GROUP BY 1").rule == "person_key"
    assert refused('SELECT "AGE", count(*) FROM person GROUP BY 1').rule == "identifying"
