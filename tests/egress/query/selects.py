"""Hypothesis strategies: SELECTs of the grammar over the hospital of `world`."""

from __future__ import annotations

from hypothesis import strategies as st

CONDITIONS = st.sampled_from(
    [
        "year >= 2022", "year IN (2021, 2023)", "NOT (year = 2022 OR urgent = 1)", "cost BETWEEN 0 AND 100000", "ill",
        "age >= 18", "age IS NULL", "sex <> 'F'", "ill IS TRUE", "cost > nights", "day >= '2021-01-01'",
        "month(day) IN (1, 2, 3)", "nights IS NOT NULL AND urgent = 0", "sex IS DISTINCT FROM 'F'",
        "coalesce(urgent, 0) = 1", "year <> 2021 AND (sex = 'M' OR region = 'North')",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "sex", "region", "year", "s.year", "year(day)", "quarter(day)", "(age >= 18)", "ill", "urgent",
        "floor(nights / 10) * 10", "nights // 10", "nights % 2", "CASE WHEN year >= 2023 THEN 1 ELSE 0 END",
        "date_trunc('quarter', day)", "date_part('month', day)", "extract(year FROM day)", "coalesce(diagnosis, 'x')",
        "CASE sex WHEN 'F' THEN 'women' WHEN 'M' THEN 'men' END", "least(nights, 10)", "round(cost / 1000)",
        "CAST(ill AS INTEGER)", "CASE WHEN age < 18 THEN 'A' WHEN age < 65 THEN 'B' ELSE 'C' END", "abs(nights - 12)",
        "age < 65", "urgent = 1 AND ill", "isoyear(day)", "extract(isodow FROM day)", "extract('doy' FROM day) // 100",
        "date_diff('year', day, DATE '2024-12-31')", "date_trunc('month', day)::date", "if(urgent = 1, 1, 0)",
        "day::date - DATE '2021-01-01'", "CASE WHEN age < 18 THEN '<18' WHEN age < 65 THEN '18-64' ELSE '65+' END",
        "region IN ('North', 'West')", "dayofweek(day)", "least(nights // 5, 3)", "sex IS NULL",
    ]
)  # fmt: skip
MEASURES = st.sampled_from(
    [
        "count(*)", "count(DISTINCT s.person_id)", "count(cost)", "sum(cost)", "sum(nights)", "avg(cost)",
        "avg(nights * 1.5)", "stddev(cost)", "stddev_samp(nights)", "median(cost)", "quantile_cont(nights, 0.25)",
        "percentile_cont(0.75) WITHIN GROUP (ORDER BY cost)", "sum(CASE WHEN ill THEN cost ELSE 0 END)",
        "count(*) FILTER (WHERE urgent = 1)", "sum(cost) FILTER (WHERE sex = 'F')", "avg(cost / nights)",
        "sum(greatest(cost - 100, 0))", "count(CASE WHEN year = 2022 THEN 1 END)", "sum(urgent)", "avg(age)",
        "sum(abs(nights - urgent))", "sum(ill::int)", "count_if(urgent = 1)", "mean(cost)", "avg(round(cost, 1))",
        "count(*) FILTER (WHERE urgent = 1) / count(*)", "100.0 * count(*) FILTER (WHERE ill) / count(*)",
        "sum(cost) FILTER (WHERE urgent = 1) / sum(cost)", "100 * (sum(nights) / nullif(sum(urgent), 0))",
        "1000 * sum(cost) / count(*)", "count(cost) / count(*)", "count(*) / count(DISTINCT s.person_id)",
        "100.0 * count(DISTINCT s.person_id) FILTER (WHERE ill) / count(DISTINCT s.person_id)",
        "count(DISTINCT s.person_id) FILTER (WHERE urgent = 1)", "avg(urgent) * 100", "sum(cost) / sum(nights)",
        "count(*) FILTER (WHERE urgent = 1 AND ill) / count(*) FILTER (WHERE ill)", "sum(ill::int) / count(ill)",
        "count(DISTINCT s.person_id) FILTER (WHERE ill) / count(DISTINCT s.person_id) FILTER (WHERE urgent = 0)",
        "sum(cost) / count(DISTINCT s.person_id)", "count_if(ill) / count(*)",
        "count(DISTINCT s.person_id) FILTER (WHERE ill)",
        "sum(CASE WHEN urgent = 1 THEN 1 ELSE 0 END)::double / count(*)",
        "avg(date_diff('day', day, DATE '2024-12-31'))", "avg(date_sub('month', DATE '2021-01-01', day))",
        "median(nights) FILTER (WHERE urgent = 1)", "sum(CASE WHEN ill THEN CASE WHEN sex = 'F' THEN cost END END)",
        "count(s.stay_id)", "count(stay_id) FILTER (WHERE urgent = 1) / count(stay_id)",
        "avg(log10(cost + 1))", "avg(log(cost + 1))", "sum(cost) FILTER (WHERE age >= 65)",
        "sum(coalesce(nights, 0))", "avg(sqrt(cost))", "avg(nights % 7)", "sum(nullif(nights, 0))", "count(sex)",
    ]
)  # fmt: skip
SAME = {"s.year": "year", "extract(year FROM day)": "year(day)", "day::date - DATE '2021-01-01'": "days"}
SHAPES = st.sampled_from(["plain", "all", "rollup", "cube", "sets", "mixed", "ordinals"])
PEOPLE = "person_id, sex, region, age, diagnosis, ill"
STAYS = "person_id, stay_id, hospital_id, year, day, cost, nights, urgent"


