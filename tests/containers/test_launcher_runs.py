"""Runs attacked from inside a real container: what a notebook's process may try, and how each run ends."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import docker
import pytest

from hub.container import ContainerPlan, Limits, Mount, Tmpfs
from hub.launcher.engine import image_digest
from hub.launcher.runs import run
from hub.run import RunResult, RunStatus

pytestmark = pytest.mark.containers

Go = Callable[..., RunResult]
MIB = 1024 * 1024


def plan_for(image: str, *command: str, mounts: tuple[Mount, ...] = (), **limits: Any) -> ContainerPlan:
    given = {"memory_mb": 96, "cpus": 1.0, "pids": 48, "file_mb": 64, "open_files": 256, "seconds": 30} | limits
    return ContainerPlan(
        name=f"bulle-test-{uuid4().hex[:8]}",
        image=image,
        command=command,
        mounts=mounts,
        tmpfs=(Tmpfs(PurePosixPath("/tmp"), 8),),
        limits=Limits(**given),
        labels={"bulle.role": "test"},
    )


def ran(plan: ContainerPlan, max_output: int = MIB, client: docker.APIClient | None = None) -> RunResult:
    """The run's result with what it wrote."""
    taken = bytearray()
    result = run(plan, max_output, taken.extend, client=client)
    return replace(result, stdout=bytes(taken))


@pytest.fixture
def shell(engine: docker.APIClient, image: str) -> Go:
    """Runs a shell script, and holds that nothing of it stays."""

    def go(script: str, max_output: int = MIB, **more: Any) -> RunResult:
        plan = plan_for(image, "sh", "-c", script, **more)
        result = ran(plan, max_output)
        assert not engine.containers(all=True, filters={"name": plan.name})
        return result

    return go


@pytest.fixture
def python(engine: docker.APIClient, image: str) -> Go:
    def go(script: str, mounts: tuple[Mount, ...] = (), **more: Any) -> RunResult:
        return ran(plan_for(image, "python3", "-c", script, mounts=mounts, **more))

    return go


# How runs end


def test_a_run_that_ends_well(shell: Go, image: str) -> None:
    result = shell("echo done; echo aside >&2")
    assert (result.status, result.exit_code, result.stdout) == (RunStatus.FINISHED, 0, b"done\n")
    assert result.image == image_digest(image)
    assert result.message is None
    assert result.seconds > 0


@pytest.mark.parametrize("code", [1, 2, 125, 126, 127, 137, 143, 255])
def test_an_exit_code_is_only_a_number(shell: Go, code: int) -> None:
    # 125 to 127 are Docker's own, 137 looks like a memory kill: a run may say what it likes.
    result = shell(f"echo before; exit {code}")
    assert (result.status, result.exit_code, result.stdout) == (RunStatus.FAILED, code, b"before\n")


def test_there_is_nothing_to_read(shell: Go) -> None:
    assert shell("wc -c").stdout == b"0\n"


def test_a_run_ends_with_whoever_asked_for_it(engine: docker.APIClient, image: str) -> None:
    def gone(_: bytes) -> None:
        raise BrokenPipeError

    plan = plan_for(image, "sh", "-c", "echo begun; sleep 600")
    assert run(plan, MIB, gone).status is RunStatus.ENGINE_DOWN
    assert not engine.containers(all=True, filters={"name": plan.name})


@pytest.mark.parametrize("script", ["echo begun; sleep 600", "exec >&-; trap '' TERM; sleep 600"])
def test_a_run_is_killed_within_seconds_when_who_asked_hangs_up(
    engine: docker.APIClient, image: str, script: str
) -> None:
    begun = time.monotonic()
    plan = plan_for(image, "sh", "-c", script)
    result = run(plan, MIB, lambda _: None, lambda: time.monotonic() - begun > 2)
    assert (result.status, result.stdout) == (RunStatus.ENGINE_DOWN, b"")
    assert time.monotonic() - begun < 12
    assert not engine.containers(all=True, filters={"name": plan.name})


def test_a_run_that_is_too_long_is_killed(shell: Go) -> None:
    result = shell("echo begun; sleep 600", seconds=2)
    assert (result.status, result.exit_code, result.stdout) == (RunStatus.TIMED_OUT, None, b"begun\n")
    assert result.seconds < 12
    assert str(result.message) == "The run took longer than its limit of 2 seconds."


