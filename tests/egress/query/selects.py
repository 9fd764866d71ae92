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
        "sum(coalesce(nights, 0))", "avg(sqrt(cost))", "avg(nights % 7)", "sum(nullif(nights, 0))", "count(sex)",
    ]
)  # fmt: skip
SAME = {"s.year": "year", "extract(year FROM day)": "year(day)"}
SHAPES = st.sampled_from(["plain", "rollup", "cube", "sets"])


@st.composite
def selects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(KEYS, max_size=3, unique_by=lambda key: SAME.get(key, key)))
    measures = draw(st.lists(MEASURES, min_size=1, max_size=4, unique=True))
    conditions = draw(st.lists(CONDITIONS, max_size=2))
    shape = draw(SHAPES)
    items = [f"{key} AS key_{'abc'[i]}" for i, key in enumerate(keys)] + [
        f"{m} AS m_{'abcd'[i]}" for i, m in enumerate(measures)
    ]
    names = [str(i + 1) for i in range(len(keys))]
    group = {
        "plain": ", ".join(names),
        "rollup": f"ROLLUP ({', '.join(keys)})",
        "cube": f"CUBE ({', '.join(keys)})",
        "sets": f"GROUPING SETS (({', '.join(keys)}), ({keys[0] if keys else ''}))",
    }[shape if len(keys) > 1 else "plain"]
    join = draw(st.sampled_from(["JOIN", "LEFT JOIN"]))
    sql = f"SELECT {', '.join(items)} FROM stay s {join} person p USING (person_id)"
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    return sql + (f" GROUP BY {group}" if keys else "")
