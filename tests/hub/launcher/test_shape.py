"""The frozen shape of orders: what the launcher can be asked, and that nothing else is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.launcher.acts import LauncherSettings
from hub.launcher.seal import create_arguments
from hub.launcher.shape import (
    FROM_THE_HUB,
    Caller,
    CreateSession,
    Order,
    SessionAct,
    StartRun,
    may_ask,
    read_order,
)
from hub.policy.limits import read_limits
from hub.policy.verdict import Refusal
from hub.run import RunPlan, run_container
from hub.session import session_container
from hub.workspace import StateLayout

CREATE: dict[str, Any] = {
    "act": "session.create",
    "person": "alice",
    "project": "study",
    "extract": "20261122T000000Z-0",
    "environment": {"JUPYTERHUB_USER": "alice", "JUPYTERHUB_API_TOKEN": "t"},
}
LOOK: dict[str, Any] = {"act": "session.look", "person": "alice", "project": "study"}
PREPARE: dict[str, Any] = {"act": "run.prepare", "project": "study", "request": "study-1"}
START: dict[str, Any] = {**PREPARE, "act": "run.start", "extract": "20261122T000000Z-0"}
IMPORTS: dict[str, Any] = {"act": "imports.prepare", "project": "study"}
ALL = (CREATE, LOOK, PREPARE, START, IMPORTS)
PLACES = ("homes", "projects", "outboxes", "notices", "extracts", "imports", "runs")


def read(order: Any) -> Order | Refusal:
    return read_order(order if isinstance(order, bytes) else json.dumps(order).encode())


@pytest.mark.parametrize("order", ALL, ids=lambda order: order["act"])
def test_an_order_names_a_workspace_or_a_run(order: dict[str, Any]) -> None:
    assert not isinstance(read(order), Refusal)


@pytest.mark.parametrize(
    ("image", "taken"),
    [("", True), (f"sha256:{'0' * 64}", True), ("sha256:0", False), ("debian", False), (f"sha256:{'0' * 64}\n", False)],
)
def test_a_run_may_ask_for_no_other_image_than_the_launchers_own(image: str, taken: bool) -> None:
    assert (not isinstance(read({**START, "image": image}), Refusal)) is taken
    for order in (CREATE, LOOK, PREPARE):
        assert isinstance(read({**order, "image": image}), Refusal)


@pytest.mark.parametrize("act", list(SessionAct))
def test_every_act_on_a_session_is_an_order(act: SessionAct) -> None:
    assert not isinstance(read({**LOOK, "act": str(act)}), Refusal)


@pytest.mark.parametrize(
    "more",
    [
        {"image": "debian"},
        {"command": ["sh"]},
        {"mounts": [{"source": "/", "target": "/host"}]},
        {"Binds": ["/:/host"]},
        {"privileged": True},
        {"HostConfig": {"Privileged": True}},
        {"network": "host"},
        {"NetworkMode": "host"},
        {"name": "bulle-net"},
        {"user": "0:0"},
        {"devices": ["/dev/mem"]},
        {"cap_add": ["ALL"]},
        {"limits": {"memory_mb": 10**6}},
        {"labels": {}},
        {"tmpfs": {}},
        {"seconds": 10**6},
        {"": None},
    ],
    ids=lambda more: next(iter(more)),
)
@pytest.mark.parametrize("order", ALL, ids=lambda order: order["act"])
def test_what_would_open_a_container_cannot_be_said(order: dict[str, Any], more: dict[str, Any]) -> None:
    refusal = read({**order, **more})
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "launcher.shape"


@pytest.mark.parametrize(
    ("order", "key", "value"),
    [
        *((order, "project", value) for order in ALL for value in ("../x", "a/b", "", "A", "a" * 31, "x\n", 7, None)),
        *((order, "person", value) for order in (CREATE, LOOK) for value in ("../bob", ".", "", "-", "bob/..", "b\0")),
        *(
            (order, "extract", value)
            for order in (CREATE, START)
            for value in ("..", ".", "", "a/b", "/etc", "../../keys", ".hidden", "e" * 65, "e\n", ["e"])
        ),
        *(
            (order, "request", value)
            for order in (PREPARE, START)
            for value in ("study", "study-", "study-x", "other-1", "study-1/..", "study--1", "study-²", "study-1-1")
        ),
        *((order, "act", value) for order in ALL for value in ("run", "session", "exec", "", "session.exec", None)),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(order: dict[str, Any], key: str, value: Any) -> None:
    assert isinstance(read({**order, key: value}), Refusal)


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "PATH", "HOME", "BULLE_EXTRACT", "JUPYTERHUB_SINGLEUSER_APP", ""],
)
def test_a_workspace_gets_no_variable_but_jupyterhubs_own(name: str) -> None:
    refusal = read({**CREATE, "environment": {**CREATE["environment"], name: "/outbox/evil.so"}})
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "launcher.environment"


@pytest.mark.parametrize("named", [{"JUPYTERHUB_USER": "bob"}, {"JUPYTERHUB_SERVER_NAME": "other"}])
def test_the_environment_names_the_same_workspace(named: dict[str, str]) -> None:
    assert isinstance(read({**CREATE, "environment": named}), Refusal)


@pytest.mark.parametrize("value", ["x" * 4097, "a\nLD_PRELOAD=/x", "\0", "é", 7, None])
def test_a_value_is_one_printable_line(value: Any) -> None:
    assert isinstance(read({**CREATE, "environment": {"JUPYTERHUB_HOST": value}}), Refusal)


@pytest.mark.parametrize(("length", "refused"), [(4095, False), (4096, False), (4097, True)])
def test_a_value_has_an_end(length: int, refused: bool) -> None:
    order = {**CREATE, "environment": {"JUPYTERHUB_HOST": "x" * length}}
    assert isinstance(read(order), Refusal) is refused


@pytest.mark.parametrize(
    "question",
    [b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b"[" * 60000, b'{"act":"run.drop"}', b'{"act":"run.drop"}' * 2],
)
def test_bytes_that_are_no_order_are_refused(question: bytes) -> None:
    assert isinstance(read(question), Refusal)


@given(st.binary(max_size=200))
def test_reading_never_raises(question: bytes) -> None:
    assert isinstance(read(question), Refusal)


@pytest.mark.parametrize(
    ("caller", "allowed"),
    [(Caller.HUB, {"session"}), (Caller.WORKER, {"run", "imports"}), (None, set())],
)
def test_who_may_ask_for_what(caller: Caller | None, allowed: set[str]) -> None:
    for order in ALL:
        made = read(order)
        assert not isinstance(made, Refusal)
        assert (may_ask(caller, made) is None) is (order["act"].split(".")[0] in allowed)


# Whatever order is taken, what is made of it stays within the frame.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
near = st.sampled_from(["study", "study-1", "alice", "..", "a/../b", "/", "e1", "LD_PRELOAD", "1", "", "other-1"])


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """An order with up to three of its places changed, taken away or added."""
    order = json.loads(json.dumps(draw(st.sampled_from(ALL))))
    for _ in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from([*order, "image", "mounts", "network"]) if order else st.just("act"))
        if draw(st.booleans()):
            order.pop(key, None)
        else:
            order[key] = draw(near | json_values)
    return order


@given(mutated())
def test_a_mutated_order_is_refused_or_stays_within_the_frame(order: dict[str, Any]) -> None:
    made = read(order)
    if isinstance(made, Refusal):
        return
    assert set(order) <= {"act", "person", "project", "extract", "environment", "request", "image"}
    for config in plans_of(made):
        host = config["HostConfig"]
        assert config["Image"] == "bulle/workspace:local"
        assert config["User"] == "1000:1000"
        assert host["Privileged"] is False
        assert host["NetworkMode"] in {"none", f"bulle-ws-{order['project']}--{order.get('person')}"}
        for mount in host["Mounts"]:
            parts = PurePosixPath(mount["Source"]).parts
            assert parts[:3] == ("/", "srv", "bulle")
            assert ".." not in parts
            assert parts[3] in PLACES
            runs = {("runs", order.get("request")), ("runs", f"{order.get('request')}.imports")}
            assert order["project"] in parts or parts[3:] in runs
            assert mount["ReadOnly"] is (parts[3] in {"extracts", "imports", "notices", "runs"})
        names = {line.split("=")[0] for line in config["Env"]}
        assert (
            not names
            - FROM_THE_HUB
            - {
                "BULLE_EXTRACT",
                "BULLE_OUTBOX",
                "BULLE_PROJECT",
                "BULLE_RERUN",
                "JUPYTERHUB_ACTIVITY_INTERVAL",
                "BULLE_OUT",
                "GIT_AUTHOR_EMAIL",
                "GIT_AUTHOR_NAME",
                "GIT_COMMITTER_EMAIL",
                "GIT_COMMITTER_NAME",
                "HOME",
                "JUPYTERHUB_ROOT_DIR",
                "JUPYTERHUB_DISABLE_USER_CONFIG",
            }
        )


SETTINGS = LauncherSettings(
    StateLayout(PurePosixPath("/srv/bulle")),
    "bulle/workspace:local",
    "bulle-net",
    IPv4Network("10.213.0.0/16"),
    read_limits(),
)


def plans_of(order: Order) -> Iterator[dict[str, Any]]:
    """The body of the create call that an order leads to, if it leads to one."""
    layout, image, limits = SETTINGS.layout, SETTINGS.image, SETTINGS.limits
    if isinstance(order, CreateSession):
        plan = session_container(order.workspace, order.extract, layout, image, limits.workspace)
        yield create_arguments(plan)["config"]
    if isinstance(order, StartRun):
        run = RunPlan(order.request, order.project, order.extract)
        yield create_arguments(run_container(run, layout, image, limits.runner))["config"]
