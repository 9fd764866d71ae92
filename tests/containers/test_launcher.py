"""The launcher on a real engine, asked by who would have it start something else."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import docker
import pytest

from hub.events.log import EventLog
from hub.events.writers import Writer
from hub.launcher.client import LauncherError, Runs, Sessions
from hub.launcher.engine import image_digest
from hub.launcher.seal import create_arguments
from hub.launcher.shape import Caller
from hub.policy.limits import read_limits
from hub.run import RunPlan, RunResult, RunStatus, run_container
from hub.wire import ask
from hub.workspace import StateLayout, Workspace
from tests.launchers import HUB_IS_ROOT, WORKER_IS_ROOT, launcher

pytestmark = pytest.mark.containers

ROOT = Path(__file__).parents[2]
PROJECT = f"run-{uuid4().hex[:8]}"
PLAN = RunPlan(f"{PROJECT}-1", PROJECT, "e1")
# Stands for the re-run: tells what it finds, and waits when it is told to.
RUNNER = """#!/bin/sh
cat /work/notebook.ipynb
ls /data
[ ! -e /work/wait.csv ] || sleep 600
"""


@pytest.fixture(scope="module")
def runner_image(engine: docker.APIClient, image: str) -> Iterator[str]:
    made = engine.create_container(image, ["true"])["Id"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("python")
        entry.mode, entry.size = 0o755, len(RUNNER)
        archive.addfile(entry, io.BytesIO(RUNNER.encode()))
    engine.put_archive(made, "/usr/local/bin", packed.getvalue())
    tag = uuid4().hex[:8]
    engine.commit(made, repository="bulle/test-runner", tag=tag)
    engine.remove_container(made, force=True)
    yield f"bulle/test-runner:{tag}"
    engine.remove_image(f"bulle/test-runner:{tag}", force=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for project in (PROJECT, "other"):
        folder = tmp_path / "extracts" / project / ("e1" if project == PROJECT else "e2")
        folder.mkdir(parents=True)
        (folder / f"{project}.parquet").touch()
    return tmp_path


@pytest.fixture
def log(root: Path) -> Iterator[EventLog]:
    log = EventLog(root / "log.db")
    yield log
    log.close()


@pytest.fixture
def worker(root: Path, runner_image: str, log: EventLog) -> Iterator[Path]:
    with launcher(root, runner_image, WORKER_IS_ROOT, log=log) as socket:
        yield socket


def laid_out(root: Path, socket: Path, **files: str) -> None:
    Runs(socket).prepare(PLAN)
    for name, content in {"notebook.ipynb": "{}", **{f"{name}.csv": text for name, text in files.items()}}.items():
        (root / "runs" / PLAN.request / name).write_text(content)


def rules(log: EventLog) -> list[str]:
    return [event.body["rule"] for event in log.read()]


def containers(engine: docker.APIClient) -> list[str]:
    return [name for found in engine.containers(all=True) for name in found["Names"] if PROJECT in name]


def test_a_run_is_the_sealed_plan_and_nothing_else(
    root: Path, worker: Path, runner_image: str, engine: docker.APIClient
) -> None:
    laid_out(root, worker, wait="")
    ended: list[RunResult] = []
    thread = threading.Thread(target=lambda: ended.append(Runs(worker).start(PLAN, 60, 1000)))
    thread.start()
    found = running(engine, f"bulle-run-{PLAN.request}")
    digest = image_digest(runner_image)
    plan = run_container(PLAN, StateLayout(PurePosixPath(root)), digest, read_limits().runner)
    for key, value in create_arguments(plan)["config"]["HostConfig"].items():
        assert (found["HostConfig"][key] or None) == (value or None), key
    for key in ("Binds", "CapAdd", "Devices", "PortBindings", "VolumesFrom", "GroupAdd"):
        assert not found["HostConfig"].get(key), key
    assert (found["Image"], found["Config"]["User"]) == (digest, "1000:1000")
    assert found["Config"]["Cmd"] == ["python", "-m", "egress.rerun.inside"]
    engine.kill(f"bulle-run-{PLAN.request}")
    thread.join(30)
    assert ended[0].stdout == f"{{}}{PROJECT}.parquet\n".encode()
    assert ended[0].image == digest
    assert list((root / "runs").iterdir()) == []


def running(engine: docker.APIClient, name: str) -> dict[str, Any]:
    for _ in range(200):
        for found in engine.containers(filters={"name": name}):
            return dict(engine.inspect_container(found["Id"]))
        time.sleep(0.05)
    raise TimeoutError(name)


def test_output_is_cut_by_the_launcher(root: Path, runner_image: str) -> None:
    shipped = read_limits()
    runner = shipped.runner.model_copy(update={"max_output_mb": 1})
    limits = shipped.model_copy(update={"runner": runner})
    with launcher(root, runner_image, WORKER_IS_ROOT, limits=limits) as socket:
        laid_out(root, socket)
        (root / "runs" / PLAN.request / "notebook.ipynb").write_bytes(b"x" * (3 << 20))
        result = Runs(socket).start(PLAN, 60, 1 << 20)
    assert (result.status, len(result.stdout)) == (RunStatus.TOO_MUCH_OUTPUT, 1 << 20)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"image": "debian"}, "launcher.shape"),
        ({"mounts": [["/", "/host"]]}, "launcher.shape"),
        ({"privileged": True}, "launcher.shape"),
        ({"network": "host"}, "launcher.shape"),
        ({"environment": {"LD_PRELOAD": "/work/evil.so"}}, "launcher.shape"),
        ({"extract": "../other/e2"}, "launcher.shape"),
        ({"extract": "/etc"}, "launcher.shape"),
        ({"request": "../../etc"}, "launcher.shape"),
        ({"project": "other"}, "launcher.request"),
        ({"act": "session.create"}, "launcher.shape"),
    ],
    ids=str,
)
def test_a_worker_that_was_taken_over_starts_nothing_else(  # noqa: PLR0917 -- fixtures and a case, by name
    root: Path, worker: Path, log: EventLog, engine: docker.APIClient, change: dict[str, Any], rule: str
) -> None:
    order = {"act": "run.start", "project": PROJECT, "request": PLAN.request, "extract": "e1"}
    answer = ask(worker, {**order, **change}, 30)
    assert answer["refused"]["rule"] == rule
    assert rules(log) == [rule]
    assert containers(engine) == []


def test_an_extract_of_another_project_is_not_there(root: Path, worker: Path, engine: docker.APIClient) -> None:
    laid_out(root, worker)
    result = Runs(worker).start(RunPlan(PLAN.request, PROJECT, "e2"), 60, 1000)
    assert (result.status, result.stdout) == (RunStatus.ENGINE_DOWN, b"")
    assert containers(engine) == []


@pytest.mark.parametrize("place", [f"runs/{PLAN.request}", f"extracts/{PROJECT}/e1", f"extracts/{PROJECT}"])
def test_a_link_is_never_mounted(root: Path, worker: Path, log: EventLog, engine: docker.APIClient, place: str) -> None:
    laid_out(root, worker)
    (root / place).rename(root / "aside")
    (root / place).symlink_to("/etc")
    assert Runs(worker).start(PLAN, 60, 1000).status is RunStatus.ENGINE_DOWN
    assert rules(log) == ["launcher.link"]
    assert containers(engine) == []


def test_a_link_in_a_home_is_never_mounted(
    root: Path, runner_image: str, log: EventLog, engine: docker.APIClient
) -> None:
    (root / "homes" / PROJECT).mkdir(parents=True)
    (root / "homes" / PROJECT / "alice").symlink_to("/etc")
    before = Path("/etc").stat()
    with launcher(root, runner_image, HUB_IS_ROOT, log=log) as socket, pytest.raises(LauncherError):
        Sessions(socket).create(Workspace("alice", PROJECT), "e1", {})
    assert rules(log) == ["launcher.link"]
    assert containers(engine) == []
    assert (Path("/etc").stat().st_uid, Path("/etc").stat().st_mode) == (before.st_uid, before.st_mode)


def test_another_user_is_refused_by_the_kernels_word(root: Path, runner_image: str, log: EventLog) -> None:
    """Whatever the message says: the same bytes that the worker sends."""
    with launcher(root, runner_image, {900: Caller.WORKER}, log=log) as socket:
        for folder in (root, *list(root.parents)[:2]):
            folder.chmod(0o711)
        socket.chmod(0o666)
        told = {}
        for user in (900, 4242):
            done = subprocess.run(
                [sys.executable, "-c", ASK, str(socket), PROJECT],
                user=user,
                group=900,
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            )
            told[user] = json.loads(done.stdout)
    assert told[900] == {"done": {}}
    assert told[4242]["refused"]["rule"] == "launcher.caller"
    assert [(event.actor, event.body["rule"]) for event in log.read()] == [("user 4242", "launcher.caller")]


ASK = """
import json, socket, struct, sys
question = json.dumps({"act": "run.prepare", "project": sys.argv[2], "request": sys.argv[2] + "-1"}).encode()
with socket.socket(socket.AF_UNIX) as stream:
    stream.connect(sys.argv[1])
    stream.sendall(struct.pack(">cI", b"q", len(question)) + question)
    print(stream.makefile("rb").read()[5:].decode())
