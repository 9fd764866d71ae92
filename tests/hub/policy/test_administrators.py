"""Administrators: appointed where no session reaches, and on no project's data or outputs; at grant and at use."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.policy.administrators import may_administer, may_appoint, may_dismiss
from hub.policy.decide import may_download, may_open_workspace, may_review, may_submit
from hub.policy.model import Person, Role
from hub.policy.roles import NOT_FOR_ADMINISTRATORS, administrator_refusals
from hub.policy.standing import Requirements, Standing
from hub.policy.stops import Scope, Stop, Stops
from hub.policy.verdict import Grant, Refusal
from tests.hub.policy.permits import RAW, a_permit

DAY, NONE = date(2026, 5, 1), Stops()
ERIN = Person(id="erin", name="Erin", administrator=True)
NOBODY = Person(id="erin", name="Erin")
# As the requirements name them, written out here a second time: a table that lost a line is found.
EXCLUDED = {"researcher", "output_checker", "extractor", "reproducibility_reviewer", "auditor", "oversight"}


def rule(verdict: Grant | Refusal | None) -> str:
    return verdict.rule if verdict is not None else ""


@pytest.mark.parametrize("role", sorted(Role))
def test_the_roles_that_exclude_each_other_are_refused_on_both_sides(role: Role) -> None:
    permit = a_permit(persons=[*RAW["persons"], {"person": "erin", "role": str(role)}])
    excluded = str(role) in EXCLUDED
    assert (role in NOT_FOR_ADMINISTRATORS) is excluded
    assert [rule(each) for each in administrator_refusals(permit, {"erin"})] == ["roles.administrator"] * excluded
    assert administrator_refusals(permit, {"frank"}) == ()
    assert rule(may_appoint(NOBODY, [permit])) == ("roles.administrator" if excluded else "administrator.appoint")


def test_an_administrator_uses_no_role_that_an_older_permit_gives() -> None:
    permit = a_permit(persons=[*RAW["persons"], {"person": "erin", "role": "researcher"}])
    for use in (may_open_workspace, may_submit, may_download):
        assert rule(use(ERIN, permit, DAY, NONE)) == "roles.administrator"
        assert isinstance(use(NOBODY, permit, DAY, NONE), Grant)
    checking = a_permit(persons=[*RAW["persons"], {"person": "erin", "role": "output_checker"}])
    assert rule(may_review(ERIN, checking, "alice", DAY, NONE)) == "roles.administrator"
    assert isinstance(may_review(NOBODY, checking, "alice", DAY, NONE), Grant)


def test_who_is_known_and_works_on_nothing_is_appointed_once_and_dismissed_once() -> None:
    assert rule(may_appoint(None, ())) == "person.unknown"
    assert rule(may_appoint(ERIN, ())) == "administrator.already"
    assert rule(may_appoint(NOBODY, [a_permit()])) == "administrator.appoint"
    assert rule(may_dismiss(ERIN)) == "administrator.dismiss"
    assert rule(may_dismiss(NOBODY)) == rule(may_dismiss(None)) == "administrator.none"


@pytest.mark.parametrize(
    ("person", "expected"), [(None, "administrator.none"), (NOBODY, "administrator.none"), (ERIN, "administrator")]
)
def test_the_desk_is_for_administrators(person: Person | None, expected: str) -> None:
    assert rule(may_administer(person, DAY, NONE)) == expected


@pytest.mark.parametrize(("days", "expected"), [(-1, "training.ended"), (0, "administrator"), (1, "administrator")])
def test_their_training_counts_to_its_last_day(days: int, expected: str) -> None:
    standing = Standing(required=Requirements(training=True), trained_until=DAY + timedelta(days=days))
    assert rule(may_administer(ERIN.model_copy(update={"standing": standing}), DAY, NONE)) == expected


@pytest.mark.parametrize(
    ("scope", "name", "expected"),
    [(Scope.PERSON, "erin", "halt.person"), (Scope.PERSON, "frank", "administrator"), (Scope.ALL, "", "administrator")],
)
def test_a_halt_of_theirs_keeps_them_out_and_that_of_everything_does_not(
    scope: Scope, name: str, expected: str
) -> None:
    stops = NONE.stopped(Stop(scope, name, "opal", "2026-05-01T08:00:00+00:00", "looked into"))
    assert rule(may_administer(ERIN, DAY, stops)) == expected