def test_closing_stdout_does_not_stop_the_clock(shell: Go) -> None:
    assert shell("exec >&-; sleep 600", seconds=2).status is RunStatus.TIMED_OUT
    late = shell("exec >&-; sleep 1; exit 3")
    assert (late.status, late.exit_code) == (RunStatus.FAILED, 3)


def test_ignoring_signals_does_not_help(shell: Go) -> None:
    result = shell("trap '' TERM INT HUP; while :; do sleep 600; done", seconds=2)
    assert result.status is RunStatus.TIMED_OUT
    assert result.seconds < 12


@pytest.mark.parametrize(("written", "status"), [(999, "finished"), (1000, "finished"), (1001, "too_much_output")])
def test_output_is_taken_up_to_its_cap(shell: Go, written: int, status: str) -> None:
    result = shell(f"head -c {written} /dev/zero", max_output=1000)
    assert result.status == status
    assert len(result.stdout) == min(written, 1000)


def test_ten_gigabytes_of_output_are_cut(shell: Go) -> None:
    result = shell("head -c 10737418240 /dev/zero", max_output=20 * MIB)
    assert result.status is RunStatus.TOO_MUCH_OUTPUT
    assert len(result.stdout) == 20 * MIB
    assert result.seconds < 20
    assert str(result.message) == f"The run wrote more than its limit of {20 * MIB} bytes."


def test_stderr_is_not_taken_however_much_it_is(shell: Go) -> None:
    result = shell("head -c 200000000 /dev/zero >&2; echo end", max_output=10)
    assert (result.status, result.stdout) == (RunStatus.FINISHED, b"end\n")


def test_too_much_memory_is_told_as_such(python: Go) -> None:
    result = python("x = bytearray(400_000_000)")
    assert result.status is RunStatus.KILLED_OOM
    assert str(result.message) == "The run needed more memory than its limit of 96 MiB."


def test_a_fork_bomb_meets_its_limit(shell: Go) -> None:
    result = shell("f() { f | f & }; f; sleep 600", seconds=3)
    assert result.status in {RunStatus.TIMED_OUT, RunStatus.FAILED}
    assert result.seconds < 20
    assert shell("echo the next one runs").status is RunStatus.FINISHED


def test_the_number_of_processes_is_limited(python: Go) -> None:
    script = """
import os, time
n = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
        n += 1
except OSError:
    print(n, flush=True)
    os._exit(0)
"""
    result = python(script, pids=24)
    assert 10 < int(result.stdout) < 24


def test_what_a_broken_off_run_left_is_replaced(engine: docker.APIClient, image: str) -> None:
    plan = plan_for(image, "echo", "new")
    left = engine.create_container(image, ["sleep", "600"], name=plan.name)["Id"]
    engine.start(left)
    assert ran(plan).stdout == b"new\n"
    assert not engine.containers(all=True, filters={"name": plan.name})


# What is sealed


def test_there_is_no_network(python: Go) -> None:
    script = """
import socket, os
assert sorted(os.listdir("/sys/class/net")) == ["lo"], os.listdir("/sys/class/net")
for address in ("1.1.1.1", "172.17.0.1", "10.213.0.1", "169.254.169.254"):
    try:
        socket.create_connection((address, 80), 2)
    except OSError:
        continue
    raise SystemExit("reached " + address)
try:
    socket.getaddrinfo("example.com", 80)
except OSError:
    print("sealed")
"""
    assert python(script).stdout == b"sealed\n"


def test_no_name_leaves_by_the_resolver(python: Go) -> None:
    result = python("print(open('/etc/resolv.conf').read())")
    servers = [line.split()[1] for line in result.stdout.decode().splitlines() if line.startswith("nameserver")]
    assert servers in (["127.0.0.1"], [])


def test_privileges_are_gone(shell: Go) -> None:
    lines = shell("cat /proc/self/status").stdout.decode().splitlines()
    status = {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}
    assert status["Uid"].split() == ["1000"] * 4
    assert status["Gid"].split() == ["1000"] * 4
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[capabilities], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.parametrize(
    "path", ["/x", "/etc/x", "/usr/x", "/var/x", "/root/x", "/home/x", "/data/x", "/dev/x", "/sys/x"]
)
def test_nothing_is_writable_but_its_own(shell: Go, path: str) -> None:
    assert shell(f"mkdir -p $(dirname {path}) 2>/dev/null; : > {path}").status is RunStatus.FAILED


