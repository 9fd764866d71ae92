"""The seal: a ContainerPlan as the body of the engine's create call. Pure; each option stands here or in the plan."""

from __future__ import annotations

from typing import Any

from hub.container import SANDBOX_USER, ContainerPlan, Limits, Mount, Tmpfs
from hub.launcher.system_calls import seccomp_profile

MIB = 1024 * 1024
SHARED_MEMORY_MIB = 64
RUNSC = "runsc"
RUNTIMES = ("runc", RUNSC)

# An upstream resolver that answers nobody: engine 20.10 forwards names of internal networks from the host
# (CVE-2024-29018), so a name asked for is a way out. Names of attached containers still resolve.
NO_RESOLVER = ("127.0.0.1",)
RESOLVER_OPTIONS = ("timeout:1", "attempts:1")


def create_arguments(plan: ContainerPlan) -> dict[str, Any]:
    """`name` and `config` for `docker.APIClient.create_container_from_config`: the Engine API's own words.

    Raises: ValueError for a runtime that the container may not have.
    Nothing is left to the engine's or the image's defaults that would open the container.
    PID 1 is the image's entry point (an execute-only tini), not the engine's `init`, which is a readable host binary.
    """
    if plan.runtime not in RUNTIMES or (plan.runtime == RUNSC and plan.network is not None):
        raise ValueError("no sealed container is run by that")
    config = {
        "Image": plan.image,
        "Cmd": list(plan.command),
        "Env": [f"{key}={value}" for key, value in sorted(plan.environment.items())],
        "User": SANDBOX_USER,
        "WorkingDir": "/",
        "Hostname": "bulle",
        "Tty": False,
        "Labels": dict(plan.labels),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config(plan),
    }
    if plan.runtime == RUNSC:
        config["Entrypoint"] = [
            ""
        ]  # it starts no program that cannot be read, as the image's tini; nothing to hide here
    if plan.network is not None:
        config["NetworkingConfig"] = {"EndpointsConfig": {plan.network: {}}}
    return {"name": plan.name, "config": config}


def _host_config(plan: ContainerPlan) -> dict[str, Any]:
    memory = plan.limits.memory_mb * MIB
    return {
        "Runtime": plan.runtime,
        "NetworkMode": plan.network or "none",
        "Dns": list(NO_RESOLVER),
        "DnsOptions": list(RESOLVER_OPTIONS),
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={seccomp_profile()}"],
        "ReadonlyRootfs": True,
        "Mounts": [_bind(mount) for mount in plan.mounts],
        "Tmpfs": {str(tmpfs.target): _memory_folder(tmpfs) for tmpfs in plan.tmpfs},
        "ShmSize": SHARED_MEMORY_MIB * MIB,
        "IpcMode": "private",
        "Memory": memory,
        "MemorySwap": memory,  # equal: no swap
        "NanoCpus": int(plan.limits.cpus * 1_000_000_000),
        "PidsLimit": plan.limits.pids,
        "Ulimits": _limits_of_a_process(plan.limits),
        "OomScoreAdj": 500,  # when the host itself runs out, sandboxes go before services
        "Init": False,
        "AutoRemove": False,  # how it ended must still be readable
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "LogConfig": _log(plan),
    }


def _bind(mount: Mount) -> dict[str, Any]:
    # As a Mount, a missing source is an error; as a "bind" string the engine would make it, owned by root.
    # Not recursive: "read-only" does not reach mounts below the source.
    return {
        "Type": "bind",
        "Source": str(mount.source),
        "Target": str(mount.target),
        "ReadOnly": mount.read_only,
        "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
    }


def _limits_of_a_process(limits: Limits) -> list[dict[str, Any]]:
    # No nproc: the kernel counts a user's processes over all containers. PidsLimit counts those of this one.
    each = (("core", 0), ("fsize", limits.file_mb * MIB), ("nofile", limits.open_files))
    return [{"Name": name, "Soft": value, "Hard": value} for name, value in each]


def _memory_folder(tmpfs: Tmpfs) -> str:
    return f"rw,noexec,nosuid,nodev,size={tmpfs.size_mb}m,mode=1777"


def _log(plan: ContainerPlan) -> dict[str, Any]:
    if plan.network is None:  # a runner: what it writes is output under check, and never enters a host log
        return {"Type": "none", "Config": {}}
    return {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}}
