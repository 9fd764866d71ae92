"""What stands against issuing a permit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.policy.files import read_purposes
from hub.policy.issue import issue_refusals
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
