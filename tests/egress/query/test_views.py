"""WITH: read into the query that uses it, or refused where that would not be exact."""

from __future__ import annotations

import pytest

from egress.query.canonical import canonical
from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue

CATALOGUE = catalogue()
PERSONS = frozenset({"person", "stay", "act"})


def read(sql: str) -> Query:
    query = parse(sql, CATALOGUE, PERSONS)
    assert isinstance(query, Query), (sql, query)
    return query


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "WITH x AS (SELECT year, cost FROM stay WHERE urgent = 1) SELECT year, avg(cost) FROM x GROUP BY year",
            "SELECT year, avg(cost) FROM stay WHERE urgent = 1 GROUP BY year",
        ),
        (
            "WITH x AS (SELECT * FROM stay WHERE urgent = 1) SELECT year, avg(cost) FROM x WHERE nights = 1 GROUP BY 1",
            "SELECT year, avg(cost) FROM stay WHERE urgent = 1 AND nights = 1 GROUP BY year",
        ),
        (
            """WITH x AS (SELECT s.*, sex FROM stay s JOIN person USING (person_id))
               SELECT sex, count(*) FROM x GROUP BY ALL""",
            "SELECT sex, count(*) FROM stay s JOIN person p USING (person_id) GROUP BY 1",
        ),
        (
            """WITH x AS (SELECT * FROM stay s JOIN person p USING (person_id) WHERE year = 2021)
               SELECT sex, count(DISTINCT person_id) FROM x GROUP BY 1""",
            """SELECT sex, count(DISTINCT s.person_id) FROM stay s JOIN person p USING (person_id)
               WHERE year = 2021 GROUP BY 1""",
        ),
        (
            """WITH x AS (SELECT person_id, year(day) AS y, cost * 2 AS c FROM stay)
               SELECT y, sum(c), avg(c + 1) FROM x GROUP BY y""",
            "SELECT year(day), sum(cost * 2), avg(cost * 2 + 1) FROM stay GROUP BY 1",
        ),
        (
            """WITH x AS (SELECT person_id AS who, cost AS c FROM stay WHERE year = 2021),
               y AS (SELECT who, c / 100 AS d FROM x WHERE c > 0)
               SELECT sex, sum(d) FROM y JOIN person ON person_id = who GROUP BY 1""",
            """SELECT sex, sum(cost / 100) FROM stay s JOIN person p ON s.person_id = p.person_id
               WHERE year = 2021 AND cost > 0 GROUP BY 1""",
        ),
        (
            """WITH x AS (SELECT person_id, year FROM stay WHERE urgent = 1)
               SELECT a.year, count(*) FROM x a JOIN x AS b USING (person_id) WHERE b.year = 2022 GROUP BY 1""",
            """SELECT a.year, count(*) FROM stay a JOIN stay b USING (person_id)
               WHERE b.year = 2022 AND a.urgent = 1 AND b.urgent = 1 GROUP BY 1""",
        ),
        (
            "WITH x AS (SELECT age, sex FROM person) SELECT age >= 18 AS a, avg(age) FROM x WHERE age < 65 GROUP BY 1",
            "SELECT age >= 18, avg(age) FROM person WHERE age < 65 GROUP BY 1",
        ),
        (
            """WITH x AS (SELECT person_id, public FROM stay JOIN hospital USING (hospital_id))
               SELECT public, sex, count(*) FROM person JOIN x USING (person_id) GROUP BY ALL""",
            """SELECT public, sex, count(*) FROM stay JOIN hospital USING (hospital_id) JOIN person USING (person_id)
               GROUP BY ALL""",
        ),
        (
            """WITH x AS (SELECT person_id, year AS jahr FROM stay)
               SELECT sex, count(jahr) FROM person LEFT JOIN x USING (person_id) GROUP BY 1""",
            "SELECT sex, count(year) FROM person LEFT JOIN stay USING (person_id) GROUP BY 1",
        ),
        (
            "WITH x AS MATERIALIZED (SELECT year FROM stay) SELECT year, count(*) FROM x GROUP BY ROLLUP (year)",
            "SELECT year, count(*) FROM stay GROUP BY ROLLUP (year)",
        ),
        (
            "WITH x AS (SELECT nights > 5 AS long, cost FROM stay) SELECT avg(cost) FILTER (WHERE long) FROM x",
            "SELECT avg(cost) FILTER (WHERE nights > 5) FROM stay",
        ),
        (
            "SELECT year, avg(c) FROM (SELECT year, cost * 2 AS c FROM stay WHERE urgent = 1) AS x GROUP BY year",
            "SELECT year, avg(cost * 2) FROM stay WHERE urgent = 1 GROUP BY year",
        ),
        (
            """WITH x AS (SELECT * FROM stay WHERE urgent = 1)
               SELECT sex, count(*) FROM person
               JOIN (SELECT person_id AS p FROM x WHERE year = 2021) y ON y.p = person_id GROUP BY 1""",
            """SELECT sex, count(*) FROM person JOIN stay USING (person_id) WHERE urgent = 1 AND year = 2021
               GROUP BY 1""",
        ),
    ],
)  # fmt: skip
def test_with_says_what_is_said_without(one: str, other: str) -> None:
    assert canonical(read(one)) == canonical(read(other))


