"""ACRO's leaks, each of them stopped here: the tricks that ACRO 1.0.2 lets pass (found by running it), as a researcher
would write them for this service. Leaks that need Python objects of ACRO's have the nearest form that exists here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.assess import Assessment, Declaration, assess, assess_request
from egress.checks.fits import Fit, check_fit
from egress.checks.model import Outcome, Protection, worst
from egress.checks.statbarns import Statbarn, unknown_statbarns
from egress.query.engine import Engine
from egress.release.model import Lane
from tests.egress.query.extracts import pack, rules
from tests.hostile.planted import PRICES, SECRET, Judge, bundle, release, stays

ACRO = rules("acro-default")
PLAIN = "SELECT region, count(*) AS n FROM stay GROUP BY region"


def east(rows: int, persons: int, **columns: object) -> dict[str, list[object]]:
    """The stays, and in the East `rows` more of `persons` persons; `columns` give their other values."""
    values: dict[str, list[object]] = {name: list(column) for name, column in stays().items()}
    for number in range(rows):
        more = {"region": "East", "cost": float(SECRET), "pid": f"{200_000_000 + number % persons}", **columns}
        for name, column in values.items():
            column.append(more.get(name, column[number]))
    return values


def assessed(
    folder: Path, sql: str, values: dict[str, list[object]], protect: Protection = Protection.SUPPRESS
) -> Assessment:
    manifest = pack(folder / "extract", PRICES, {"stay": values})
    with Engine(folder / "extract", manifest) as engine:
        return assess(Declaration("n", sql, protect=protect), engine, ACRO)


def shown(found: Assessment, key: str = "East") -> list[object]:
    """What leaves of one row."""
    if found.protected is None or found.outcome is Outcome.FAIL:
        return []
    return [value for row in found.protected.rows if row[0] == key for value in row[1:] if value is not None]


MEAN = "SELECT region, avg(cost) AS mean_cost, count(*) AS n FROM stay GROUP BY region"


def test_a_thirty_rows_of_one_patient(tmp_path: Path) -> None:
    assert shown(assessed(tmp_path, PLAIN, east(30, 1))) == []


def test_b_the_same_record_twenty_times(tmp_path: Path) -> None:
    """A joined table that repeats rows repeats no person."""
    assert shown(assessed(tmp_path, MEAN, east(20, 1))) == []


@pytest.mark.parametrize(
    "statistic", ["median(cost)", "avg(cost)", "sum(cost)", "stddev(cost)", "quantile_cont(cost, 0.9)"]
)
def test_c_one_value_among_a_hundred_rows(tmp_path: Path, statistic: str) -> None:
    values = east(100, 100)
    cost = values["cost"]
    cost[-100:] = [float(SECRET)] + [None] * 99
    found = assessed(tmp_path, f"SELECT region, {statistic} AS cost FROM stay GROUP BY region", values)
    assert shown(found) == []


def test_d_a_threshold_of_its_own(tmp_path: Path) -> None:
    """There is no argument for one, and what the run changes in its own process changes nothing here."""
    judge = Judge(tmp_path / "extract")
    judged = judge(f"import bulle\nbulle.release('n', {PLAIN!r}, rules='none', min_persons=1)", emitted={})
    assert judged.lane is Lane.REFUSED


def test_e_a_forged_verdict(tmp_path: Path) -> None:
    judge = Judge(tmp_path / "extract")
    forged = {**bundle("n", PLAIN), "outcome": "pass", "status": "pass"}
    judged = judge(release("n", PLAIN), emitted={1: [forged]})
    assert judged.assessments == ()
    assert judged.lane is Lane.REFUSED


def test_f_a_table_and_the_same_without_one_record(tmp_path: Path) -> None:
    """Within one request; across requests it is the ledger's."""
    values = east(40, 40)
    values["nights"][-1] = 60
    manifest = pack(tmp_path / "extract", PRICES, {"stay": values})
    without = "SELECT region, count(*) AS n FROM stay WHERE nights < 60 GROUP BY region"
    in_one = (
        "SELECT region, count(*) FILTER (WHERE nights < 60) AS n, count(*) FILTER (WHERE nights <= 60) AS number "
        "FROM stay GROUP BY region"
    )
    with Engine(tmp_path / "extract", manifest) as engine:
        pair = assess_request([Declaration("n", PLAIN), Declaration("nights", without)], engine, ACRO)
        one = assess(Declaration("n", in_one), engine, ACRO)
    assert shown(one) == []
    assert len(pair) == 2


def test_g_one_negative_contribution_switches_nothing_off(tmp_path: Path) -> None:
    values = east(40, 40, cost=1.0)
    values["cost"][-1], values["cost"][-2] = float(SECRET), -0.01
    found = assessed(tmp_path, "SELECT region, sum(cost) AS total_cost FROM stay GROUP BY region", values)
    assert shown(found) == []
    assert any(finding.check == "dominance" and finding.remedy is not None for finding in found.findings)


