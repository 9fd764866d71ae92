"""The seal, option by option, and the arithmetic of networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.container import ContainerPlan, Limits, Mount, Tmpfs
from hub.launcher.networks import next_subnet
from hub.launcher.runs import run
from hub.launcher.seal import create_arguments
from hub.launcher.system_calls import seccomp_profile

at = PurePosixPath

PLAN = ContainerPlan(
    name="bulle-run-1",
    image="sha256:abc",
    command=("python3", "-m", "x"),
    environment={"B": "2", "A": "1=1"},
    mounts=(Mount(at("/s/e"), at("/data"), read_only=True), Mount(at("/s/h"), at("/home/researcher"), read_only=False)),
    tmpfs=(Tmpfs(at("/tmp"), 256),),
    limits=Limits(memory_mb=512, cpus=1.5, pids=64, file_mb=3, open_files=88, seconds=60),
    labels={"bulle.role": "runner"},
)

GOLDEN = {
    "name": "bulle-run-1",
    "config": {
        "Image": "sha256:abc",
        "Cmd": ["python3", "-m", "x"],
        "Env": ["A=1=1", "B=2"],
        "User": "1000:1000",
        "WorkingDir": "/",
        "Hostname": "bulle",
        "Tty": False,
        "Labels": {"bulle.role": "runner"},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "Runtime": "runc",
            "NetworkMode": "none",
            "Dns": ["127.0.0.1"],
            "DnsOptions": ["timeout:1", "attempts:1"],
            "Privileged": False,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true", f"seccomp={seccomp_profile()}"],
            "ReadonlyRootfs": True,
            "Mounts": [
                {
                    "Type": "bind",
                    "Source": "/s/e",
                    "Target": "/data",
                    "ReadOnly": True,
                    "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
                },
                {
                    "Type": "bind",
                    "Source": "/s/h",
                    "Target": "/home/researcher",
                    "ReadOnly": False,
                    "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
                },
            ],
            "Tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=256m,mode=1777"},
            "ShmSize": 67108864,
            "IpcMode": "private",
            "Memory": 536870912,
            "MemorySwap": 536870912,
            "NanoCpus": 1500000000,
            "PidsLimit": 64,
            "Ulimits": [
                {"Name": "core", "Soft": 0, "Hard": 0},
                {"Name": "fsize", "Soft": 3145728, "Hard": 3145728},
                {"Name": "nofile", "Soft": 88, "Hard": 88},
            ],
            "OomScoreAdj": 500,
            "Init": False,
            "AutoRemove": False,
            "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "LogConfig": {"Type": "none", "Config": {}},
        },
    },
}


def test_the_seal_is_exactly_this() -> None:
    assert create_arguments(PLAN) == GOLDEN


def test_a_workspace_differs_by_its_network_and_a_capped_log() -> None:
    sealed = create_arguments(replace(PLAN, network="bulle-ws-p--alice"))["config"]
    assert sealed.pop("NetworkingConfig") == {"EndpointsConfig": {"bulle-ws-p--alice": {}}}
    host, golden = sealed["HostConfig"], GOLDEN["config"]["HostConfig"]  # type: ignore[index]  # a literal
    changed = {key for key in golden if host[key] != golden[key]}
    assert changed == {"NetworkMode", "LogConfig"}
    assert host["NetworkMode"] == "bulle-ws-p--alice"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}}


def test_a_run_by_gvisor_differs_by_its_runtime_and_has_no_tini() -> None:
    sealed = create_arguments(replace(PLAN, runtime="runsc"))["config"]
    assert sealed.pop("Entrypoint") == [""]
    assert sealed["HostConfig"].pop("Runtime") == "runsc"
    golden = create_arguments(PLAN)["config"]
    assert golden["HostConfig"].pop("Runtime") == "runc"
    assert sealed == golden


@pytest.mark.parametrize(("runtime", "network"), [("runsc", "bulle-ws-p--alice"), ("kata", None), ("", None)])
def test_no_other_runtime_and_no_gvisor_for_workspaces(runtime: str, network: str | None) -> None:
    with pytest.raises(ValueError, match="no sealed container"):
        create_arguments(replace(PLAN, runtime=runtime, network=network))


names = st.text(min_size=1, max_size=20)


@given(
    name=names,
    image=names,
    command=st.lists(names, max_size=3),
    environment=st.dictionaries(names, names, max_size=3),
    labels=st.dictionaries(names, names, max_size=3),
    network=st.none() | names,
    memory=st.integers(1, 10**6),
)
def test_no_plan_opens_the_seal(  # noqa: PLR0917 -- Hypothesis gives them by name
    name: str,
    image: str,
    command: list[str],
    environment: Mapping[str, str],
    labels: Mapping[str, str],
    network: str | None,
    memory: int,
) -> None:
    plan = ContainerPlan(
        name, image, tuple(command), Limits(memory, 1.0, 10, 1, 64), environment, network=network, labels=labels
    )
    config: dict[str, Any] = create_arguments(plan)["config"]
    host = config["HostConfig"]
    assert config["User"] == "1000:1000"
    assert host["CapDrop"] == ["ALL"]
    assert "CapAdd" not in host
    assert host["SecurityOpt"] == ["no-new-privileges:true", f"seccomp={seccomp_profile()}"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["NetworkMode"] == (network or "none")
    assert host["Memory"] == host["MemorySwap"] > 0
    assert not {"Binds", "Devices", "PidMode", "UsernsMode", "PortBindings", "VolumesFrom"} & set(host)


@pytest.mark.parametrize(
    "plan",
    [replace(PLAN, network="some"), replace(PLAN, limits=Limits(512, 1.0, 64, 1, 64))],
    ids=["with a network", "without a time limit"],
)
def test_what_is_no_run_is_not_run(plan: ContainerPlan) -> None:
    with pytest.raises(ValueError, match="no network and a time limit"):
        run(plan, 1, bytes)


SUPERNET = IPv4Network("10.213.0.0/27")


@pytest.mark.parametrize(
    ("taken", "subnet"),
    [
        ([], "10.213.0.0/29"),
        (["10.213.0.0/29"], "10.213.0.8/29"),
        (["10.213.0.8/29"], "10.213.0.0/29"),
        (["10.213.0.3/32"], "10.213.0.8/29"),
        (["10.213.0.0/28"], "10.213.0.16/29"),
        (["172.17.0.0/16"], "10.213.0.0/29"),
        (["10.0.0.0/8"], None),
        (["10.213.0.0/29", "10.213.0.8/29", "10.213.0.16/29", "10.213.0.24/29"], None),
    ],
)
def test_the_next_subnet_is_the_first_free_one(taken: list[str], subnet: str | None) -> None:
    found = next_subnet(SUPERNET, map(IPv4Network, taken))
    assert found == (IPv4Network(subnet) if subnet else None)


def test_a_supernet_of_sixteen_bits_holds_8192_workspaces() -> None:
    supernet = IPv4Network("10.213.0.0/16")
    assert sum(1 for _ in supernet.subnets(new_prefix=29)) == 8192
