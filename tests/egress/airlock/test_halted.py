"""A halt freezes what is on its way out, wherever it is; lifted, everything goes on from there."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from egress.airlock.runners import FrozenRequest
from egress.release.review import Choice, Vote
from egress.release.status import Status
from egress.rerun.result import RerunResult
from hub.policy.verdict import RefusedError
from tests.egress.airlock.enclave import BY_SEX, TinyEnclave, issue, notebook, release
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.release.requests import permit

STUDY = notebook(release("stays_by_sex", BY_SEX))
NOISY = notebook(release("noisy", BY_SEX, protect="dp", rho=0.1))
APPROVE = (Vote("stays_by_sex", Choice.APPROVE),)
HALTS = [("project", "costs"), ("person", "alice"), ("all", "")]


def halt(enclave: TinyEnclave, scope: str = "project", name: str = "costs") -> None:
    enclave.log.append("opal", "access.halted", "", {"scope": scope, "name": name, "why": "incident"})


def resume(enclave: TinyEnclave, scope: str = "project", name: str = "costs") -> None:
    enclave.log.append("opal", "access.resumed", "", {"scope": scope, "name": name, "why": "clear"})


def now(enclave: TinyEnclave) -> tuple[Status, str]:
    found = enclave.desk.look().request("costs-1")
    return found.status, str(found.failure.reason) if found.failure else ""


def refused(act: object, *arguments: object) -> str:
    with pytest.raises(RefusedError) as caught:
        act(*arguments)  # type: ignore[operator]  # a method of the desk
    return caught.value.refusal.rule


@pytest.mark.parametrize(("scope", "name"), HALTS)
def test_nothing_moves_at_any_step_and_everything_goes_on_afterwards(
    enclave: TinyEnclave, scope: str, name: str
) -> None:
    rule = f"halt.{scope}"
    enclave.hand_in(STUDY)
    enclave.airlock.take_in()
    halt(enclave, scope, name)
    assert enclave.airlock.process("costs-1").status is Status.SUBMITTED
    assert "halted since" in now(enclave)[1]
    assert refused(enclave.acts.withdraw, "costs-1", "alice") == rule
    resume(enclave, scope, name)
    assert enclave.airlock.process("costs-1").status is Status.IN_REVIEW

    enclave.desk.review("costs-1", "carol", APPROVE)
    halt(enclave, scope, name)
    assert enclave.airlock.process("costs-1").status is Status.APPROVED
    assert not (enclave.root / "exports").exists()
    resume(enclave, scope, name)
    assert enclave.airlock.process("costs-1").status is Status.RELEASED

    halt(enclave, scope, name)
    assert refused(enclave.desk.download, "costs-1", "alice") == rule
    assert enclave.last("package.download_refused")["rule"] == rule
    resume(enclave, scope, name)
    assert enclave.desk.download("costs-1", "alice").startswith(b"PK")


@pytest.mark.parametrize(("scope", "name"), [("project", "costs"), ("person", "carol"), ("all", "")])
def test_no_vote_is_taken(enclave: TinyEnclave, scope: str, name: str) -> None:
    enclave.ask(STUDY, "first")
    halt(enclave, scope, name)
    assert refused(enclave.desk.review, "costs-1", "carol", APPROVE) == f"halt.{scope}"
    assert enclave.last("review.refused")["rule"] == f"halt.{scope}"


def test_a_submission_is_refused_at_the_door(enclave: TinyEnclave) -> None:
    halt(enclave)
    enclave.hand_in(STUDY)
    assert enclave.airlock.take_in() == ()
    assert "Project costs is halted" in enclave.last("request.refused_entry")["reason"]["text"].format(
        name="costs", since=""
    )


@pytest.mark.parametrize("stop", ["halt", "end", "remove"])
def test_what_ran_while_it_was_stopped_is_not_taken(enclave: TinyEnclave, stop: str) -> None:
    def run(frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        if stop == "halt":
            halt(enclave)
        elif stop == "end":
            enclave.log.append("dora", "permit.ended", "costs", {"why": "over"})
        else:
            enclave.log.append("admin", "person.removed", "", {"person": "alice", "why": "left"})
        return RememberingRunner()(frozen, extract)

    enclave.airlock = enclave.with_runner(run)
    assert enclave.ask(STUDY, "first").status is Status.SUBMITTED
    assert enclave.kinds() == ["request.submitted", "request.failed"]


def test_a_package_that_was_being_made_is_discarded(enclave: TinyEnclave, monkeypatch: pytest.MonkeyPatch) -> None:
    enclave.ask(STUDY, "first")
    enclave.desk.review("costs-1", "carol", APPROVE)
    made = enclave.airlock._exports.write

    def write(request: str, package: bytes) -> str:
        digest = made(request, package)
        halt(enclave)  # at this very moment
        return digest

    monkeypatch.setattr(enclave.airlock._exports, "write", write)
    assert enclave.airlock.process("costs-1").status is Status.APPROVED
    assert list((enclave.root / "exports").rglob("*.zip")) == []
    resume(enclave)
    monkeypatch.undo()
    assert enclave.airlock.process("costs-1").status is Status.RELEASED


def test_no_rho_is_spent_by_what_is_examined_when_the_halt_comes(
    enclave: TinyEnclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = enclave.airlock._examiner.examine

    def examined(*arguments: object) -> object:
        halt(enclave)  # after the author's standing was asked, before the reservation
        return examine(*arguments)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(enclave.airlock._examiner, "examine", examined)
    assert enclave.ask(NOISY, "first").status is Status.RERUN
    kinds = [event.kind for event in enclave.log.read()]
    assert "privacy.refused" in kinds
    assert "privacy.reserved" not in kinds
    monkeypatch.undo()
    resume(enclave)
    enclave.airlock.process("costs-1")
    assert "privacy.released" in [event.kind for event in enclave.log.read()]


def test_an_ended_permit_stays_ended_until_another_is_issued(enclave: TinyEnclave) -> None:
    enclave.ask(STUDY, "first")
    enclave.desk.review("costs-1", "carol", APPROVE)
    enclave.log.append("dora", "permit.ended", "costs", {"why": "over"})
    resume(enclave)  # no halt's end ends this
    enclave.log.append("opal", "access.resumed", "", {"scope": "permit", "name": "costs", "why": "forged"})
    assert enclave.airlock.process("costs-1").status is Status.APPROVED
    assert "was ended at" in now(enclave)[1]
    issue(enclave.log, permit())
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
