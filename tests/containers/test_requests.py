"""The whole way with the real runner: a container without network, of the workspace's image."""

import os
import threading
import time
from pathlib import Path

import pytest

from egress.airlock.reviewer import ReviewerDesk
from egress.airlock.runners import FrozenRequest, SealedRunner, Standing, standing_of
from egress.dossier.archive import ENVIRONMENT, read_dossier
from egress.release.review import Choice, Vote
from egress.release.status import Status
from egress.rerun.result import RerunStatus
from egress.store.quarantine import Quarantine
from hub.launcher.client import Runs
from hub.launcher.engine import EngineError, connect, image_digest
from hub.policy.model import Membership, Person, Role
from hub.present import Present
from tests.egress.airlock.enclave import BY_SEX, SECRET, TinyEnclave, issue, make_enclave, notebook, release
from tests.egress.release.requests import permit
from tests.launchers import WORKER_IS_ROOT, launcher

pytestmark = pytest.mark.containers
IMAGE = os.environ.get("BULLE_WORKSPACE_IMAGE", "bulle/workspace:local")

# What must fail in the runner for the declared table to come out at all: each line would stop the notebook.
SEALED = """
import os, socket
for attempt in (
    lambda: socket.create_connection(("1.1.1.1", 53), timeout=2),
    lambda: open("/data/new", "w"),
    lambda: open("/etc/new", "w"),
    lambda: open("/outbox/new", "w"),
):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit("not sealed")
assert os.getuid() != 0
assert open("codes.csv").read() == "1,2"
"""


def needs_the_image() -> None:
    try:
        image_digest(IMAGE)
    except EngineError as error:
        pytest.skip(f"needs a container engine with the workspace's image: {error}")


def test_a_request_goes_through_a_sealed_container(tmp_path: Path) -> None:
    needs_the_image()
    enclave = make_enclave(tmp_path)
    runs = tmp_path / "runs"
    enclave.hand_in(notebook(SEALED, release("stays_by_sex", BY_SEX), f"print('{SECRET}')"), codes=b"1,2")
    enclave.airlock.take_in()
    with launcher(tmp_path, IMAGE, WORKER_IS_ROOT, limits=enclave.limits) as socket:
        enclave.airlock = enclave.with_runner(
            SealedRunner(Runs(socket), enclave.limits, enclave.layout, _standing(enclave))
        )
        request = enclave.airlock.process("costs-1")
    assert request.status is Status.IN_REVIEW, (request.reasons, request.failure)
    assert request.rerun is not None
    assert request.rerun.isolation == "container"
    assert request.rerun.image.startswith("sha256:")
    assert list(runs.iterdir()) == []
    enclave.desk.review("costs-1", "carol", (Vote("stays_by_sex", Choice.APPROVE),))
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    assert SECRET.encode() not in enclave.desk.download("costs-1", "alice")
    with launcher(tmp_path, IMAGE, WORKER_IS_ROOT, limits=enclave.limits) as socket:
        runner = SealedRunner(Runs(socket), enclave.limits, enclave.layout, _standing(enclave))
        enclave.airlock = enclave.with_runner(runner)
        _reproduce(enclave, request.rerun.image)
        _refuse_another_image(enclave, runner)
    assert list(runs.iterdir()) == []
    enclave.log.close()


def _standing(enclave: TinyEnclave) -> Standing:
    return standing_of(Present(enclave.log, enclave.clock))


def _refuse_another_image(enclave: TinyEnclave, runner: SealedRunner) -> None:
    """Asked for a run in an image that it has not, the launcher runs nothing and says what to do."""
    wanted = FrozenRequest("costs-1", "costs", "alice", notebook("print(1)"), {}, image=f"sha256:{'0' * 64}")
    found = runner(wanted, enclave.layout.extract("costs", "v1"))
    assert found.status is RerunStatus.NOT_RUN
    assert "load that image" in str(found.message)


def _reproduce(enclave: TinyEnclave, image: str) -> None:
    """A reviewer has it run again in the same image, which is named with its packages."""
    enclave.log.append("admin", "person.added", "", {"person": Person(id="rita", name="Rita Lenoir").model_dump()})
    reviewer = (Membership(person="rita", role=Role.REPRODUCIBILITY_REVIEWER),)
    issue(enclave.log, permit(project="again", reproduces="costs", persons=reviewer))
    desk = ReviewerDesk(enclave.log, Quarantine(enclave.root / "quarantine"), enclave.clock)
    asked = desk.ask("costs-1", "rita")
    assert enclave.airlock.reproduce() == ("costs-1",)
    found = desk.certificate(asked)
    assert isinstance(found, dict), found
    assert [str(sentence) for sentence in found["says"]] == ["Reproduced: 1 of 1 outputs have the same bytes."]
    assert (found["image"], found["isolation"]) == (image, "container")
    study = read_dossier(Quarantine(enclave.root / "quarantine").get(found["dossier"]))
    assert b"jupyterlab==" in study[ENVIRONMENT]
    assert study["study/codes.csv"] == b"1,2"


ENDS = [
    ("access.halted", "", {"scope": "project", "name": "costs", "why": "incident"}),
    ("permit.ended", "costs", {"why": "over"}),
]


@pytest.mark.parametrize(("kind", "project", "body"), ENDS)
def test_a_run_that_is_halted_is_killed(tmp_path: Path, kind: str, project: str, body: dict[str, str]) -> None:
    needs_the_image()
    enclave, engine = make_enclave(tmp_path), connect()
    enclave.hand_in(notebook("import time\ntime.sleep(600)", release("stays_by_sex", BY_SEX)))
    enclave.airlock.take_in()
    with launcher(tmp_path, IMAGE, WORKER_IS_ROOT, limits=enclave.limits) as socket:
        runner = SealedRunner(Runs(socket), enclave.limits, enclave.layout, _standing(enclave))
        enclave.airlock = enclave.with_runner(runner)
        working = threading.Thread(target=enclave.airlock.process, args=("costs-1",))
        working.start()
        deadline = time.monotonic() + 60
        while not engine.containers(filters={"name": "^/bulle-run-costs-1$"}):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        enclave.log.append("opal", kind, project, body)
        halted = time.monotonic()
        working.join(60)
        while engine.containers(all=True, filters={"name": "^/bulle-run-costs-1$"}):
            assert time.monotonic() < halted + 10
            time.sleep(0.1)
    assert time.monotonic() < halted + 10
    assert enclave.last("request.failed")["reason"]["text"] != ""
    assert enclave.desk.look().request("costs-1").status is Status.SUBMITTED
    assert list((tmp_path / "runs").iterdir()) == []
