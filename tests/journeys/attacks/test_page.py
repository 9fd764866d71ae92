"""The page of attempts is what the table says, and the table is whole."""

from __future__ import annotations

from collections import Counter

from hub.events.kinds import KINDS
from hub.policy.alarms import Place, read_alarms
from tests.journeys.attacks.model import Told
from tests.journeys.attacks.table import PAGE, TABLE, written

ATTACKS = [attack for attacks in TABLE.values() for attack in attacks]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "python -m tests.journeys.attacks.table"


def test_each_stands_once_and_names_an_event_of_the_log_or_a_reason() -> None:
    assert [name for name, times in Counter(each.name for each in ATTACKS).items() if times > 1] == []
    assert len(ATTACKS) >= 40
    assert {each.told.kind for each in ATTACKS if isinstance(each.told, Told)} <= KINDS.keys()
    assert all(each.told for each in ATTACKS)


def test_every_alarm_of_the_policy_is_raised_by_one_of_them() -> None:
    told = [each.told for each in ATTACKS if isinstance(each.told, Told) and each.told.kind == "alarm.raised"]
    raised = {(each.body["door"], each.body["tried"]) for each in told}
    policy = read_alarms()
    named = {(str(place), name) for place in Place for name, rule in policy.rules(place).items() if rule.alarm}
    assert raised == named
