"""The launcher's edge without an engine: who is refused, what is told, how often."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.events.log import EventLog
from hub.launcher import service
from hub.launcher.client import LauncherError, Runs, Sessions
from hub.launcher.shape import Caller, SessionAct
from hub.run import RunPlan, RunStatus
from hub.wire import ask
from hub.workspace import Workspace
from tests.launchers import launcher

ME = os.getuid()
ALICE = Workspace("alice", "study")
PLAN = RunPlan("study-1", "study", "e1")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    log = EventLog(tmp_path / "log.db")
    yield log
    log.close()


def told(log: EventLog) -> list[tuple[str, str, str]]:
    return [(event.actor, event.project, event.body["rule"]) for event in log.read()]


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")


def test_a_stranger_gets_nothing_and_is_told_of(tmp_path: Path, log: EventLog) -> None:
    with launcher(tmp_path, "image", {ME + 1: Caller.HUB}, log=log) as socket:
        with pytest.raises(LauncherError, match="may ask the launcher for nothing") as caught:
            Sessions(socket).look(ALICE)
        assert caught.value.refused
        assert Runs(socket).start(PLAN, 1, 1).status is RunStatus.ENGINE_DOWN
    assert told(log) == [(f"user {ME}", "", "launcher.caller")]  # the same of the same caller is one fact


@pytest.mark.parametrize(
    ("caller", "act"),
    [
        (Caller.HUB, lambda socket: Runs(socket).prepare(PLAN)),
        (Caller.WORKER, lambda socket: Sessions(socket).act(SessionAct.REMOVE, ALICE)),
    ],
    ids=["hub", "worker"],
)
def test_nobody_asks_for_what_another_may(
    tmp_path: Path, log: EventLog, caller: Caller, act: Callable[[Path], None]
) -> None:
    refused = pytest.raises(LauncherError, match="may not ask the launcher for that")
    with launcher(tmp_path, "image", {ME: caller}, log=log) as socket, refused:
        act(socket)
    assert told(log) == [(str(caller), "", "launcher.act")]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        ({"act": "session.create", "image": "debian"}, "launcher.shape"),
        ({"act": "run.start", "project": "study", "request": "other-1", "extract": "e1"}, "launcher.request"),
        ({"act": "../../etc"}, "launcher.shape"),
    ],
)
def test_what_is_no_order_is_an_event_that_repeats_nothing(
    tmp_path: Path, log: EventLog, order: Mapping[str, Any], rule: str
) -> None:
    with launcher(tmp_path, "image", {ME: Caller.WORKER}, log=log) as socket:
        assert ask(socket, order, 5)["refused"]["rule"] == rule
    assert told(log) == [("egress", "", rule)]
    assert "etc" not in str(log.read()[0].body)


def test_a_flood_of_refusals_is_one_event_per_rule(tmp_path: Path, log: EventLog) -> None:
    with launcher(tmp_path, "image", {ME: Caller.HUB}, log=log) as socket:
        for _ in range(20):
            ask(socket, {"act": "nonsense"}, 5)
            ask(socket, {"act": "run.drop", "project": "study", "request": "study-1"}, 5)
    assert sorted(told(log)) == [("hub", "", "launcher.act"), ("hub", "", "launcher.shape")]


def test_a_refusal_that_cannot_be_written_down_is_one(tmp_path: Path, log: EventLog) -> None:
    with launcher(tmp_path, "image", {ME: Caller.HUB}, log=log) as socket:
        log.close()
        (tmp_path / "log.db").unlink()
        (tmp_path / "log.db").mkdir()
        assert ask(socket, {"act": "nonsense"}, 60)["refused"]["rule"] == "launcher.shape"


@pytest.mark.skipif(ME != 0, reason="makes folders of other users, which only root can")
def test_a_link_where_a_folder_has_to_be_is_told_of(tmp_path: Path, log: EventLog) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "extracts" / "study").mkdir(parents=True)
    (tmp_path / "extracts" / "study" / "e1").symlink_to(elsewhere)
    with launcher(tmp_path, "image", {ME: Caller.WORKER}, log=log) as socket:
        Runs(socket).prepare(PLAN)
        result = Runs(socket).start(PLAN, 1, 1)
    assert result.status is RunStatus.ENGINE_DOWN
    assert "a link or something else" in str(result.message)
    assert told(log) == [("egress", "study", "launcher.link")]
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.skipif(ME != 0, reason="makes folders of other users, which only root can")
def test_without_an_engine_nothing_is_abnormal(tmp_path: Path, log: EventLog) -> None:
    (tmp_path / "extracts" / "study" / "e1").mkdir(parents=True)
    with launcher(tmp_path, "image", {ME: Caller.WORKER}, log=log) as socket:
        Runs(socket).prepare(PLAN)
        result = Runs(socket).start(PLAN, 1, 1)
        missing = Runs(socket).start(RunPlan("study-1", "study", "e2"), 1, 1)
    assert "The container engine does not answer" in str(result.message)
    assert str(tmp_path) not in str(result.message)
    assert "is missing or cannot be made" in str(missing.message)
    assert told(log) == []


def test_an_internal_error_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.Launcher, "carry_out", lambda *_: 1 / 0)
    with launcher(tmp_path, "image", {ME: Caller.HUB}) as socket, pytest.raises(LauncherError, match="internal error"):
        Sessions(socket).look(ALICE)
