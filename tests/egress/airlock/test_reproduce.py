"""An approved request run again by its reproducibility reviewer: same outputs, and what stops it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import pytest

from bulle.__main__ import run
from bulle.cli.schemas import schemas
from egress.airlock.reviewer import ReviewerDesk
from egress.airlock.runners import FrozenRequest, Runner
from egress.rerun.result import RerunResult
from egress.store.quarantine import Quarantine
from hub.policy.model import Membership, Person, Role
from hub.policy.verdict import RefusedError
from tests.egress.airlock.enclave import BY_REGION, BY_SEX, TinyEnclave, issue, make_enclave, notebook, release
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.release.requests import permit

STUDY = notebook(
    release("stays_by_sex", BY_SEX),
    release("stays_by_region", BY_REGION),
    release("noisy_by_sex", BY_SEX, protect="dp", rho=0.1),
)
LESS = notebook("pass", release("stays_by_region", BY_REGION))
REVIEWER = (Membership(person="rita", role=Role.REPRODUCIBILITY_REVIEWER),)


@pytest.fixture(scope="module")
def enclave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyEnclave]:
    """One released request, and another of the same source that was released after it."""
    made = make_enclave(tmp_path_factory.mktemp("enclave"))
    made.airlock = made.with_runner(RememberingRunner())
    made.log.append("admin", "person.added", "", {"person": Person(id="rita", name="Rita Lenoir").model_dump()})
    issue(made.log, permit(project="again", reproduces="costs", persons=REVIEWER))
    for name, study in (("first", STUDY), ("second", LESS)):
        request = made.ask(study, name)
        made.approve(request.id)
        made.airlock.process(request.id)
    yield made
    made.log.close()


def reviewers(enclave: TinyEnclave) -> ReviewerDesk:
    return ReviewerDesk(enclave.log, Quarantine(enclave.root / "quarantine"), enclave.clock)


def again(enclave: TinyEnclave, runner: Runner | None = None) -> Any:
    """Ask, have it run, and what came of it."""
    asked = reviewers(enclave).ask("costs-1", "rita")
    enclave.with_runner(runner or RememberingRunner()).reproduce()
    return reviewers(enclave).certificate(asked)


def test_every_output_without_noise_has_the_same_bytes(enclave: TinyEnclave) -> None:
    before = [event for event in enclave.log.read() if event.kind.startswith("privacy.")]
    found = again(enclave)
    assert [str(sentence) for sentence in found["says"]] == [
        "Reproduced: 2 of 3 outputs have the same bytes.",
        "Outputs with noise, which is not drawn again: 1.",
    ]
    assert {each["name"]: each["verdict"] for each in found["outputs"]} == {
        "stays_by_sex": "same",
        "stays_by_region": "same",
        "noisy_by_sex": "not_compared",
    }
    assert found["dossier"] == enclave.desk.look().request("costs-1").dossier
    assert [event for event in enclave.log.read() if event.kind.startswith("privacy.")] == before
    assert enclave.last("reproduction.ended")["summary"]["same"] == 2
    assert enclave.airlock.reproduce() == ()


def test_asked_twice_while_it_waits_it_runs_once(enclave: TinyEnclave) -> None:
    first = reviewers(enclave).ask("costs-1", "rita")
    assert reviewers(enclave).ask("costs-1", "rita") == first
    assert reviewers(enclave).certificate(first) is None
    assert enclave.airlock.reproduce() == ("costs-1",)


def other(change: Callable[[RerunResult], RerunResult], study: bytes = STUDY) -> Runner:
    def runner(frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        return change(RememberingRunner()(replace(frozen, notebook=study), extract))

    return runner


def test_what_the_re_run_does_not_give_is_missing(enclave: TinyEnclave) -> None:
    found = again(enclave, other(lambda result: result, LESS))
    assert found["summary"] == {"same": 1, "differs": 0, "missing": 1, "not_compared": 1}


def test_another_image_is_refused_with_what_to_do(enclave: TinyEnclave) -> None:
    found = str(again(enclave, other(lambda result: replace(result, image="sha256:1"))))
    assert "sha256:1" in found
    assert "load that image" in found
    assert enclave.last("reproduction.refused")["asked"]


def test_a_changed_extract_is_refused_before_anything_runs(enclave: TinyEnclave) -> None:
    def never(frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        raise AssertionError("it ran")

    table = Path(enclave.layout.extract("costs", "v1")) / "stay.parquet"
    kept = table.read_bytes()
    table.chmod(0o600)
    try:
        table.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        assert "was changed" in str(again(enclave, never))
    finally:
        table.write_bytes(kept)


def test_without_a_permit_of_their_own_nobody_asks(enclave: TinyEnclave) -> None:
    for person in ("alice", "carol", "mallory"):
        with pytest.raises(RefusedError):
            reviewers(enclave).ask("costs-1", person)
        assert enclave.last("reproduction.refused")["request"] == "costs-1"
    with pytest.raises(RefusedError, match="no request"):
        reviewers(enclave).ask("costs-9", "rita")


def test_a_permit_that_ends_while_it_waits_stops_it(enclave: TinyEnclave) -> None:
    asked = reviewers(enclave).ask("costs-1", "rita")
    enclave.log.append("admin", "permit.ended", "again", {"why": "done"})
    enclave.airlock.reproduce()
    assert "was ended" in str(reviewers(enclave).certificate(asked))
    issue(enclave.log, permit(project="again", reproduces="costs", persons=REVIEWER))


def test_the_command_line_shows_it_and_keeps_its_contract(
    enclave: TinyEnclave, capsys: pytest.CaptureFixture[str]
) -> None:
    again(enclave)
    call = ["--state", str(enclave.root), "rerun", "costs-1", "--as", "rita", "--last"]
    assert run([*call, "--json"], {}) == 1  # one output has noise
    answer = json.loads(capsys.readouterr().out)
    jsonschema.validate(answer, schemas()["rerun.schema.json"])
    assert answer["certificate"]["summary"]["same"] == 2
    assert run(call, {"LANG": "fr_FR.UTF-8"}) == 1
    said = capsys.readouterr().out
    assert "Reproduits : 2 résultats sur 3 ont les mêmes octets." in said
    assert "identique" in said
    assert run(["--state", str(enclave.root), "rerun", "costs-1", "--as", "alice", "--last"], {}) == 2


def test_no_value_of_a_cell_stands_in_log_or_certificate(enclave: TinyEnclave) -> None:
    found = again(enclave)
    assert found["outputs"]
    for event in enclave.log.read():
        if event.kind.startswith("reproduction."):
            assert "240" not in json.dumps({key: each for key, each in event.body.items() if key != "certificate"})
    stored = Quarantine(enclave.root / "quarantine").get(enclave.last("reproduction.ended")["certificate"])
    assert b"north" not in stored
