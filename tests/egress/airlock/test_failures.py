"""Every step that can fail: one sentence, an event, the request where it was, and on it goes afterwards."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import PurePosixPath

import pyarrow.parquet as pq
import pytest

from egress.airlock.runners import FrozenRequest, LocalRunner, SealedRunner
from egress.release.model import ReleaseRequest
from egress.release.review import Choice, Vote
from egress.release.status import Status
from egress.rerun.result import RerunResult
from hub.launcher.client import Runs
from hub.policy.limits import read_limits
from tests.egress.airlock.enclave import (
    BY_SEX,
    ENDED,
    SECRET,
    SINGLE_PERSONS,
    TinyEnclave,
    issue,
    notebook,
    release,
)
from tests.egress.airlock.remembering import RememberingRunner
from tests.egress.release.requests import permit
from tests.egress.store.volumes import small_volume

STUDY = notebook(release("stays_by_sex", BY_SEX))


def now(enclave: TinyEnclave) -> ReleaseRequest:
    return enclave.desk.look().request("costs-1")


def failure(enclave: TinyEnclave) -> str:
    found = now(enclave).failure
    assert found is not None
    return str(found.reason)


def to_review(enclave: TinyEnclave, content: bytes = STUDY) -> ReleaseRequest:
    enclave.hand_in(content)
    enclave.airlock.take_in()
    return enclave.airlock.process("costs-1")


def approve(enclave: TinyEnclave) -> None:
    assert to_review(enclave).status is Status.IN_REVIEW
    enclave.desk.review("costs-1", "carol", (Vote("stays_by_sex", Choice.APPROVE),))


def test_the_launcher_is_down_and_comes_back(enclave: TinyEnclave) -> None:
    runner = SealedRunner(Runs(enclave.root / "no-launcher"), read_limits(), enclave.layout, lambda _: None)
    sealed = enclave.with_runner(runner)
    enclave.hand_in(STUDY)
    sealed.take_in()
    assert sealed.process("costs-1").status is Status.SUBMITTED
    assert failure(enclave)
    assert not (enclave.root / "runs").exists()
    assert enclave.airlock.process("costs-1").status is Status.IN_REVIEW
    assert now(enclave).failure is None


def test_one_fact_is_told_once_an_hour(enclave: TinyEnclave) -> None:
    issue(enclave.log, permit())
    enclave.hand_in(STUDY)
    enclave.airlock.take_in()
    issue(enclave.log, permit(**ENDED))
    for _ in range(4):
        enclave.airlock.process("costs-1")
    assert enclave.kinds().count("request.failed") == 1
    enclave.clock.now += timedelta(hours=1)
    enclave.airlock.process("costs-1")
    assert enclave.kinds().count("request.failed") == 2


def test_a_permit_that_ends_meanwhile_stops_the_request_where_it_is(enclave: TinyEnclave) -> None:
    approve(enclave)
    issue(enclave.log, permit(**ENDED))
    assert enclave.airlock.process("costs-1").status is Status.APPROVED
    assert "ended on 2026-05-31" in failure(enclave)
    assert not (enclave.root / "exports").exists()
    issue(enclave.log, permit())
    assert enclave.airlock.process("costs-1").status is Status.RELEASED


def test_the_extract_loses_a_column_and_gets_it_back(enclave: TinyEnclave) -> None:
    file = enclave.root / "extracts" / "costs" / "v1" / "stay.parquet"
    shutil.copy(file, enclave.root / "kept.parquet")
    enclave.hand_in(STUDY)
    enclave.airlock.take_in()
    assert enclave.airlock.advance("costs-1")
    file.chmod(0o600)
    pq.write_table(pq.read_table(file).drop_columns(["sex"]), file)
    assert enclave.airlock.process("costs-1").status is Status.RERUN
    assert "sex" in failure(enclave)
    assert "stay" in failure(enclave)
    shutil.copy(enclave.root / "kept.parquet", file)
    assert enclave.airlock.process("costs-1").status is Status.IN_REVIEW


def test_another_extract_in_its_place_is_not_used(enclave: TinyEnclave) -> None:
    manifest = enclave.root / "extracts" / "costs" / "v1" / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text(manifest.read_text().replace('"rows": 400', '"rows": 401'))
    assert to_review(enclave).status is Status.SUBMITTED
    assert "not the one that was built" in failure(enclave)


def test_a_changed_notebook_in_quarantine_is_not_run(enclave: TinyEnclave) -> None:
    enclave.hand_in(STUDY)
    enclave.airlock.take_in()
    digest = now(enclave).notebook.sha256
    (enclave.root / "quarantine" / digest[:2] / digest).write_bytes(notebook("print(1)"))
    assert enclave.airlock.process("costs-1").status is Status.SUBMITTED
    assert "changed after it was frozen" in failure(enclave)


@pytest.mark.parametrize("what", ["report", "rules"])
def test_a_changed_result_in_quarantine_does_not_leave(enclave: TinyEnclave, what: str) -> None:
    approve(enclave)
    request = now(enclave)
    assert request.basis is not None
    digest = request.outputs[0].report if what == "report" else request.basis.rules
    path = enclave.root / "quarantine" / digest[:2] / digest
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b"200", b"999") if what == "report" else kept.replace(b"11", b"12"))
    assert path.read_bytes() != kept
    assert enclave.airlock.process("costs-1").status is Status.APPROVED
    assert "changed after it was frozen" in failure(enclave)
    assert not (enclave.root / "exports").exists()
    path.write_bytes(kept)
    assert enclave.airlock.process("costs-1").status is Status.RELEASED


def test_the_export_volume_is_full_and_gets_room(enclave: TinyEnclave) -> None:
    approve(enclave)
    with small_volume(enclave.root / "exports", "4k") as volume:
        (volume / "filler").write_bytes(b"x" * 4096)
        assert enclave.airlock.process("costs-1").status is Status.APPROVED
        assert "full" in failure(enclave)
        assert [path.name for path in volume.iterdir()] == ["filler"]
        subprocess.run(["mount", "-o", "remount,size=1m", str(volume)], check=True)
        assert enclave.airlock.process("costs-1").status is Status.RELEASED
        assert enclave.desk.download("costs-1", "alice").startswith(b"PK")


def test_a_changed_package_is_not_handed_out(enclave: TinyEnclave) -> None:
    approve(enclave)
    enclave.airlock.process("costs-1")
    path = enclave.root / "exports" / "costs-1" / "package.zip"
    kept = path.read_bytes()
    path.write_bytes(kept + b"x")
    with pytest.raises(Exception, match="changed after it was sealed"):
        enclave.desk.download("costs-1", "alice")
    assert enclave.last("package.download_refused")["rule"] == "package.unreadable"
    path.write_bytes(kept)
    assert enclave.desk.download("costs-1", "alice") == kept


def test_a_notebook_that_fails_goes_back_to_its_author(enclave: TinyEnclave) -> None:
    request = to_review(enclave, notebook(f"raise ValueError('{SECRET}')"))
    assert request.status is Status.REFUSED
    assert "Cell 2 of the notebook failed" in str(request.reasons[0])
    assert enclave.kinds() == ["request.submitted", "request.rerun", "request.refused"]
    assert all(SECRET not in str(event.body) for event in enclave.log.read())


def test_a_notebook_that_runs_too_long_goes_back_to_its_author(enclave: TinyEnclave) -> None:
    enclave.airlock = enclave.with_runner(LocalRunner(read_limits().runner.model_copy(update={"seconds": 4})))
    request = to_review(enclave, notebook("import time; time.sleep(600)"))
    assert request.status is Status.REFUSED
    assert "longer than the 4 seconds" in str(request.reasons[0])


def test_bytes_that_are_no_notebook_go_back_to_their_author(enclave: TinyEnclave) -> None:
    request = to_review(enclave, b"\x00" * 100)
    assert request.status is Status.REFUSED
    assert request.reasons


def test_a_notebook_that_declares_nothing_goes_back_to_its_author(enclave: TinyEnclave) -> None:
    request = to_review(enclave, notebook(f"print('{SECRET}')"))
    assert request.status is Status.REFUSED
    assert "declares nothing" in str(request.reasons[0])
    assert [thing.kind for thing in request.undeclared] == ["stdout"]


def test_when_every_output_is_refused_no_human_is_asked(enclave: TinyEnclave) -> None:
    request = to_review(enclave, notebook(release("single_persons", SINGLE_PERSONS)))
    assert request.status is Status.REFUSED
    assert enclave.desk.report("costs-1", "single_persons", "alice").findings


def test_a_computed_declaration_is_refused_and_told(enclave: TinyEnclave) -> None:
    computed = "import bulle\nname = 'stays'\nbulle.release(name, 'SELECT sex, count(*) AS n FROM stay GROUP BY sex')"
    request = to_review(enclave, notebook(computed, release("stays_by_sex", BY_SEX)))
    assert request.status is Status.IN_REVIEW
    assert [output.reviewable for output in request.outputs] == [False, True]


def test_the_withdrawn_are_left_alone(enclave: TinyEnclave) -> None:
    """The author withdraws while the notebook runs: the step's result is dropped."""
    remembering = RememberingRunner()

    def withdraw(frozen: FrozenRequest, extract: PurePosixPath) -> RerunResult:
        enclave.acts.withdraw("costs-1", "alice")
        return remembering(frozen, extract)

    enclave.airlock = enclave.with_runner(withdraw)
    assert to_review(enclave).status is Status.WITHDRAWN
    assert enclave.kinds() == ["request.submitted", "request.withdrawn"]