@st.composite
def origins(draw: st.DrawFn) -> tuple[str, str]:
    """WITH (or nothing) and FROM, in which stays go by `s` and persons, joined or within, are visible."""
    join = draw(st.sampled_from(["JOIN", "LEFT JOIN"]))
    condition = draw(CONDITIONS.filter(lambda text: not any(word in text for word in ("ill", "age", "sex"))))
    plain = f"FROM stay s {join} person p USING (person_id)"
    return draw(
        st.sampled_from(
            [
                ("", plain),
                ("", plain),
                (f"WITH x AS (SELECT * FROM stay WHERE {condition}) ", f"FROM x s {join} person p USING (person_id)"),
                (
                    "",
                    (
                        f"FROM (SELECT * FROM stay WHERE {condition}) s {join} "
                        f"(SELECT {PEOPLE} FROM person) p USING (person_id)"
                    ),
                ),
                (f"WITH x AS (SELECT s.*, p.sex, region, age, diagnosis, ill {plain}) ", "FROM x s"),
                (
                    f"WITH a AS (SELECT * FROM stay), b AS (SELECT {STAYS} FROM a AS c WHERE {condition}) ",
                    f"FROM b AS s {join} person USING (person_id)",
                ),
                (
                    f"WITH x AS (SELECT {PEOPLE} FROM person) ",
                    "FROM stay s LEFT JOIN x ON x.person_id = s.person_id",
                ),
                (
                    f"WITH x AS (SELECT {PEOPLE} FROM person), y AS (SELECT {STAYS} FROM stay) ",
                    "FROM y AS s JOIN x AS p ON p.person_id = s.person_id",
                ),
                (
                    """WITH x AS (SELECT person_id, stay_id, hospital_id, year, day, nights + 0 AS nights,
                       coalesce(cost, 0) AS cost, urgent FROM stay) """,
                    f"FROM x s {join} person p USING (person_id)",
                ),
            ]
        )
    )


@st.composite
def selects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(KEYS, max_size=3, unique_by=lambda key: SAME.get(key, key)))
    measures = draw(st.lists(MEASURES, min_size=1, max_size=4, unique=True))
    conditions = draw(st.lists(CONDITIONS, max_size=2))
    shape = draw(SHAPES)
    items = [f"{key} AS key_{'abc'[i]}" for i, key in enumerate(keys)] + [
        f"{m} AS m_{'abcd'[i]}" for i, m in enumerate(measures)
    ]
    numbers = ", ".join(str(i + 1) for i in range(len(keys)))
    group = {
        "plain": ", ".join(f"key_{'abc'[i]}" for i in range(len(keys))),
        "ordinals": numbers,
        "all": "ALL",
        "rollup": f"ROLLUP ({', '.join(keys)})",
        "cube": f"CUBE ({', '.join(keys)})",
        "sets": f"GROUPING SETS (({', '.join(keys)}), {keys[0] if keys else ''})",
        "mixed": f"{', '.join(keys[:1])}, ROLLUP ({', '.join(keys[1:])})",
    }[shape if len(keys) > 1 or shape in {"plain", "ordinals", "all"} else "ordinals"]
    before, source = draw(origins())
    sql = f"{before}SELECT {', '.join(items)} {source}"
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    return sql + (f" GROUP BY {group}" if keys else "")
