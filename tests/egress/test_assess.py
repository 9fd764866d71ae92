"""One declaration from SQL to verdict, over real Parquet files."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egress.assess import Assessment, Declaration, assess
from egress.checks.examined import Examined
from egress.checks.model import Outcome, Protection
from egress.protect.additive import problem_of
from egress.protect.audit import audit
from egress.query.engine import Engine
from hub.policy.model import DisclosureRules
from tests.egress.query.extracts import HOSPITAL, one_table, pack, rules
from tests.egress.query.world import data

FAIL, PASS, REVIEW = Outcome.FAIL, Outcome.PASS, Outcome.REVIEW

SHAPE = one_table(
    {
        "g": {"type": "string", "categories": ["a", "b", "c", "d", "Total"]},
        "h": {"type": "string", "categories": ["x", "y", "z"]},
        "v": {"type": "number", "bounds": [0, 1000000]},
        "bad": {"type": "boolean", "sensitive": True},
    }
)


def small(folder: Path, groups: dict[str, int], **columns: Any) -> Engine:
    """Persons per group, one row each; `columns` are functions of the row's number."""
    labels = [label for label, size in groups.items() for _ in range(size)]
    table: dict[str, list[Any]] = {"pid": [f"person-{i}" for i in range(len(labels))], "g": labels}
    table |= {name: [make(i) for i in range(len(labels))] for name, make in columns.items()}
    table = {
        "h": ["x"] * len(labels),
        "v": [100.0 + i % 7 for i in range(len(labels))],
        "bad": [i % 2 == 0 for i in range(len(labels))],
    } | table
    return Engine(folder, pack(folder, SHAPE, {"t": table}))


def verdict(engine: Engine, sql: str, shipped: DisclosureRules | None = None, **more: Any) -> Assessment:
    return assess(Declaration("answer", sql, **more), engine, shipped or rules())


COUNTS = "SELECT g, count(*) AS n, avg(v) AS m FROM t GROUP BY g"


@pytest.mark.parametrize(("persons", "shown"), [(10, False), (11, True), (12, True)])
def test_the_threshold_at_the_edge(tmp_path: Path, persons: int, shown: bool) -> None:
    assessment = verdict(small(tmp_path, {"a": 40, "b": persons}), COUNTS)
    assert assessment.outcome is PASS
    assert assessment.protected is not None
    assert (assessment.protected.rows[1][1] == persons) is shown
    assert (assessment.protected.rows[1] == ("b", None, None)) is not shown


@pytest.mark.parametrize(("persons", "outcome"), [(10, FAIL), (11, PASS)])
def test_without_protection_a_small_cell_is_refused(tmp_path: Path, persons: int, outcome: Outcome) -> None:
    assessment = verdict(small(tmp_path, {"a": 40, "b": persons}), COUNTS, protect=Protection.NONE)
    assert assessment.outcome is outcome
    assert (assessment.protected is None) is (outcome is FAIL)


def test_thirty_rows_of_one_patient(tmp_path: Path) -> None:
    """Case G02."""
    engine = small(tmp_path, {"a": 30}, pid=lambda _: "the-patient")
    assert verdict(engine, COUNTS, rules("acro-default")).outcome is FAIL


def test_json_is_the_published_shape(tmp_path: Path) -> None:
    answer = verdict(small(tmp_path, {"a": 40, "b": 3}), COUNTS).to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["name"] == "answer"
    assert answer["assurance"] == "recomputed"
    assert answer["outcome"] == "pass"
    assert answer["protected"] == {
        "columns": ["g", "n", "m"],
        "rows": [["a", 40, pytest.approx(102.9)], ["b", None, None]],
    }
    assert {"check", "risk", "outcome", "where", "why"} == set(answer["findings"][0])  # type: ignore[index]


def test_findings_tell_no_small_number(tmp_path: Path) -> None:
    answer = verdict(small(tmp_path, {"a": 40, "b": 7}), COUNTS).to_json()
    assert "7" not in json.dumps(answer["findings"])


def test_refused_output_has_no_table(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40})
    answer = verdict(engine, "SELECT pid, v FROM t").to_json("fr")
    assert "protected" not in answer
    assert answer["outcome"] == "fail"
    assert answer["findings"][0]["where"] == "SQL 1:8"  # type: ignore[index]
    assert "clé de personne" in answer["findings"][0]["why"]  # type: ignore[index]