def refused(sql: str) -> QueryRefusal:
    answer = parse(sql, CATALOGUE, PERSONS)
    assert isinstance(answer, QueryRefusal), (sql, answer)
    assert (answer.line, answer.column) != (None, None), answer
    return answer


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("WITH x AS (SELECT count(*) AS n FROM person) SELECT sum(n) FROM x", "with"),
        ("WITH x AS (SELECT sex, count(*) AS n FROM person GROUP BY 1) SELECT sum(n) FROM x", "with"),
        ("WITH x AS (SELECT sex FROM person GROUP BY sex) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT DISTINCT sex FROM person) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT sex FROM person LIMIT 5) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT sex FROM person ORDER BY age) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT sex FROM person USING SAMPLE 5) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT sex FROM person UNION ALL SELECT sex FROM person) SELECT count(*) FROM x", "with"),
        ("WITH x AS (WITH y AS (SELECT sex FROM person) SELECT * FROM y) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT row_number() OVER () AS r FROM person) SELECT sum(r) FROM x", None),
        ("WITH RECURSIVE x AS (SELECT sex FROM person UNION ALL SELECT sex FROM x) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT * FROM x) SELECT count(*) FROM x", "table"),
        ("WITH x AS (SELECT * FROM y), y AS (SELECT * FROM person) SELECT count(*) FROM x", "table"),
        ("WITH person AS (SELECT * FROM stay) SELECT count(*) FROM person", "with"),
        ("WITH Person AS (SELECT * FROM stay) SELECT count(*) FROM person", "with"),
        ("WITH x AS (SELECT * FROM person), X AS (SELECT * FROM stay) SELECT count(*) FROM x", "with"),
        ("WITH x AS (SELECT * FROM person) SELECT count(*) FROM stay", "with"),
        ("WITH x(a) AS (SELECT sex FROM person) SELECT a, count(*) FROM x GROUP BY 1", "grammar"),
        ("WITH x AS (VALUES (1)) SELECT count(*) FROM x", "table"),
        ("WITH x AS (DELETE FROM person) SELECT count(*) FROM x", None),
        ("WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT count(*) FROM x", "table"),
        ("WITH x AS (SELECT * EXCLUDE (sex) FROM person) SELECT count(*) FROM x", "grammar"),
        ("WITH x AS (SELECT COLUMNS('a.*') FROM person) SELECT count(*) FROM x", None),
        ("WITH x AS (SELECT age + 1 FROM person) SELECT count(*) FROM x", "name"),
        ("WITH x AS (SELECT sex, region AS sex FROM person) SELECT count(*) FROM x", "name"),
        ("WITH x AS (SELECT * FROM stay s JOIN person p ON s.person_id = p.person_id) SELECT count(*) FROM x", "name"),
        ("WITH x AS (SELECT 5 AS five, sex FROM person) SELECT five, count(*) FROM x GROUP BY five", "constant"),
        ("WITH x AS (SELECT md5(sex) AS h FROM person) SELECT h, count(*) FROM x GROUP BY 1", "function"),
        ("WITH x AS (SELECT md5(sex) AS h, sex FROM person) SELECT sex, count(*) FROM x GROUP BY 1", "function"),
        # what is meant is judged, not what it is called
        ("WITH x AS (SELECT person_id AS sex FROM person) SELECT sex, count(*) FROM x GROUP BY 1", "person_key"),
        ("WITH x AS (SELECT person_id AS a FROM person) SELECT count(*) FROM x WHERE a = 'p1'", "person_key"),
        ("WITH x AS (SELECT age AS y FROM person) SELECT y, count(*) FROM x GROUP BY 1", "identifying"),
        ("WITH x AS (SELECT age AS y FROM person) SELECT count(*) FROM x WHERE y = 43", "identifying"),
        ("WITH x AS (SELECT age + 0 AS y FROM person) SELECT y, count(*) FROM x GROUP BY 1", "identifying"),
        ("WITH x AS (SELECT age FROM person) SELECT median(age) FROM x", "identifying"),
        ("WITH x AS (SELECT age FROM person WHERE age > 43) SELECT count(*) FROM x", "identifying"),
        ("WITH x AS (SELECT stay_id AS y FROM stay) SELECT y, count(*) FROM x GROUP BY 1", "row_key"),
        ("WITH x AS (SELECT sex FROM person) SELECT region, count(*) FROM x GROUP BY 1", "column"),
        ("WITH x AS (SELECT sex FROM person p) SELECT p.sex, count(*) FROM x GROUP BY 1", "table"),
        ('WITH x AS (SELECT sex FROM person p) SELECT "x.p".sex, count(*) FROM x GROUP BY 1', "table"),
        # joins that cannot be written out
        (
            """WITH x AS (SELECT * FROM stay WHERE urgent = 1)
               SELECT count(*) FROM person LEFT JOIN x USING (person_id)""",
            "join",
        ),
        (
            """WITH x AS (SELECT person_id, coalesce(urgent, 1) AS u FROM stay)
               SELECT sum(u) FROM person LEFT JOIN x USING (person_id)""",
            "join",
        ),
        (
            """WITH x AS (SELECT s.person_id, public FROM stay s JOIN hospital USING (hospital_id))
               SELECT count(*) FROM person LEFT JOIN x USING (person_id)""",
            "join",
        ),
        (
            """WITH x AS (SELECT s.person_id, s.hospital_id FROM hospital h JOIN stay s USING (hospital_id))
               SELECT count(*) FROM person JOIN x USING (person_id)""",
            "join",
        ),
        (
            """WITH x AS (SELECT person_id, hospital_id AS h FROM stay)
               SELECT count(*) FROM stay JOIN x ON h = hospital_id""",
            "join",
        ),
        (
            "WITH x AS (SELECT nights + 0 AS person_id FROM stay) SELECT count(*) FROM person JOIN x USING (person_id)",
            "column",
        ),
        ("WITH x AS (SELECT * FROM person) SELECT count(*) FROM x, x", "table"),
        # SELECT in FROM
        ("SELECT count(*) FROM (SELECT * FROM person)", "table"),
        ("SELECT count(*) FROM (SELECT sex, count(*) AS n FROM person GROUP BY 1) x", "with"),
        ("SELECT count(*) FROM (SELECT sex FROM person LIMIT 3) x", "with"),
        ("SELECT count(*) FROM (VALUES (1)) x", "table"),
        ("SELECT count(*) FROM (SELECT sex FROM person UNION SELECT sex FROM person) x", "table"),
        ("SELECT count(*) FROM (SELECT age AS sex FROM person) x GROUP BY sex", "identifying"),
        ("SELECT y, count(*) FROM (SELECT age AS y FROM person) x GROUP BY y", "identifying"),
        ("SELECT count(*) FROM person p JOIN (SELECT * FROM stay WHERE nights = p.age) x USING (person_id)", "table"),
        ("SELECT count(*) FROM person p, LATERAL (SELECT * FROM stay) x", None),
        ("SELECT count(*) FROM (SELECT * FROM read_csv('x')) x", "table"),
        ("SELECT count(*) FROM (SELECT sex FROM person) x(a)", "grammar"),
        ("SELECT count(*) FROM (SELECT sex FROM person) x, (SELECT sex FROM person) X", "table"),
    ],
)  # fmt: skip
def test_refused(sql: str, rule: str | None) -> None:
    answer = refused(sql)
    if rule is not None:
        assert answer.rule == rule, str(answer.why)


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("WITH x AS (\nSELECT age AS y\nFROM person)\nSELECT y, count(*) FROM x GROUP BY 1", 4, 8),
        ("WITH x AS (\nSELECT md5(sex) AS y\nFROM person)\nSELECT y, count(*) FROM x GROUP BY 1", 2, 8),
        ("WITH x AS (\nSELECT sex\nFROM person\nWHERE age > 43)\nSELECT sex, count(*) FROM x GROUP BY 1", 4, 13),
        ("WITH x AS (SELECT sex FROM person),\n  y AS (SELECT sex FROM person)\nSELECT count(*) FROM x", 2, 3),
    ],
)
def test_the_place_is_where_the_author_can_act(sql: str, line: int, column: int) -> None:
    answer = refused(sql)
    assert (answer.line, answer.column) == (line, column), str(answer.why)


def test_notes_of_a_with_are_kept() -> None:
    query = read("WITH x AS (SELECT cost * 7.31 AS c, sex FROM stay JOIN person USING (person_id) WHERE nights > 17)\n"
                 "SELECT sex, sum(c) FROM x GROUP BY 1")  # fmt: skip
    assert [(note.rule, note.where) for note in query.notes] == [("constant", "SQL 1:96"), ("constant", "SQL 2:17")]


def test_names_for_names_do_not_grow() -> None:
    parts = ["x0 AS (SELECT cost + nights AS a FROM stay)"]
    parts += [f"x{n} AS (SELECT a + a AS a FROM x{n - 1})" for n in range(1, 15)]
    assert refused(f"WITH {', '.join(parts)} SELECT sum(a) FROM x14").rule == "size"
    doubled = ["x0 AS (SELECT * FROM stay)"]
    doubled += [f"x{n} AS (SELECT l.* FROM x{n - 1} l JOIN x{n - 1} r USING (person_id))" for n in range(1, 15)]
    assert refused(f"WITH {', '.join(doubled)} SELECT count(*) FROM x14").rule == "size"