@pytest.mark.parametrize("statbarn", [Statbarn.HAZARD_SURVIVAL_TABLES, "kaplan_meier"])
def test_h_and_i_survival_tables_are_for_people(statbarn: str) -> None:
    """Neither leaked nor failed for a miscounted reason: no check claims to know them."""
    assert worst(finding.outcome for finding in unknown_statbarns([statbarn])) is Outcome.REVIEW


def test_j_a_dummy_for_one_record() -> None:
    def outcome(persons: int, others: int) -> Outcome:
        fit = Fit(500, 3, (("dummy", persons, others),), 400, 0.2, 0.1, vectors=False)
        return worst(finding.outcome for finding in check_fit(fit, ACRO))

    assert outcome(1, 399) is outcome(399, 1) is Outcome.FAIL
    assert outcome(10, 390) is Outcome.PASS


def test_j_the_same_as_a_mean_under_a_condition(tmp_path: Path) -> None:
    sql = "SELECT avg(cost) FILTER (WHERE region = 'East') AS mean_cost FROM stay"
    assert assessed(tmp_path, sql, east(1, 1)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "statistic",
    ["max(cost)", "min(cost)", "any_value(cost)", "first(cost)", "list(cost)", "string_agg(town)", "mode(cost)",
     "arg_max(cost, nights)", "quantile_disc(cost, 0.5)", "quantile_cont(cost, 1)", "quantile_cont(cost, 0)"],
)  # fmt: skip
def test_k_one_persons_value(tmp_path: Path, statistic: str) -> None:
    found = assessed(tmp_path, f"SELECT region, {statistic} AS cost FROM stay GROUP BY region", east(40, 40))
    assert found.outcome is Outcome.FAIL


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_k_nearly_one_persons_value(tmp_path: Path, share: float) -> None:
    """The first and last per cent of forty persons are one of them."""
    sql = f"SELECT region, quantile_cont(cost, {share}) AS cost FROM stay GROUP BY region"
    values = east(40, 40)
    values["cost"][-40:] = [1000.0 + number for number in range(40)]
    assert shown(assessed(tmp_path, sql, values)) == []


def test_l_a_histogram_with_a_group_of_one(tmp_path: Path) -> None:
    sql = "SELECT region, cost >= 20000 AS cost, count(*) AS n FROM stay GROUP BY ALL"
    values = east(40, 40, cost=5.0)
    values["cost"][-1] = float(SECRET)
    found = assessed(tmp_path, sql, values)
    rows = () if found.protected is None or found.outcome is Outcome.FAIL else found.protected.rows
    assert [row[2] for row in rows if row[0] == "East" and row[1] is True] in ([], [None])


def test_m_rounding_a_mean_of_one_person(tmp_path: Path) -> None:
    assert shown(assessed(tmp_path, MEAN, east(1, 1), Protection.ROUND)) == []


def test_n_a_suppressed_table_and_its_totals(tmp_path: Path) -> None:
    """Whatever the second table shows, it does not give the first one's three back."""
    manifest = pack(tmp_path / "extract", PRICES, {"stay": east(3, 3, sex="F")})
    fine = "SELECT region, sex, count(*) AS n FROM stay GROUP BY ALL"
    with Engine(tmp_path / "extract", manifest) as engine:
        one, total = assess_request(
            [Declaration("n", fine), Declaration("number", "SELECT sex, count(*) AS n FROM stay GROUP BY sex")],
            engine,
            ACRO,
        )
    assert worst((one.outcome, total.outcome)) is not Outcome.PASS or _cannot_subtract(one, total)


def _cannot_subtract(fine: Assessment, total: Assessment) -> bool:
    """Whether each published total lacks none, or more than one, of its cells."""
    assert fine.protected is not None
    assert total.protected is not None
    published = {sex for sex, n in total.protected.rows if n is not None}
    hidden = [row[1] for row in fine.protected.rows if row[2] is None]
    return all(hidden.count(sex) != 1 for sex in published)


def test_o_a_payload_in_labels(tmp_path: Path) -> None:
    judge = Judge(tmp_path / "extract")
    labels = f"SELECT CASE WHEN region = 'North' THEN 'bill {SECRET}' END AS region, count(*) AS n FROM stay GROUP BY 1"
    assert judge(release("n", labels)).lane is not Lane.AUTOMATIC


def test_o_seventeen_digits_of_a_mean(tmp_path: Path) -> None:
    sql = "SELECT region, avg(cost) AS mean_cost, sum(cost / 7) AS total_cost FROM stay GROUP BY region"
    found = assessed(tmp_path, sql, stays(), Protection.NONE)
    assert found.protected is not None
    digits = [
        len(repr(value).replace(".", "").strip("0"))
        for row in found.protected.rows
        for value in row[1:]
        if isinstance(value, float)
    ]
    assert digits
    assert max(digits) <= ACRO.significant_digits.value


def test_o_twenty_replicas_of_each_value(tmp_path: Path) -> None:
    """Fabricated rows need a table of one's own; a frame made of one person's rows is one person."""
    found = assessed(tmp_path, MEAN, east(20, 1))
    assert shown(found) == []
    assert float(SECRET) not in [value for row in (found.protected.rows if found.protected else ()) for value in row]
