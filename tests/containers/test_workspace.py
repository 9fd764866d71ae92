"""Workspaces on a real engine: opened by the spawner, attacked from inside, closed without a trace."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import docker
import pytest
from jupyterhub.spawner import SpawnException

from hub.container import SERVICE_GROUP
from hub.events.log import utc_now
from hub.launcher.engine import image_digest
from hub.launcher.networks import attach, drop_network, ensure_network
from hub.launcher.seal import create_arguments
from hub.policy.limits import WorkspaceLimits, read_limits
from hub.session import session_container
from hub.spawner import EnclaveSpawner
from hub.workspace import StateLayout
from tests.hub.enclave import issue_permit, permit
from tests.hub.spawners import PROJECT, House
from tests.launchers import HUB_IS_ROOT, launcher

pytestmark = pytest.mark.containers

SMALL = WorkspaceLimits(memory_mb=128, cpus=1.0, pids=64, file_mb=16, open_files=256)
LIMITS = read_limits().model_copy(update={"workspace": SMALL})
ALICE, AMIR = (f"bulle-ws-{PROJECT}--{name}" for name in ("alice", "amir"))

# Stands for jupyterhub-singleuser: listens where JupyterHub said.
SERVER = """#!/usr/bin/python3
import http.server, os, signal, sys, urllib.parse
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
port = urllib.parse.urlparse(os.environ["JUPYTERHUB_SERVICE_URL"]).port
http.server.HTTPServer(("0.0.0.0", port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
HUB = "import http.server as h; h.HTTPServer(('0.0.0.0', 8082), h.SimpleHTTPRequestHandler).serve_forever()"


@pytest.fixture(scope="module")
def workspace_image(engine: docker.APIClient, image: str) -> Iterator[str]:
    made = engine.create_container(image, ["true"])["Id"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("jupyterhub-singleuser")
        entry.mode, entry.size = 0o755, len(SERVER)
        archive.addfile(entry, io.BytesIO(SERVER.encode()))
    engine.put_archive(made, "/usr/local/bin", packed.getvalue())
    tag = uuid4().hex[:8]
    engine.commit(made, repository="bulle/test-workspace", tag=tag)
    engine.remove_container(made, force=True)
    yield f"bulle/test-workspace:{tag}"
    engine.remove_image(f"bulle/test-workspace:{tag}", force=True)


@pytest.fixture
def hub(engine: docker.APIClient, image: str) -> Iterator[str]:
    """The container whose network namespace the hub would share."""
    name = f"bulle-test-hub-{uuid4().hex[:8]}"
    engine.create_container(image, ["python3", "-c", HUB], name=name)
    engine.start(name)
    yield name
    engine.remove_container(name, force=True)


class SeenFromTheHub(EnclaveSpawner):
    """The hub's part that cannot stand where tests run: the host has no address on a workspace's network,
    so the wait for the port asks from inside the hub's container."""

    hub_container = ""

    async def _wait_listening(self, ip: str, port: int) -> None:
        ask = f"import socket; socket.create_connection(('{ip}', {port}), 2)"
        for _ in range(100):
            if await asyncio.to_thread(inside, self.hub_container, ask) == (0, ""):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError


def inside(container: str, script: str) -> tuple[int, str]:
    """Run Python in a container, as its own user; the exit code and what it printed."""
    client = docker.APIClient(version="auto")
    started = client.exec_create(container, ["python3", "-c", script])["Id"]
    output = client.exec_start(started).decode()
    return client.exec_inspect(started)["ExitCode"], output if client.exec_inspect(started)[
        "ExitCode"
    ] == 0 else "failed"


@pytest.fixture
def house(tmp_path: Path, workspace_image: str, hub: str, engine: docker.APIClient) -> Iterator[House]:
    tmp_path.chmod(0o755)
    SeenFromTheHub.hub_container = hub
    house = House(tmp_path)
    with launcher(tmp_path, workspace_image, HUB_IS_ROOT, hub=hub, limits=LIMITS, log=house.log) as socket:
        house.socket = socket
        yield house
        for name in ("alice", "amir"):
            for spawner in list(house.user(name).spawners.values()):
                if spawner.name:
                    asyncio.run(spawner.run_post_stop_hook())


def opened(house: House, name: str = "alice", project: str = PROJECT) -> EnclaveSpawner:
    spawner = house.spawner(name, project, kind=SeenFromTheHub)
    asyncio.run(spawner.start())
    return spawner


def traces(engine: docker.APIClient, name: str) -> list[Any]:
    return [
        *engine.containers(all=True, filters={"name": f"^/{name}$"}),
        *(network for network in engine.networks() if network["Name"] == name),
    ]


def test_the_engine_was_told_the_sealed_plan_and_nothing_else(
    house: House, engine: docker.APIClient, workspace_image: str
) -> None:
    spawner = house.spawner("alice", PROJECT, kind=SeenFromTheHub)
    spawner.user_options = {"image": "evil", "volumes": {"/": "/host"}, "environment": {"X": "1"}}
    spawner.volumes = {"/": "/host"}
    spawner.extra_host_config = {"privileged": True, "cap_add": ["ALL"]}
    spawner.extra_create_kwargs = {"user": "root"}
    asyncio.run(spawner.start())
    found = engine.inspect_container(ALICE)
    layout, digest = StateLayout(PurePosixPath(house.root)), image_digest(workspace_image)
    plan = session_container(spawner.workspace, "e1", layout, digest, LIMITS.workspace)
    sealed = create_arguments(plan)["config"]
    for key, value in sealed["HostConfig"].items():
        seen = found["HostConfig"][key]
        if key == "Mounts":  # the engine leaves false out
            seen = [{"ReadOnly": False, **mount} for mount in seen]
        assert (seen or None) == (value or None), key
    for key in ("Binds", "CapAdd", "Devices", "PortBindings", "VolumesFrom", "ExtraHosts", "GroupAdd"):
        assert not found["HostConfig"].get(key), key
    assert found["Image"] == digest
    assert found["Config"]["User"] == "1000:1000"
    assert found["Config"]["Cmd"] == ["jupyterhub-singleuser"]
    assert found["Config"]["Labels"]["bulle.project"] == PROJECT
    assert list(found["NetworkSettings"]["Networks"]) == [ALICE]
    assert found["NetworkSettings"]["Ports"] in ({}, None)
    environment = dict(line.split("=", 1) for line in found["Config"]["Env"])
    assert set(sealed["Env"]) <= set(found["Config"]["Env"])
    assert environment["JUPYTERHUB_API_TOKEN"] == "a-token-of-jupyterhub"
    assert environment["JUPYTERHUB_API_URL"] == "http://hub:8082/hub/api"
    assert environment["JUPYTERHUB_DISABLE_USER_CONFIG"] == "1"
    allowed = ("JUPYTERHUB_", "JPY_API_TOKEN", "BULLE_", "GIT_AUTHOR_", "GIT_COMMITTER_", "HOME", "PATH")
    assert all(key.startswith(allowed) for key in environment), environment.keys()


def test_a_workspace_reaches_the_hub_and_nothing_else(house: House, engine: docker.APIClient) -> None:
    opened(house)
    opened(house, "amir")
    other = engine.inspect_container(AMIR)
    address = next(iter(other["NetworkSettings"]["Networks"].values()))["IPAddress"]
    gateway = str(next(IPv4Network(engine.inspect_network("bridge")["IPAM"]["Config"][0]["Subnet"]).hosts()))
    hub_at_core = engine.inspect_container(SeenFromTheHub.hub_container)["NetworkSettings"]["Networks"]["bridge"][
        "IPAddress"
    ]
    script = f"""
import json, socket
def reach(host, port):
    try:
        socket.create_connection((host, port), 2).close()
        return True
    except OSError:
        return False
own = socket.gethostbyname(socket.gethostname())
first = own.rsplit(".", 1)[0] + "." + str(int(own.rsplit(".", 1)[1]) // 8 * 8 + 1)
targets = [("hub", 8082), ("{address}", 8888), ("{gateway}", 22), ("{hub_at_core}", 8082), ("1.1.1.1", 53), (first, 22)]
names = []
for name in ("example.com", "{AMIR}"):
    try:
        names.append(socket.gethostbyname(name))
    except OSError:
        pass
print(json.dumps([[reach(*target) for target in targets], names]))
"""
    code, printed = inside(ALICE, script)
    assert code == 0
    assert json.loads(printed) == [[True, False, False, False, False, False], []]


def test_a_workspace_writes_into_its_own_folders_only(house: House) -> None:
    opened(house)
    opened(house, "amir")
    script = """
import json, os
def write(path):
    try:
        open(path, "w").write("x")
        return True
    except OSError:
        return False
own = ["/home/researcher/n", "/project/n", "/outbox/n", "/tmp/n"]
paths = own + ["/notices/n", "/data/n", "/data/manifest.json", "/n", "/etc/n", "/home/n"]
print(json.dumps([[write(path) for path in paths], os.getuid(), os.getgid(), open("/data/manifest.json").read()]))
"""
    code, printed = inside(ALICE, script)
    assert code == 0
    assert json.loads(printed) == [[True] * 4 + [False] * 6, 1000, 1000, "{}"]
    code, seen = inside(
        AMIR,
        "import os; print(*(os.listdir(p) for p in ('/home/researcher', '/project', '/outbox')))",
    )
    assert (code, seen.strip()) == (0, "[] ['n'] []")
    for folder, group, mode in (
        (f"homes/{PROJECT}/alice", 1000, 0o700),
        (f"outboxes/{PROJECT}/alice", SERVICE_GROUP, 0o2750),
        (f"projects/{PROJECT}", 1000, 0o2770),
    ):
        status = (house.root / folder).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1000, group, mode), folder
    assert (house.root / f"homes/{PROJECT}").stat().st_uid == 0


def test_opening_and_closing_are_events_and_leave_no_trace(
    house: House, engine: docker.APIClient, workspace_image: str
) -> None:
    spawner = opened(house)
    [(actor, project, body)] = house.events("session.started")
    assert (actor, project, body["image"]) == ("alice", PROJECT, image_digest(workspace_image))
    assert (body["rule"], body["extract"]) == ("permit.researcher", "e1")
    assert asyncio.run(spawner.poll()) is None
    asyncio.run(spawner.stop())
    asyncio.run(spawner.run_post_stop_hook())  # as JupyterHub does after every stop
    assert house.events("session.stopped") == [("alice", PROJECT, {"container": ALICE, "person": "alice"})]
    assert traces(engine, ALICE) == []
    (house.root / f"homes/{PROJECT}/alice/kept").touch()
    assert asyncio.run(opened(house).poll()) is None  # and opens again, with its home
    assert inside(ALICE, "import os; print(os.listdir('/home/researcher'))") == (
        0,
        "['kept']\n",
    )


def test_a_hub_that_restarts_finds_its_workspaces(house: House, engine: docker.APIClient) -> None:
    state = opened(house).get_state()
    engine.disconnect_container_from_network(SeenFromTheHub.hub_container, ALICE)  # a new hub container
    again = house.spawner("alice", PROJECT, kind=SeenFromTheHub)
    again.load_state(json.loads(json.dumps(state)))
    assert asyncio.run(again.poll()) is None
    assert inside(ALICE, "import socket; socket.create_connection(('hub', 8082), 2)") == (
        0,
        "",
    )
    asyncio.run(again.stop())
    assert len(house.events("session.stopped")) == 1
    assert traces(engine, ALICE) == []


def test_a_workspace_closes_when_its_permit_ends(house: House, engine: docker.APIClient) -> None:
    spawner = opened(house)
    issue_permit(house.log, permit(PROJECT, until=utc_now().date() - timedelta(days=1)))
    assert asyncio.run(spawner.poll()) == "permit.ended"
    asyncio.run(spawner.run_post_stop_hook())  # what JupyterHub does with a server that ended
    assert traces(engine, ALICE) == []
    assert len(house.events("session.stopped")) == 1


def test_a_workspace_that_died_is_cleared_away(house: House, engine: docker.APIClient) -> None:
    spawner = opened(house)
    engine.kill(ALICE)
    assert asyncio.run(spawner.poll()) is not None
    asyncio.run(spawner.run_post_stop_hook())
    assert traces(engine, ALICE) == []
    assert len(house.events("session.stopped")) == 1


def test_what_a_crashed_hub_left_is_replaced(house: House, engine: docker.APIClient) -> None:
    opened(house)
    house.user("alice").spawners.clear()  # nobody remembers it
    first = engine.inspect_container(ALICE)["Id"]
    opened(house)
    assert engine.inspect_container(ALICE)["Id"] != first


def test_a_workspace_that_ends_while_starting_is_told(house: House, image: str, engine: docker.APIClient) -> None:
    with launcher(house.root, image, HUB_IS_ROOT, limits=LIMITS) as house.socket:  # it has no jupyterhub-singleuser
        spawner = house.spawner("alice", PROJECT)
        with pytest.raises(SpawnException) as caught:
            asyncio.run(spawner.start())
        asyncio.run(spawner.run_post_stop_hook())
    assert caught.value.reason in {"session.ended_early", "launcher.failed"}
    assert caught.value.status_code >= 500
    assert traces(engine, ALICE) == []
    assert house.events("session.started") == house.events("session.stopped") == []
    assert len(house.events("session.refused")) == 1


def test_an_opening_that_cannot_be_written_down_is_undone(
    house: House, engine: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawner = house.spawner("alice", PROJECT, kind=SeenFromTheHub)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spawner.present, "tell_granted", full)  # the disk is full at this very moment
    with pytest.raises(SpawnException) as caught:
        asyncio.run(spawner.start())
    assert (caught.value.status_code, caught.value.reason) == (503, "log.unavailable")
    asyncio.run(spawner.run_post_stop_hook())
    assert traces(engine, ALICE) == []


# Networks


def test_networks_made_at_once_do_not_overlap(engine: docker.APIClient) -> None:
    names = [f"bulle-test-net-{uuid4().hex[:8]}" for _ in range(6)]

    async def make() -> list[IPv4Network]:
        supernet = IPv4Network("10.214.0.0/24")
        return await asyncio.gather(*(asyncio.to_thread(ensure_network, name, {}, supernet) for name in names))

    try:
        assert len(set(asyncio.run(make()))) == len(names)
        found = engine.inspect_network(names[0])
        assert found["Internal"] is True
        assert found["Options"]["com.docker.network.bridge.inhibit_ipv4"] == "true"
    finally:
        for name in names:
            drop_network(name)
            drop_network(name)  # again is harmless


def test_attaching_again_is_harmless(hub: str) -> None:
    name = f"bulle-test-net-{uuid4().hex[:8]}"
    ensure_network(name, {}, IPv4Network("10.214.0.0/24"))
    try:
        attach(name, hub, "hub")
        attach(name, hub, "hub")
    finally:
        drop_network(name)