def test_the_temporary_folder_is_capped_and_runs_nothing(shell: Go) -> None:
    full = shell("head -c 100000000 /dev/zero > /tmp/x; stat -c %s /tmp/x")
    assert int(full.stdout) == 8 * MIB
    assert shell("cp /bin/true /tmp/t && chmod +x /tmp/t && /tmp/t").exit_code == 126
    assert b"noexec" in shell("grep ' /tmp ' /proc/mounts").stdout


def test_a_core_is_never_dumped(shell: Go) -> None:
    assert shell("ulimit -c; ulimit -Hc").stdout == b"0\n0\n"


def test_the_host_is_not_in_sight(shell: Go) -> None:
    assert shell("hostname").stdout == b"bulle\n"
    assert shell("ls /var/run/docker.sock /run/docker.sock 2>/dev/null").stdout == b""
    assert shell("mount -t tmpfs x /tmp || unshare -U true || chroot / true").status is RunStatus.FAILED


def test_a_read_only_mount_stays_so(python: Go, tmp_path: Path) -> None:
    extract = tmp_path / "extract"
    extract.mkdir()
    (extract / "t.parquet").write_bytes(b"rows")
    os.chmod(extract, 0o777)  # noqa: PTH101 -- only the mount may stop it
    os.chmod(extract / "t.parquet", 0o666)  # noqa: PTH101
    script = """
import os
print(open("/data/t.parquet").read())
for act in (lambda: open("/data/t.parquet", "w"), lambda: open("/data/new", "w"), lambda: os.unlink("/data/t.parquet"),
            lambda: os.chmod("/data/t.parquet", 0)):
    try:
        act()
    except OSError as error:
        print(error.errno)
"""
    mounts = (Mount(PurePosixPath(extract), PurePosixPath("/data"), read_only=True),)
    assert python(script, mounts=mounts).stdout.split() == [b"rows", b"30", b"30", b"30", b"30"]
    assert (extract / "t.parquet").read_bytes() == b"rows"


def test_a_missing_folder_is_not_made_up(image: str, tmp_path: Path) -> None:
    mounts = (Mount(PurePosixPath(tmp_path / "none"), PurePosixPath("/data"), read_only=True),)
    result = ran(plan_for(image, "true", mounts=mounts))
    assert result.status is RunStatus.ENGINE_DOWN
    assert "refused to make the container" in str(result.message)
    assert not (tmp_path / "none").exists()


# When the engine cannot


def test_an_engine_that_is_down_is_a_status(image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    result = ran(plan_for(image, "true"))
    assert (result.status, result.exit_code, result.stdout) == (RunStatus.ENGINE_DOWN, None, b"")
    assert str(result.message).startswith("The container engine does not answer")
    assert str(tmp_path) not in str(result.message)


def test_an_engine_that_goes_away_meanwhile_is_a_status(image: str, engine: docker.APIClient, tmp_path: Path) -> None:
    plan = plan_for(image, "sleep", "600")
    with Door(tmp_path / "door.sock") as door:
        threading.Timer(2, door.shut).start()
        client = docker.APIClient(base_url=f"unix://{door.path}", version="auto")
        result = ran(plan, client=client)
    assert (result.status, result.exit_code) == (RunStatus.ENGINE_DOWN, None)
    assert result.seconds < 20
    # Its container could not be removed; the next run of that name does it.
    assert engine.containers(filters={"name": plan.name})
    again = ContainerPlan(plan.name, image, ("echo", "again"), limits=plan.limits)
    assert ran(again).stdout == b"again\n"
    assert not engine.containers(all=True, filters={"name": plan.name})


class Door:
    """A socket in front of the engine's, which can be shut in the middle of a call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: list[socket.socket] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()

    def __enter__(self) -> Door:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def shut(self) -> None:
        self.path.unlink(missing_ok=True)
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while chunk := one.recv(65536):
                other.sendall(chunk)
            other.shutdown(socket.SHUT_WR)


def test_a_missing_image_is_told_by_name() -> None:
    result = ran(plan_for("bulle/no-such-image:local", "true"))
    assert result.status is RunStatus.ENGINE_DOWN
    assert (
        str(result.message)
        == "The image bulle/no-such-image:local is not on this machine; an operator builds it first."
    )


def test_a_command_that_is_not_there_is_the_engines_refusal(image: str, engine: docker.APIClient) -> None:
    plan = plan_for(image, "/no/such/program")
    result = ran(plan)
    assert result.status in {RunStatus.ENGINE_DOWN, RunStatus.FAILED}
    assert not engine.containers(all=True, filters={"name": plan.name})