"""


# What stands in the compose file


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The enclave's services, as compose reads them."""
    shell = ". scripts/env && docker compose --profile tools --profile mail config --format json"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout)["services"])


def sources(service: dict[str, Any]) -> list[str]:
    """What it mounts; sockets of the log's keeper, which are called like their writers, are looked at on their own."""
    found = [str(volume["source"]) for volume in service.get("volumes", [])]
    return [each for each in found if Path(each).parent.name != "log"]


def test_nobody_but_the_launcher_mounts_the_engines_socket(services: dict[str, Any]) -> None:
    holders = [name for name, service in services.items() if any(".sock" in source for source in sources(service))]
    assert holders == ["launcher"]
    for name, service in services.items():
        assert "group_add" not in service, name
        assert not service.get("privileged"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
    assert services["launcher"]["network_mode"] == "none"
    assert "ports" not in services["launcher"]


def test_only_hub_and_worker_reach_the_launcher_and_neither_can_replace_its_socket(services: dict[str, Any]) -> None:
    mounted = {
        name: volume.get("read_only", False)
        for name, service in services.items()
        for volume in service.get("volumes", [])
        if str(volume["source"]).endswith("/launcher") and volume["target"] != "/run/log"
    }
    assert mounted == {"launcher": False, "hub": True, "egress-worker": True}


def test_notices_are_written_by_a_process_that_knows_the_log_and_nothing_else(services: dict[str, Any]) -> None:
    parts = {Path(each).name for each in sources(services["notices"])}
    assert parts == {"events", "notices", "policies"}
    assert services["notices"]["network_mode"] == "none"
    holders = {
        name for name, service in services.items() if any(each.endswith("/notices") for each in sources(service))
    }
    assert holders == {"launcher", "notices"}


def test_the_signing_key_is_the_signers_alone(services: dict[str, Any]) -> None:
    holders = {name for name, service in services.items() if any("/signing-key" in each for each in sources(service))}
    assert holders == {"signer"}
    reached = {name for name, service in services.items() if any(each.endswith("/signer") for each in sources(service))}
    assert reached == {"signer", "egress-worker"}
    assert services["signer"]["network_mode"] == "none"
    parts = {Path(each).name for each in sources(services["signer"])}
    assert parts == {"signing-key", "signer", "events"}


def test_the_log_is_written_by_its_keeper_and_each_process_reaches_its_own_socket(services: dict[str, Any]) -> None:
    def mounts(part: str) -> dict[str, tuple[str, bool]]:
        return {
            name: (str(volume["source"]), volume.get("read_only", False))
            for name, service in services.items()
            for volume in service.get("volumes", [])
            if str(volume["target"]).endswith(part)
        }

    assert {name for name, (_, only_read) in mounts("/events").items() if not only_read} == {"keeper"}
    reached = {name: (Path(source), only_read) for name, (source, only_read) in mounts("/run/log").items()}
    [(folder, _)] = [reached.pop("keeper")]
    assert reached == {writer.value: (folder / writer, True) for writer in Writer}
    assert services["keeper"]["network_mode"] == "none"
    assert {Path(each).name for each in sources(services["keeper"])} == {"events", "log"}


def test_each_that_refuses_writes_its_own_lines_and_only_the_meter_reads_them(services: dict[str, Any]) -> None:
    parts = {
        name: source.split("/refusals", 1)[1]
        for name, service in services.items()
        for source in sources(service)
        if "/refusals" in source
    }
    assert parts == {"edge": "/edge", "gate": "/gate", "hub": "/hub", "launcher": "/engine", "meter": ""}


def test_nobody_else_writes_above_what_is_mounted(services: dict[str, Any]) -> None:
    for name, service in services.items():
        written = (
            {Path(str(volume["source"])).name for volume in service["volumes"] if not volume.get("read_only")}
            if "volumes" in service
            else set()
        )
        if name != "launcher":
            assert not written & {"homes", "projects", "outboxes"}, name
        if name not in {"launcher", "extractor"}:
            assert "extracts" not in written, name
        if name not in {"launcher", "egress-worker"}:
            assert "runs" not in written, name