def test_notes_send_to_review(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40})
    assert verdict(engine, COUNTS.replace("FROM t", "FROM t WHERE v > 17.3")).outcome is REVIEW
    assert verdict(engine, COUNTS, title="A word to a friend").outcome is REVIEW
    assert verdict(engine, COUNTS, title="Mean v by g").outcome is PASS


def test_dominated_cells_are_suppressed(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40, "b": 40}, v=lambda i: 900000.0 if i == 3 else 10.0)
    assessment = verdict(engine, "SELECT g, count(*) AS n, sum(v) AS s FROM t GROUP BY g")
    assert assessment.protected is not None
    assert assessment.protected.rows == (("a", None, None), ("b", 40, 400.0))


def test_a_total_does_not_give_back_what_is_suppressed(tmp_path: Path) -> None:
    """Case C05 through SQL: with a total, one suppressed row takes a second one with it."""
    engine = small(tmp_path, {"a": 40, "b": 3, "c": 30, "d": 20})
    assessment = verdict(engine, "SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g)")
    assert assessment.outcome is PASS
    assert assessment.protected is not None
    assert assessment.protected.rows == (("a", 40), ("b", None), ("c", 30), ("d", None), ("Total", 93))


def test_a_category_called_total_is_not_a_total(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40, "Total": 3, "c": 30})
    assessment = verdict(engine, "SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g)")
    assert assessment.protected is not None
    assert assessment.protected.rows == (("Total", None), ("a", 40), ("c", None), ("Total", 73))


def test_a_table_of_small_cells_is_refused(tmp_path: Path) -> None:
    assert verdict(small(tmp_path, {"a": 4, "b": 3, "c": 10}), COUNTS).outcome is FAIL


def test_an_identifier_in_a_label_is_refused(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40}, g=lambda _: "person-39")
    assessment = verdict(engine, COUNTS)
    assert assessment.outcome is FAIL
    assert any(finding.check == "identifiers" and finding.outcome is FAIL for finding in assessment.findings)


def test_rounding(tmp_path: Path) -> None:
    assessment = verdict(small(tmp_path, {"a": 43, "b": 3, "c": 22}), COUNTS, protect=Protection.ROUND)
    assert assessment.protected is not None
    assert [row[1] for row in assessment.protected.rows] == [45, None, 20]


def test_a_mean_leaves_with_four_digits(tmp_path: Path) -> None:
    assessment = verdict(small(tmp_path, {"a": 43}, v=lambda i: 1000 / 7 + i), "SELECT avg(v) AS m FROM t")
    assert assessment.exact is not None
    assert assessment.protected is not None
    exact = assessment.exact.rows[0][0]
    assert assessment.protected.rows[0][0] == float(f"{exact:.3e}")
    assert assessment.protected.rows[0][0] != exact


def test_the_other_side_of_a_share(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40, "b": 40}, bad=lambda i: i % 40 < 10 if i < 40 else i % 2 == 0)
    assessment = verdict(engine, "SELECT g, avg(bad::int) AS share FROM t GROUP BY g")
    assert assessment.protected is not None
    assert assessment.protected.rows == (("a", None), ("b", 0.5))


def test_a_sum_beside_the_same_sum_under_a_condition(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 80})
    beside = "SELECT sum(v) AS s, sum(v) FILTER (WHERE bad) AS t FROM t"
    assert verdict(engine, beside).outcome is REVIEW
    assert verdict(engine, "SELECT sum(v) FILTER (WHERE bad) AS t FROM t").outcome is PASS


def test_class_disclosure_on_a_sensitive_key(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 400, "b": 400}, bad=lambda i: i % 20 != 0 if i < 400 else i % 2 == 0)
    assessment = verdict(engine, "SELECT g, bad, count(*) AS n FROM t GROUP BY ALL")
    assert assessment.protected is not None
    assert assessment.protected.rows == (("a", False, 20), ("a", True, None), ("b", False, 200), ("b", True, 200))


def test_dp_reads_no_row(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40, "b": 3})
    (tmp_path / "t.parquet").unlink()
    assessment = verdict(engine, COUNTS, protect=Protection.DP, rho=Decimal("0.1"))
    assert assessment.outcome is PASS
    assert assessment.query is not None
    assert (assessment.exact, assessment.evidence, assessment.protected) == (None, None, None)
    assert verdict(engine, COUNTS, protect=Protection.DP, rho=Decimal("0.1234567")).outcome is REVIEW


