"""The plan of a re-run: sealed by value."""

from __future__ import annotations

from pathlib import PurePosixPath

from hub.launcher.seal import create_arguments
from hub.policy.limits import RunnerLimits
from hub.run import RunPlan, run_container
from hub.workspace import StateLayout

LIMITS = RunnerLimits(
    memory_mb=1024, cpus=0.5, pids=77, file_mb=64, open_files=256, seconds=60, max_output_mb=3, scratch_mb=9
)
PLAN = run_container(
    RunPlan("study-1", "study", "20261122T000000Z-0"), StateLayout(PurePosixPath("/state")), "sha256:abc", LIMITS
)


def test_the_run_has_no_network_and_writes_nothing_that_stays() -> None:
    assert PLAN.network is None
    assert PLAN.image == "sha256:abc"
    assert {(str(mount.source), str(mount.target), mount.read_only) for mount in PLAN.mounts} == {
        ("/state/runs/study-1", "/work", True),
        ("/state/runs/study-1.imports", "/imports", True),
        ("/state/extracts/study/20261122T000000Z-0", "/data", True),
    }
    assert {(str(folder.target), folder.size_mb) for folder in PLAN.tmpfs} == {("/out/run", 3), ("/tmp", 9)}


def test_limits_come_from_the_policy() -> None:
    limits = PLAN.limits
    assert (limits.memory_mb, limits.cpus, limits.pids, limits.seconds) == (1024, 0.5, 77, 60)


def test_the_run_gets_no_secret_and_no_workspace_door() -> None:
    assert set(PLAN.environment) == {"BULLE_EXTRACT", "BULLE_RERUN", "BULLE_OUT", "BULLE_PROJECT", "HOME"}
    host = create_arguments(PLAN)["config"]["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
