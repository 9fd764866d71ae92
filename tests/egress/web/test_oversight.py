"""What is halted and what operators did, for those who answer for it, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from egress.pages.wording import TRIED
from hub.alarms import Kind, body_of
from hub.policy.alarms import Place, read_alarms
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, text_of
from tests.egress.web.planted import ATTACK

PROJECT = "reste-a-charge"
LINK = f'href="{PREFIX}oversight"'


def page(house: House, person: str, language: str = "en") -> str:
    answer = house.person(person, language).get(f"{PREFIX}oversight")
    assert answer.status_code == 200
    return str(answer.text)


@pytest.fixture
def watched(house: House) -> House:
    """A halted project, a halted checker of it, and an operator's act that somebody confirmed."""
    log, now = house.planted.log, house.planted.now
    for scope, name in (("project", PROJECT), ("person", "carol"), ("project", "urgences"), ("person", "mallory")):
        at = name if scope == "project" else ""
        log.append("opal", "access.halted", at, {"scope": scope, "name": name, "why": f"{ATTACK} {name}"})
    for number, project in ((1, PROJECT), (2, "urgences")):
        until = (now + timedelta(days=400)).isoformat()
        asked = {"id": f"bg-{number}", "act": "quarantine", "why": f"{ATTACK} {project}", "until": until}
        log.append("opal", "breakglass.asked", project, asked)
    log.append("vera", "breakglass.confirmed", PROJECT, {"id": "bg-1"})
    for project, session, size in ((PROJECT, 1, 100), (PROJECT, 1, 250), ("urgences", 2, 300)):
        body = {"person": "alice", "session": session, "bytes": size * 1_000_000, "alert_mb": 100}
        log.append("meter", "session.volume", project, body)
    for project, tried, times in ((PROJECT, "files", 1), (PROJECT, "files", 10), ("urgences", "memory", 1)):
        kind = Kind("2026-05-04", "edge", tried, "alice", project)
        log.append("meter", "alarm.raised", project, body_of(kind, times))
    log.append("egress", "launcher.refused", "", {"rule": "launcher.act"})
    log.append("keeper", "log.refused", "", {"writer": "egress-worker", "rule": "log.writer"})
    return house


def test_who_answers_for_a_project_sees_its_halts_and_acts_and_no_others(watched: House) -> None:
    found = page(watched, "hilda")
    text = text_of(found)
    assert f"Project {PROJECT} is halted since" in text
    assert "The access of carol is halted since" in text
    assert "confirmed, not used yet" in text
    assert "vera" in text
    assert text.count("was shown") == 1
    assert text.index("egress-worker was refused by log.writer.") < text.index("egress was refused by launcher.act.")
    assert f"alice was shown 250 MB of {PROJECT} in one session." in text
    assert f"alice on {PROJECT}: a raw file of a workspace (10 ×)" in text
    assert "urgences" not in text
    assert "mallory" not in text
    assert "<script>alert" not in found
    assert LINK in found


@pytest.mark.parametrize("person", ["alice", "carol", "mallory"])
def test_researchers_and_checkers_see_none_of_it(watched: House, person: str) -> None:
    found = page(watched, person)
    assert "halted since" not in found
    assert "was shown" not in found
    assert "bg-1" not in found
    assert "log.writer" not in found
    assert LINK not in found


def test_where_nothing_happened_it_says_so(house: House) -> None:
    text = text_of(page(house, "hilda"))
    assert "Nothing is halted." in text
    assert text.count("None so far.") == 2
    assert "None above the policy's limit." in text
    assert "Nothing abnormal was refused." in text


def test_it_speaks_french(watched: House) -> None:
    text = text_of(page(watched, "hilda", "fr"))
    assert "Actes d'exploitants hors de leur rôle" in text
    assert "confirmé, pas encore utilisé" in text
    assert "egress-worker a été refusé par log.writer." in text
    assert f"En une session, alice a vu 250 Mo de {PROJECT}." in text
    assert f"Le projet {PROJECT} est à l'arrêt" in text
    assert "un fichier brut d'un espace de travail (10 ×)" in text


def test_every_alarm_of_the_policy_has_words() -> None:
    policy = read_alarms()
    assert {name for place in Place for name, rule in policy.rules(place).items() if rule.alarm} == set(TRIED)


def test_a_halted_data_holder_sees_nothing(watched: House) -> None:
    body = {"scope": "person", "name": "hilda", "why": "x"}
    watched.planted.log.append("opal", "access.halted", "", body)
    assert "bg-1" not in page(watched, "hilda")
