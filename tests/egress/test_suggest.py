"""Suggestions: a coarser table that the same engine lets pass, found within a bound, and told as SQL to paste."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.assess import Declaration, assess
from egress.checks.model import Outcome, Protection
from egress.coarser import candidates
from egress.query.engine import Engine
from egress.suggest import MAX_TRIES, is_whole, suggest
from tests.egress.query.extracts import HOSPITAL, catalogue, pack, rules


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """60 persons: sexes even, North 40, South 15, West 5; one stay each, a day apart."""
    folder = tmp_path_factory.mktemp("suggest")
    count = 60
    regions = ["North"] * 40 + ["South"] * 15 + ["West"] * 5
    person = {
        "person_id": [f"p{at}" for at in range(count)],
        "sex": ["F" if at % 2 else "M" for at in range(count)],
        "region": regions,
        "age": [(at * 7) % 90 for at in range(count)],
        "postcode": [str(at) for at in range(count)],
        "diagnosis": ["ABC"[at % 3] for at in range(count)],
        "ill": [at % 3 == 0 for at in range(count)],
    }
    stay = {
        "person_id": [f"p{at}" for at in range(count)],
        "stay_id": list(range(count)),
        "hospital_id": [1 + at % 4 for at in range(count)],
        "year": [2021] * count,
        "day": [date(2021, 1, 1) + timedelta(days=3 * at) for at in range(count)],
        "cost": [100.0 + at for at in range(count)],
        "nights": [at % 20 for at in range(count)],
        "urgent": [at % 2 for at in range(count)],
    }
    manifest = pack(folder, HOSPITAL, {"person": person, "stay": stay})
    with Engine(folder, manifest) as opened:
        yield opened


def told(engine: Engine, sql: str, protect: Protection = Protection.SUPPRESS) -> tuple[list[str], str] | None:
    """What is suggested for `sql`, having made sure that it passes."""
    declaration = Declaration("a", sql, protect=protect)
    found = suggest(declaration, assess(declaration, engine, rules()), engine, rules())
    if found is None:
        return None
    again = assess(Declaration("a", found.sql, protect=protect), engine, rules())
    assert is_whole(again)
    return [str(change) for change in found.changes], found.sql


def test_the_key_that_makes_cells_small_is_left_out(engine: Engine) -> None:
    changes, sql = told(engine, "SELECT region, sex, count(*) AS n FROM person GROUP BY ALL") or ([], "")
    assert changes == ["Leave out the key region."]
    assert "region" not in sql


@pytest.mark.parametrize("protect", [Protection.NONE, Protection.ROUND])
def test_whatever_protection_was_asked_for(engine: Engine, protect: Protection) -> None:
    assert told(engine, "SELECT region, sex, count(*) AS n FROM person GROUP BY ALL", protect) is not None


def test_months_become_quarters_and_dates_months(engine: Engine) -> None:
    changes, sql = told(engine, "SELECT date_trunc('month', day) AS month, count(*) AS n FROM stay GROUP BY ALL") or (
        [],
        "",
    )
    assert changes == ["Group day by quarter."]
    assert "AS quarter" in sql
    changes, _ = told(engine, "SELECT day, count(*) AS n FROM stay GROUP BY ALL") or ([], "")
    assert changes == ["Group day by quarter."]  # a month has 10 persons


def test_a_potential_identifier_is_grouped_by_its_published_breaks(engine: Engine) -> None:
    changes, sql = told(engine, "SELECT age, count(*) AS n FROM person GROUP BY age") or ([], "")
    assert changes == ["Group age by its published breaks: 18, 65."]
    assert "'18-64'" in sql


def test_classes_become_fewer(engine: Engine) -> None:
    written = "CASE WHEN age < 18 THEN '<18' WHEN age < 65 THEN '18-64' WHEN age >= 65 THEN '65+' END AS age"
    (fewer, *_) = candidates(f"SELECT {written}, count(*) AS n FROM person GROUP BY ALL", catalogue())
    assert [str(change) for change in fewer.changes] == ["Group age by its published breaks: 65."]
    assert "'<65'" in fewer.sql


def test_whole_numbers_are_grouped_in_steps(engine: Engine) -> None:
    changes, _ = told(engine, "SELECT nights, count(*) AS n FROM stay GROUP BY ALL") or ([], "")
    assert changes[0] == "Group nights in steps of 10."


def test_totals_stay_where_they_can(engine: Engine) -> None:
    changes, sql = told(engine, "SELECT region, sex, count(*) AS n FROM person GROUP BY CUBE (region, sex)") or ([], "")
    assert changes == ["Leave out the key region."]
    assert "CUBE" in sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sex, count(*) AS n FROM person GROUP BY sex",  # fine as it is
        "DROP TABLE person",
        "SELECT region, count(*) FROM person WHERE sex = 'X' GROUP BY ALL; SELECT 1",
        "(" * 3000,
        "\x00",
    ],
)
def test_where_nothing_is_to_be_said_nothing_is(engine: Engine, sql: str) -> None:
    assert told(engine, sql) is None


def test_dp_is_never_looked_at(engine: Engine) -> None:
    assert told(engine, "SELECT region, sex, count(*) AS n FROM person GROUP BY ALL", Protection.DP) is None


def test_the_search_is_bounded(engine: Engine) -> None:
    asked = []

    def enough() -> bool:
        asked.append(1)
        return len(asked) > 2

    sql = "SELECT postcode, region, sex, diagnosis, ill, count(*) AS n FROM person GROUP BY ALL"
    declaration = Declaration("a", sql)
    assessment = assess(declaration, engine, rules())
    assert assessment.outcome is Outcome.FAIL
    assert suggest(declaration, assessment, engine, rules(), enough) is None
    assert len(asked) < MAX_TRIES


@given(st.text(max_size=60) | st.text("SELECTGROUPBYfromcount(*), \n'\"1", max_size=60))
def test_candidates_never_raise(text: str) -> None:
    candidates(text, catalogue())
