"""Who may open which workspace: every no is a 403 with one sentence and an event, and asks no launcher."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from jupyterhub.spawner import SpawnException
from tornado import web

from hub.events.log import utc_now
from hub.policy.standing import Requirements
from hub.present import announce
from hub.spawner import EnclaveSpawner
from tests.hub.enclave import add_person, issue_permit, permit
from tests.hub.spawners import PROJECT, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def refused(spawner: EnclaveSpawner) -> SpawnException:
    with pytest.raises(SpawnException) as caught:
        asyncio.run(spawner.start())
    return caught.value


@pytest.mark.parametrize(
    ("name", "project", "rule", "sentence"),
    [
        ("alice", "", "session.no_project", "open one from your list"),
        ("alice", "another", "permit.missing", "There is no permit"),
        ("carla", PROJECT, "permit.not_named", "does not name carla as researcher"),
        ("mallory", PROJECT, "person.unknown", "not known to the enclave"),
        ("../alice", PROJECT, "person.unknown", "not known to the enclave"),
    ],
)
def test_who_has_no_permit_opens_nothing(house: House, name: str, project: str, rule: str, sentence: str) -> None:
    error = refused(house.spawner(name, project))
    assert (error.status_code, error.reason) == (403, rule)
    assert sentence in str(error.log_message)
    [(actor, at, body)] = house.events("session.refused")
    assert (actor, at, body["rule"]) == (name, project, rule)
    assert not (house.root / "homes").exists()


@pytest.mark.parametrize(("days", "rule"), [(-1, "permit.ended"), (0, "launcher.failed"), (1, "launcher.failed")])
def test_a_permit_opens_up_to_its_last_day(house: House, days: int, rule: str) -> None:
    issue_permit(house.log, permit(PROJECT, until=utc_now().date() + timedelta(days=days)))
    assert refused(house.spawner("alice", PROJECT)).reason == rule


@pytest.mark.parametrize(("days", "rule"), [(-1, "training.ended"), (0, "launcher.failed"), (1, "launcher.failed")])
def test_a_training_opens_up_to_its_last_day_and_the_sentence_says_what_to_do(
    house: House, days: int, rule: str
) -> None:
    announce(house.log, Requirements(training=True))
    until = utc_now().date() + timedelta(days=days)
    house.log.append("ada", "training.recorded", "", {"person": "alice", "until": until.isoformat()})
    error = refused(house.spawner("alice", PROJECT))
    assert error.reason == rule
    if days < 0:
        assert "ask an operator to record it" in str(error.log_message)


def test_the_log_is_read_again_at_every_start(house: House) -> None:
    assert refused(house.spawner("zoe", PROJECT)).reason == "person.unknown"
    add_person(house.log, "zoe")
    assert refused(house.spawner("zoe", PROJECT)).reason == "permit.not_named"
    issue_permit(house.log, permit(PROJECT, researchers=("zoe",)))
    assert refused(house.spawner("zoe", PROJECT)).reason == "launcher.failed"
    assert refused(house.spawner("alice", PROJECT)).reason == "permit.not_named"


def test_before_its_extract_a_project_has_no_workspace(house: House) -> None:
    issue_permit(house.log, permit("new"))
    assert refused(house.spawner("alice", "new")).reason == "extract.missing"


def test_a_refusal_is_told_in_the_persons_language(house: House) -> None:
    error = refused(house.spawner("alice", "another", language="fr"))
    assert str(error.log_message) == "Il n'y a pas d'autorisation pour ce projet ; rien ne s'ouvre sans elle."


def test_a_launcher_that_is_down_is_a_sentence_and_an_event(house: House) -> None:
    error = refused(house.spawner("alice", PROJECT))
    assert (error.status_code, error.reason) == (503, "launcher.failed")
    assert "A part of the enclave does not answer" in str(error.log_message)
    assert house.events("session.refused")[0][2]["rule"] == "launcher.failed"
    assert house.events("session.started") == []


def test_without_the_log_nothing_opens(house: House) -> None:
    spawner = house.spawner("alice", PROJECT)
    spawner.log_at = "/proc/none/log.db"
    error = refused(spawner)
    assert (error.status_code, error.reason) == (503, "log.unavailable")


def test_what_the_user_sends_is_dropped(house: House) -> None:
    spawner = house.spawner("alice", PROJECT)
    spawner.user_options = spawner.orm_spawner.user_options = {"image": "evil", "x": "y" * 100_000}
    refused(spawner)
    assert spawner.user_options == spawner.orm_spawner.user_options == {}


def test_a_second_project_waits_for_the_first(house: House) -> None:
    house.open_project("second")
    first, second = house.spawner("alice", PROJECT), house.spawner("alice", "second")
    asyncio.run(first._admitted())
    error = refused(second)
    assert error.reason == "session.one_at_a_time"
    assert f"project {PROJECT} is open" in str(error.log_message)
    # A colleague has a place of their own, and a closed workspace gives its place back.
    asyncio.run(house.spawner("amir", "second")._admitted())
    asyncio.run(first.run_post_stop_hook())
    asyncio.run(second._admitted())


def test_two_starts_at_once_open_one(house: House) -> None:
    house.open_project("second")
    spawners = [house.spawner("alice", PROJECT), house.spawner("alice", "second")]

    async def both() -> list[object]:
        return await asyncio.gather(*(spawner._admitted() for spawner in spawners), return_exceptions=True)

    outcomes = asyncio.run(both())
    assert sorted(isinstance(outcome, SpawnException) for outcome in outcomes) == [False, True]


def test_who_waits_for_the_launcher_keeps_no_other_waiting(house: House) -> None:
    both = threading.Barrier(2, timeout=10)
    asked = [house.spawner(name, PROJECT).executor.submit(both.wait) for name in ("alice", "amir")]
    assert sorted(each.result() for each in asked) == [0, 1]


def test_a_workspace_is_never_renamed(house: House) -> None:
    with pytest.raises(web.HTTPError) as caught:
        asyncio.run(house.spawner("alice", PROJECT).rename(PROJECT, "another"))
    assert caught.value.status_code == 403


def test_what_would_open_the_spawner_is_no_setting() -> None:
    for fixed in ("remove", "pull_policy", "use_internal_ip", "disable_user_config"):
        assert fixed not in EnclaveSpawner.class_trait_names(config=True)
