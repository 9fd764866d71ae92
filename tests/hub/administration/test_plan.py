"""What would follow from a permit, before it is granted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from hub.administration.lacks import missing
from hub.administration.plan import plan
from hub.policy.model import Person
from hub.policy.standing import Requirements, Standing
from hub.policy.stops import Scope, Stop
from tests.hub.administration.world import TODAY, enclave, known, other
from tests.hub.policy.permits import RAW, a_permit


def member(person: str, role: str) -> dict[str, str]:
    return {"person": person, "role": role}


def test_a_new_permit_says_who_gets_what_by_which_rules() -> None:
    permit = a_permit(tables={"stay": {"columns": ["region", "age", "sid"]}})
    found = plan(permit, known())
    assert found.began
    assert found.refusals == ()
    assert next((each.person, each.roles, each.missing) for each in found.persons) == ("alice", ("researcher",), ())
    [table] = found.tables
    region, age, key = table.columns
    assert (region.kinds, str(region.coarse)) == ((), "2 categories")
    assert [str(kind) for kind in age.kinds] == ["potential identifier"]
    assert str(age.coarse) == "0 to 110, published breaks: 18, 65"
    assert "pseudonym" in str(key.kinds[0])
    assert found.purpose is not None
    assert found.purpose.allowed
    assert "11" in {each.value for each in found.rules if str(each.what) == "persons in a cell, at least"}
    assert any("all years" in str(each) for each in found.warnings)
    assert found.changed == ()
    assert found.losing == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purpose": "curiosity"}, "purpose.unknown"),
        ({"purpose": "insurance-selection"}, "purpose.forbidden"),
        ({"rules": "lenient"}, "rules.unknown"),
        ({"rho": "100"}, "permit.rho_above_cap"),
        ({"source": "clinic"}, "source.unknown"),
        ({"tables": {"stay": {"columns": ["phone"]}}}, "column.unknown"),
        ({"tables": {"stay": {"columns": ["pid"]}}}, "column.person_key"),
        ({"persons": [*RAW["persons"], member("alice", "output_checker")]}, "roles.exclusive"),
        ({"persons": [*RAW["persons"], member("erin", "researcher")]}, "roles.administrator"),
        ({"persons": [*RAW["persons"], member("mallory", "researcher")]}, "person.unknown"),
    ],
)
def test_every_refusal_stands_in_the_plan(changes: dict[str, object], rule: str) -> None:
    assert rule in {each.rule for each in plan(a_permit(**changes), known()).refusals}


def test_the_next_version_says_what_changes_and_who_loses_access_at_once() -> None:
    before = a_permit(
        persons=[*RAW["persons"], member("bob", "researcher")],
        tables={"stay": {"columns": ["region", "year"], "years": {"column": "year", "first": 2020, "last": 2024}}},
    )
    after = other(
        before,
        title="Care by region and age",
        persons=[*RAW["persons"], member("bob", "data_holder")],
        tables={"stay": {"columns": ["region", "age"], "years": {"column": "year", "first": 2022, "last": 2024}}},
    )
    opened = {("bob", "care"): datetime(2026, 5, 1, tzinfo=UTC), ("alice", "care"): datetime(2026, 5, 1, tzinfo=UTC)}
    found = plan(after, known(state=replace(enclave(before), sessions=opened)))
    assert not found.began
    assert [(each.person, each.roles, each.before, each.open) for each in found.losing] == [
        ("bob", ("data_holder",), ("researcher",), True)
    ]
    [table] = found.tables
    assert [(each.name, each.added) for each in table.columns] == [("region", False), ("age", True)]
    assert table.removed == ("year",)
    told = {str(each.what): (each.before, each.after) for each in found.changed}
    assert told == {
        "title": ("Care by region", "Care by region and age"),
        "years of table stay": ("year 2020-2024", "year 2022-2024"),
    }


def test_what_ended_is_no_version_in_force() -> None:
    stop = Stop(Scope.PERMIT, "care", "dora", "2026-04-01T08:00:00+00:00", "done")
    state = enclave(a_permit())
    assert not plan(a_permit(), known(state=state)).began
    assert plan(a_permit(), known(state=replace(state, stops=state.stops.stopped(stop)))).began


def test_the_budget_stands_beside_what_others_were_promised() -> None:
    others = (a_permit(project="heart", rho="0.5"), a_permit(project="lungs", source="clinic", rho="4"))
    found = plan(a_permit(), known(a_permit(rho="2"), *others))
    assert found.promised == Decimal("0.5")
    assert found.cap is not None
    assert [(str(each.what), each.before, each.after) for each in found.changed] == [("privacy budget (rho)", "2", "1")]


@pytest.mark.parametrize(("days", "told"), [(-1, ["training ended on 2026-04-30"]), (0, []), (1, [])])
def test_a_training_counts_to_its_last_day(days: int, told: list[str]) -> None:
    standing = Standing(required=Requirements(training=True), trained_until=TODAY + timedelta(days=days))
    found = missing(Person(id="alice", name="Alice", standing=standing), TODAY)
    assert [str(each) for each in found] == told


def test_who_is_unknown_or_untrained_lacks_that() -> None:
    untrained = Person(id="alice", name="Alice", standing=Standing(required=Requirements(training=True)))
    assert [str(each) for each in missing(untrained, date(2026, 5, 1))] == ["no training recorded"]
    assert [str(each) for each in missing(None, date(2026, 5, 1))] == ["not known to the enclave"]