def test_an_unexpected_error_tells_its_kind_and_nothing_more(enclave: TinyEnclave) -> None:
    def broken(_frozen: FrozenRequest, _extract: PurePosixPath) -> RerunResult:
        raise RuntimeError(SECRET)

    enclave.airlock = enclave.with_runner(broken)
    assert to_review(enclave).status is Status.SUBMITTED
    assert "RuntimeError" in failure(enclave)
    assert all(SECRET not in str(event.body) for event in enclave.log.read())


def test_over_budget_is_refused_and_the_same_again_is_free(enclave: TinyEnclave) -> None:
    issue(enclave.log, permit(rho="0.15"))
    noisy = release("by_sex", BY_SEX, protect="dp", rho=0.1)
    more = release("by_region", "SELECT region, count(*) AS n FROM stay GROUP BY region", protect="dp", rho=0.1)
    request = to_review(enclave, notebook(noisy, more))
    assert [str(output.outcome) == "fail" for output in request.outputs] == [False, True]
    refusal = enclave.desk.report("costs-1", "by_region", "alice").findings[-1]
    assert "left" in str(refusal.why)
    enclave.hand_in(notebook(noisy), "again")
    enclave.airlock.take_in()
    assert enclave.airlock.process("costs-2").outputs[0].reviewable
    kinds = [event.kind for event in enclave.log.read() if event.kind.startswith("privacy")]
    assert kinds == ["privacy.reserved", "privacy.released", "privacy.refused"]
    first, second = (enclave.desk.report(name, "by_sex", "carol").protected for name in ("costs-1", "costs-2"))
    assert first == second


def test_a_missing_extract_is_told_without_a_path_of_the_machine(enclave: TinyEnclave) -> None:
    shutil.rmtree(enclave.root / "extracts")
    to_review(enclave)
    assert "extract of project costs is missing" in failure(enclave)
    assert "/" not in failure(enclave)
