"""A run by gVisor, where the engine knows it."""

from __future__ import annotations

from dataclasses import replace

import docker
import pytest

from hub.run import RunStatus
from tests.containers.test_launcher_runs import plan_for, ran

pytestmark = pytest.mark.containers


def test_a_run_by_gvisor_sees_no_kernel_of_the_host(engine: docker.APIClient, image: str) -> None:
    if "runsc" not in engine.info()["Runtimes"]:
        pytest.skip("the engine knows no runtime runsc (gVisor)")
    plan = replace(plan_for(image, "python3", "-c", "import os; print(os.uname().release)"), runtime="runsc")
    result = ran(plan)
    assert (result.status, result.stdout) == (RunStatus.FINISHED, b"4.4.0\n")
