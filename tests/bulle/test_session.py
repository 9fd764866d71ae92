"""Tables that one kernel declares leave together: each is judged beside those before, and says what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulle.context import Context
from bulle.session import Session
from egress.assess import Declaration
from egress.checks.model import Outcome, Protection
from tests.egress.query.extracts import HOSPITAL, pack, rules

PARTS = "SELECT region, sex, count(*) AS n FROM person GROUP BY ALL"
TOTALS = "SELECT region, count(*) AS n FROM person GROUP BY region"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """100 persons; three women in the West."""
    folder = tmp_path_factory.mktemp("session")
    regions = ["North"] * 40 + ["South"] * 40 + ["West"] * 20
    person = {
        "person_id": [f"p{at}" for at in range(100)],
        "sex": ["F" if (at % 2 and at < 80) or at in {81, 83, 85} else "M" for at in range(100)],
        "region": regions,
        "age": list(range(100)),
        "postcode": [str(at) for at in range(100)],
        "diagnosis": ["ABC"[at % 3] for at in range(100)],
        "ill": [at % 3 == 0 for at in range(100)],
    }
    return Context(folder, pack(folder, HOSPITAL, {"person": person}), rules())


def test_one_alone_is_judged_alone(context: Context) -> None:
    judged = Session().judge(Declaration("a", PARTS), context)
    assert judged.notes == ()
    assert judged.loss is not None
    assert judged.loss.cells == 1
    assert judged.suggestion is not None


def test_a_table_of_totals_changes_what_becomes_of_the_one_before(context: Context) -> None:
    session = Session()
    assert session.judge(Declaration("a", PARTS), context).outcome is Outcome.PASS
    judged = session.judge(Declaration("b", TOTALS), context)
    assert [str(note) for note in judged.notes] == ["Beside this table, 1 further values of a are suppressed."]


def test_a_name_that_is_declared_again_replaces_what_it_was(context: Context) -> None:
    session = Session()
    session.judge(Declaration("a", PARTS), context)
    session.judge(Declaration("a", "SELECT sex, count(*) AS n FROM person GROUP BY sex"), context)
    assert session.judge(Declaration("b", TOTALS), context).notes == ()
    assert list(session.declared) == ["a", "b"]


def test_what_cannot_be_read_disturbs_no_other(context: Context) -> None:
    session = Session()
    assert session.judge(Declaration("a", "DROP"), context).outcome is Outcome.FAIL
    assert session.judge(Declaration("b", TOTALS), context).outcome is Outcome.PASS


def test_a_noisy_table_stands_for_itself(context: Context) -> None:
    session = Session()
    session.judge(Declaration("a", PARTS), context)
    session.judge(Declaration("a", "DROP", protect=Protection.DP), context)
    assert session.judge(Declaration("b", TOTALS), context).notes == ()


def test_another_extract_begins_anew(context: Context, tmp_path: Path) -> None:
    session = Session()
    session.judge(Declaration("a", PARTS), context)
    other = pack(
        tmp_path,
        HOSPITAL,
        {
            "person": {
                "person_id": ["p"],
                "sex": ["F"],
                "region": ["North"],
                "age": [1],
                "postcode": ["1"],
                "diagnosis": ["A"],
                "ill": [True],
            }
        },
    )
    session.judge(Declaration("b", TOTALS), Context(tmp_path, other, rules()))
    assert list(session.declared) == ["b"]
