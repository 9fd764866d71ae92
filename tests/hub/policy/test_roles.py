"""Roles that one person cannot have together: refused when a permit is issued, and again when a role is used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import combinations

import pytest

from hub.policy.decide import may_build_extract, may_download, may_open_workspace, may_review, may_submit
from hub.policy.files import read_purposes
from hub.policy.issue import issue_refusals
from hub.policy.model import DataPermit, Person, Role
from hub.policy.roles import EXCLUSIVE_ROLES, clash, issuer_refusal, role_refusals
from hub.policy.stops import Stops
from hub.policy.verdict import Grant, Refusal
from tests.hub.policy.permits import RAW, a_permit

DAY, NONE = date(2026, 5, 1), Stops()
# The pairs as the requirements name them, written out here a second time: a table that lost a line is found.
PAIRS = {
    frozenset(pair.split())
    for pair in (
        "researcher output_checker",
        "researcher extractor",
        "researcher reproducibility_reviewer",
        "operator reproducibility_reviewer",
        "extractor output_checker",
        "researcher operator",
        "operator output_checker",
        "operator auditor",
        "operator oversight",
        "researcher dpo",
    )
}
Use = Callable[[DataPermit], Grant | Refusal]


def both(one: str, other: str) -> DataPermit:
    """A permit on which `sam` has two roles."""
    return a_permit(persons=[*RAW["persons"], {"person": "sam", "role": one}, {"person": "sam", "role": other}])


def rule(verdict: Grant | Refusal | None) -> str:
    return verdict.rule if verdict is not None else ""


@pytest.mark.parametrize(("one", "other"), list(combinations(sorted(Role), 2)))
def test_each_pair_is_refused_at_grant_exactly_when_it_is_in_the_table(one: Role, other: Role) -> None:
    permit = both(one, other)
    known = {"alice", "carol", "dora", "sam"}
    found = [rule(each) for each in issue_refusals(permit, read_purposes(), {"health-fr"}, known, DAY)]
    refused = [each for each in found if each != "permit.reproduces_nothing"]  # tests/hub/policy/test_reproduce.py
    assert refused == (["roles.exclusive"] if {str(one), str(other)} in PAIRS else [])
    assert [rule(each) for each in role_refusals(permit)] == refused


@pytest.mark.parametrize("pair", EXCLUSIVE_ROLES, ids=lambda pair: f"{pair.one}-{pair.other}")
def test_a_refusal_names_both_roles_and_its_source(pair: object) -> None:
    assert pair in EXCLUSIVE_ROLES
    one, other, source = pair.one, pair.other, pair.source  # type: ignore[attr-defined]  # an Exclusion
    refusal = clash("sam", {one, other})
    assert refusal is not None
    assert all(word in str(refusal.reason) for word in ("sam", one, other, source))
    assert clash("sam", {one}) is None
    assert clash("sam", {other}) is None


SAM = Person(id="sam", name="Sam")
USES: dict[str, list[Use]] = {
    "researcher": [
        lambda permit: may_open_workspace(SAM, permit, DAY, NONE),
        lambda permit: may_submit(SAM, permit, DAY, NONE),
        lambda permit: may_download(SAM, permit, DAY, NONE),
    ],
    "output_checker": [lambda permit: may_review(SAM, permit, "alice", DAY, NONE)],
    "extractor": [lambda permit: may_build_extract("sam", permit, DAY, NONE)],
}


@pytest.mark.parametrize("used", USES)
@pytest.mark.parametrize("other", sorted(Role))
def test_each_pair_is_refused_at_use_exactly_when_it_is_in_the_table(used: str, other: Role) -> None:
    """A permit in the log may be older than a line of the table, or written by hand."""
    excluded = frozenset({used, str(other)}) in PAIRS
    for use in USES[used]:
        assert rule(use(both(used, other))).startswith("roles.exclusive" if excluded else "permit.")


@pytest.mark.parametrize(
    ("builder", "expected"),
    [("alice", "roles.exclusive"), ("carol", "roles.exclusive"), ("dora", "permit.in_force"), ("x", "permit.in_force")],
)
def test_who_works_on_an_extract_or_checks_it_does_not_build_it(builder: str, expected: str) -> None:
    assert rule(may_build_extract(builder, a_permit(), DAY, NONE)) == expected


@pytest.mark.parametrize(
    ("issuer", "expected"), [("alice", "permit.own"), ("carol", "permit.own"), ("dora", ""), ("x", "")]
)
def test_who_issues_a_permit_gives_themselves_no_access(issuer: str, expected: str) -> None:
    assert rule(issuer_refusal(a_permit(), issuer)) == expected
