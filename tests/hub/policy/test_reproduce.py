"""Who may have an approved request run again: by a permit of their own, on the data that both grant, never their own
work."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.extracts.plan import permit_digest, permit_text
from hub.policy.decide import may_open_workspace, may_reproduce
from hub.policy.files import read_purposes
from hub.policy.issue import issue_refusals
from hub.policy.model import DataPermit, Person
from hub.policy.roles import issuer_refusal
from hub.policy.stops import Scope, Stop, Stops
from hub.policy.verdict import Act, Grant, Refusal
from tests.hub.policy.permits import RAW, a_permit

DAY, NONE = date(2026, 5, 1), Stops()
RITA = Person(id="rita", name="Rita Lenoir")
ORIGINAL = a_permit(valid_until="2026-04-01")  # its end does not matter


def theirs(**changes: Any) -> DataPermit:
    given = {
        "project": "care-again",
        "reproduces": "care",
        "persons": [{"person": "rita", "role": "reproducibility_reviewer"}],
    }
    return a_permit(**{**given, **changes})


def asked(*permits: DataPermit, original: DataPermit | None = ORIGINAL, stops: Stops = NONE, day: date = DAY) -> str:
    verdict = may_reproduce(RITA, permits, original, day, stops)
    return verdict.rule if isinstance(verdict, Refusal) else ""


def test_a_reviewer_is_granted_exactly_that_act_on_the_original_project() -> None:
    verdict = may_reproduce(RITA, [a_permit(), theirs()], ORIGINAL, DAY, NONE)
    assert verdict == Grant(Act.REPRODUCE_REQUEST, "rita", "care", "permit.reproducibility_reviewer")
    assert isinstance(may_open_workspace(RITA, theirs(), DAY, NONE), Refusal)


def test_one_of_several_permits_is_enough() -> None:
    assert asked(theirs(project="old", valid_until="2026-04-30"), theirs()) == ""


@pytest.mark.parametrize(
    ("permit", "rule"),
    [
        (theirs(reproduces="other"), "reproduce.no_permit"),
        (theirs(persons=[{"person": "sam", "role": "reproducibility_reviewer"}]), "reproduce.no_permit"),
        (theirs(persons=[{"person": "rita", "role": "auditor"}]), "reproduce.no_permit"),
        (theirs(valid_until="2026-04-30"), "permit.ended"),
        (theirs(valid_from="2026-05-02"), "permit.not_begun"),
        (theirs(source="other"), "reproduce.other_data"),
        (theirs(tables={"stay": {"columns": ["sex"]}}), "reproduce.other_data"),
        (theirs(tables={"visit": {"columns": ["region"]}}), "reproduce.other_data"),
        (theirs(tables={"stay": {"columns": ["region", "sex"]}}), ""),
    ],
)
def test_what_a_permit_must_say(permit: DataPermit, rule: str) -> None:
    assert asked(permit) == rule


@pytest.mark.parametrize(
    ("first", "last", "rule"),
    [
        (2020, 2022, ""),
        (2019, 2023, ""),
        (2021, 2022, "reproduce.other_data"),
        (2020, 2021, "reproduce.other_data"),
    ],
)
def test_its_years_hold_those_of_the_original(first: int, last: int, rule: str) -> None:
    def granted(first: int, last: int) -> dict[str, Any]:
        return {"stay": {"columns": ["region"], "years": {"column": "year", "first": first, "last": last}}}

    assert asked(theirs(tables=granted(first, last)), original=a_permit(tables=granted(2020, 2022))) == rule
    assert asked(theirs(), original=a_permit(tables=granted(2020, 2022))) == ""  # all years
    assert asked(theirs(tables=granted(first, last)), original=a_permit()) == "reproduce.other_data"


@pytest.mark.parametrize("role", ["researcher", "output_checker"])
def test_who_had_a_part_in_it_cannot_reproduce_it(role: str) -> None:
    original = a_permit(persons=[*RAW["persons"], {"person": "rita", "role": role}])
    assert asked(theirs(), original=original) == "reproduce.own"


def test_a_halt_of_either_project_or_the_person_stops_it() -> None:
    for scope, name in ((Scope.PROJECT, "care"), (Scope.PROJECT, "care-again"), (Scope.PERSON, "rita")):
        stops = NONE.stopped(Stop(scope, name, "opal", "2026-05-01T08:00:00+00:00", "why"))
        assert asked(theirs(), stops=stops).startswith("halt.")
    ended = NONE.stopped(Stop(Scope.PERMIT, "care", "opal", "2026-05-01T08:00:00+00:00", "why"))
    assert asked(theirs(), stops=ended) == ""


def test_strangers_and_unknown_projects_are_refused() -> None:
    assert isinstance(may_reproduce(None, [theirs()], ORIGINAL, DAY, NONE), Refusal)
    assert asked(theirs(), original=None) == "permit.missing"


def issued(permit: DataPermit) -> list[str]:
    known = {member.person for member in permit.persons}
    return [each.rule for each in issue_refusals(permit, read_purposes(), {"health-fr"}, known, DAY)]


def test_it_is_issued_as_a_permit_of_its_own() -> None:
    assert issued(theirs()) == []
    assert issued(theirs(persons=[{"person": "dora", "role": "data_holder"}])) == ["permit.no_role"]
    assert issued(theirs(reproduces="care-again")) == ["permit.reproduces"]
    mixed = [*theirs().model_dump()["persons"], {"person": "alice", "role": "researcher"}]
    assert issued(theirs(persons=mixed)) == ["permit.reproduces"]
    among = [*RAW["persons"], {"person": "rita", "role": "reproducibility_reviewer"}]
    assert issued(a_permit(persons=among)) == ["permit.reproduces_nothing"]


def test_nobody_issues_it_to_themselves() -> None:
    assert issuer_refusal(theirs(), "rita") is not None


def test_other_permits_keep_their_one_spelling() -> None:
    assert "reproduces" not in permit_text(a_permit())
    assert permit_digest(theirs()) != permit_digest(theirs(reproduces=None))