def test_a_computation_that_fails_is_one_finding(tmp_path: Path) -> None:
    engine = small(tmp_path, {"a": 40})
    (tmp_path / "t.parquet").unlink()
    assessment = verdict(engine, COUNTS)
    assert assessment.outcome is FAIL
    assert assessment.findings[-1].check == "computation"


# Case F01: ACRO's charity data, counted per year and grant type; 2010|N has 59 rows, 5 values, all of them 0.
CHARITY = {"2010": {"G": (15, 15), "N": (59, 5), "R": (47, 44), "R/G": (18, 18)}}


def test_case_f01_values_that_are_missing_lend_no_cover(tmp_path: Path) -> None:
    shape = one_table(
        {
            "year": {"type": "string", "categories": ["2010"]},
            "grant": {"type": "string", "categories": ["G", "N", "R", "R/G"]},
            "inc": {"type": "number", "bounds": [0, 1000000]},
        }
    )
    rows = [
        (year, grant, None if i >= known else 0.0 if grant == "N" else 50.0 + i)
        for year, grants in CHARITY.items()
        for grant, (size, known) in grants.items()
        for i in range(size)
    ]
    columns = {
        "pid": [f"charity-{i}" for i in range(len(rows))],
        "year": [row[0] for row in rows],
        "grant": [row[1] for row in rows],
        "inc": [row[2] for row in rows],
    }
    with Engine(tmp_path, pack(tmp_path, shape, {"t": columns})) as engine:
        assessment = verdict(
            engine, 'SELECT "year", "grant", median(inc) AS m FROM t GROUP BY ALL', rules("acro-default")
        )
    flagged = [finding for finding in assessment.findings if finding.check == "low_contributors"]
    assert [row for finding in flagged for row, _ in finding.cells] == [1]
    assert assessment.protected is not None
    assert assessment.protected.rows[1] == ("2010", "N", None)


# -- no way back


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("hospital")
    with Engine(folder, pack(folder, HOSPITAL, data(11, 900))) as engine:
        yield engine


KEYS = ["sex", "region", "year", "urgent", "year(day)", "quarter(day)"]
MEASURES = ["count(*) AS n", "count(DISTINCT person_id) AS p", "sum(cost) AS c", "sum(nights) AS d", "avg(cost) AS m"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True),
    measures=st.lists(st.sampled_from(MEASURES), min_size=1, max_size=3, unique=True),
    shape=st.sampled_from(["ROLLUP", "CUBE"]),
)
def test_no_suppressed_value_is_given_back_by_its_totals(
    hospital: Engine, keys: list[str], measures: list[str], shape: str
) -> None:
    named = [f"{key} AS k_{'abc'[i]}" for i, key in enumerate(keys)]
    sql = (
        f"SELECT {', '.join(named + measures)} FROM stay JOIN person USING (person_id) "
        f"GROUP BY {shape} ({', '.join(keys)})"
    )
    assessment = verdict(hospital, sql)
    assert assessment.query is not None
    assert assessment.exact is not None
    assert assessment.evidence is not None
    if assessment.protected is None:
        return
    examined = Examined(assessment.query, assessment.exact, assessment.evidence)
    at = assessment.query.columns.index(assessment.query.measures[0].name)
    hidden = frozenset(row for row, values in enumerate(assessment.protected.rows) if values[at] is None)
    small = {row for row, cell in enumerate(assessment.evidence.cells) if cell.persons < 11}
    assert small <= hidden
    problem = problem_of(examined, frozenset(small), rules())
    suppressed = np.zeros(problem.system.size, dtype=bool)
    suppressed[sorted(hidden)] = True
    assert not any(audit(problem, suppressed).exposed)


def test_every_row_is_all_shown_or_all_suppressed(hospital: Engine) -> None:
    dice = random.Random(3)
    for _ in range(5):
        key = dice.choice(["hospital_id", "region", "nights"])
        measures = "count(*) AS n, sum(cost) AS c, avg(cost) AS m"
        assessment = verdict(hospital, f"SELECT {key}, {measures} FROM stay JOIN person USING (person_id) GROUP BY 1")
        for row in assessment.protected.rows if assessment.protected else ():
            assert len({value is None for value in row[1:]}) == 1
