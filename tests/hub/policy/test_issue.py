"""What stands against issuing a permit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.policy.files import read_purposes, read_rules
from hub.policy.issue import cap_refusals, issue_refusals
from tests.hub.policy.permits import RAW, a_permit

PERSONS = {"alice", "carol", "dora"}
RULES = {"health-fr"}


def rules_broken(day: date = date(2026, 1, 1), **changes: Any) -> list[str]:
    refusals = issue_refusals(a_permit(**changes), read_purposes(), RULES, PERSONS, day)
    return [refusal.rule for refusal in refusals]


def test_nothing_stands_against_a_permit_whose_parts_are_known() -> None:
    assert rules_broken() == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purpose": "curiosity"}, "purpose.unknown"),
        ({"purpose": "insurance-selection"}, "purpose.forbidden"),
        ({"purpose": "product-promotion"}, "purpose.forbidden"),
        ({"purpose": "decision-on-a-person"}, "purpose.forbidden"),
        ({"rules": "lenient"}, "rules.unknown"),
        ({"persons": [*RAW["persons"], {"person": "mallory", "role": "researcher"}]}, "person.unknown"),
        ({"persons": RAW["persons"][:1]}, "permit.no_role"),
        ({"persons": RAW["persons"][1:]}, "permit.no_role"),
    ],
)
def test_each_part_that_is_not_right_is_told(changes: dict[str, Any], rule: str) -> None:
    assert rules_broken(**changes) == [rule]


@pytest.mark.parametrize(
    ("day", "rules"),
    [(date(2026, 9, 29), []), (date(2026, 9, 30), []), (date(2026, 10, 1), ["permit.ended"])],
)
def test_a_permit_is_not_issued_after_its_last_day(day: date, rules: list[str]) -> None:
    assert rules_broken(day) == rules


def test_everything_is_told_at_once() -> None:
    assert len(rules_broken(date(2027, 1, 1), purpose="curiosity", rules="lenient", persons=RAW["persons"][:1])) == 4


@pytest.mark.parametrize(("rho", "refused"), [("1.999999999", False), ("2.0", False), ("2.000000001", True)])
def test_a_permit_grants_no_more_than_its_source_may_spend(rho: str, refused: bool) -> None:
    rules = read_rules("health-fr")
    assert str(rules.privacy.value.source_cap_rho) == "2.0"
    found = cap_refusals(a_permit(rho=rho), rules)
    assert [each.rule for each in found] == (["permit.rho_above_cap"] if refused else [])
    assert all("spend 2.0 in all" in str(each) for each in found)
