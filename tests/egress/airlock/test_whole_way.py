"""One request from the outbox to the researcher's hands, with nothing faked: outputs of every kind."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress.airlock.desk import Remarks
from egress.checks.model import Outcome
from egress.release.model import ReleaseRequest
from egress.release.review import Choice, Vote
from egress.release.status import Status
from egress.store.quarantine import Quarantine
from hub.policy.verdict import RefusedError
from tests.egress.airlock.enclave import (
    BY_REGION,
    BY_SEX,
    SECRET,
    SINGLE_PERSONS,
    TinyEnclave,
    make_enclave,
    notebook,
    release,
)

STUDY = notebook(
    release("stays_by_sex", BY_SEX, title="Stays by sex"),
    release("stays_by_region", BY_REGION, title="Stays by region"),
    release("single_persons", SINGLE_PERSONS),
    release("noisy_by_sex", BY_SEX, protect="dp", rho=0.1),
    f"print('{SECRET}')",
    "{'undeclared': 1}",
)


@pytest.fixture(scope="module")
def enclave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyEnclave]:
    made = make_enclave(tmp_path_factory.mktemp("enclave"))
    made.hand_in(STUDY)
    made.airlock.take_in()
    made.airlock.process("costs-1")
    yield made
    made.log.close()


@pytest.fixture(scope="module")
def checked(enclave: TinyEnclave) -> ReleaseRequest:
    return enclave.desk.look().request("costs-1")


def outcome(request: ReleaseRequest, name: str) -> Outcome:
    record = request.output(name)
    assert record is not None
    return record.outcome


def test_the_request_comes_before_checkers(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    assert checked.status is Status.IN_REVIEW, enclave.kinds()
    assert enclave.kinds() == ["request.submitted", "request.rerun", "request.checked"]
    assert (checked.person, checked.project) == ("alice", "costs")


def test_what_asks_for_single_persons_is_refused(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    assert outcome(checked, "single_persons") is Outcome.FAIL
    report = enclave.desk.report("costs-1", "single_persons", "carol")
    assert report.protected is None
    assert report.exact is None


def test_small_cells_are_suppressed_in_what_may_leave(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    assert outcome(checked, "stays_by_region") is not Outcome.FAIL
    report = enclave.desk.report("costs-1", "stays_by_region", "carol")
    assert report.exact is not None
    assert report.protected is not None
    exact = {row[0]: row[1] for row in report.exact.rows}
    protected = {row[0]: row[1] for row in report.protected.rows}
    assert exact["east"] == 5
    assert protected["east"] is None


def test_the_author_reads_neither_the_exact_table_nor_its_price(enclave: TinyEnclave) -> None:
    theirs = enclave.desk.report("costs-1", "stays_by_region", "alice")
    assert theirs.exact is None
    assert not theirs.price
    assert not theirs.evidence
    assert "disclosure_price" not in {finding.check for finding in theirs.findings}
    checkers = enclave.desk.report("costs-1", "stays_by_region", "carol")
    assert checkers.price
    assert "disclosure_price" in {finding.check for finding in checkers.findings}


def test_the_dp_table_is_noise_that_was_paid_for(enclave: TinyEnclave, checked: ReleaseRequest) -> None:
    assert outcome(checked, "noisy_by_sex") is not Outcome.FAIL
    report = enclave.desk.report("costs-1", "noisy_by_sex", "carol")
    assert report.protected is not None
    assert report.exact is None
    reserved = [event for event in enclave.log.read() if event.kind.startswith("privacy.")]
    assert [event.kind for event in reserved] == ["privacy.reserved", "privacy.released"]
    assert 0 < reserved[0].body["nano_rho"] <= 100_000_000


def test_undeclared_things_are_counted_by_kind(checked: ReleaseRequest) -> None:
    kinds = {thing.kind for thing in checked.undeclared}
    assert "stdout" in kinds
    assert "result" in kinds


def test_the_log_holds_no_value_of_the_data(enclave: TinyEnclave) -> None:
    checks = enclave.last("request.checked")
    text = json.dumps(checks)
    assert SECRET not in text
    for value in ("240", "155"):
        assert value not in json.dumps([output | {"report": ""} for output in checks["outputs"]])


def test_a_stranger_sees_nothing(enclave: TinyEnclave) -> None:
    with pytest.raises(RefusedError, match="no request"):
        enclave.desk.show("costs-1", "mallory")
    assert enclave.desk.look().visible_to("mallory") == ()


def test_decided_released_and_fetched_once(enclave: TinyEnclave, tmp_path: Path) -> None:
    approved = ("stays_by_sex", "stays_by_region", "noisy_by_sex")
    votes = tuple(Vote(name, Choice.APPROVE) for name in approved)
    with pytest.raises(RefusedError, match="output checker"):
        enclave.desk.review("costs-1", "alice", votes)
    with pytest.raises(RefusedError, match="without a vote"):
        enclave.desk.review("costs-1", "carol", votes[:1])
    with pytest.raises(RefusedError, match="nobody can approve"):
        enclave.desk.review("costs-1", "carol", (*votes, Vote("single_persons", Choice.APPROVE)))
    with pytest.raises(RefusedError, match="output checkers"):
        enclave.desk.download("costs-1", "alice")
    refused = [kind for kind in enclave.kinds() if kind.endswith("refused")]
    assert refused == ["review.refused"] * 3 + ["package.download_refused"]

    enclave.desk.review("costs-1", "carol", votes, Remarks("well\x1b[2J done"))
    assert enclave.last("review.given")["comment"] == "well[2J done"
    with pytest.raises(RefusedError):  # decided: no second decision
        enclave.desk.review("costs-1", "dora", votes)
    assert enclave.airlock.process("costs-1").status is Status.RELEASED

    package = enclave.desk.download("costs-1", "bob")
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = set(archive.namelist())
        content = {name: archive.read(name).decode() for name in names}
    criteria = json.loads(content["criteria.json"])
    assert {f"tables/{name}.csv" for name in approved} <= names
    dossier = enclave.desk.look().request("costs-1").dossier
    assert dossier is not None
    with zipfile.ZipFile(io.BytesIO(Quarantine(enclave.root / "quarantine").get(dossier))) as archive:
        assert archive.read("study/notebook.ipynb") == STUDY
        facts = json.loads(archive.read("dossier.json"))
        assert [output["file"] for output in facts["outputs"]] == sorted(f"tables/{name}.csv" for name in approved)
        manifest = hashlib.sha256(archive.read("extract-manifest.json")).hexdigest()
        assert facts["extract"]["sha256"] == manifest == criteria["extract_sha256"]
        environment = archive.read("environment.txt").decode().splitlines()
    assert [line for line in environment if line.startswith("duckdb==")]
    noisy = content["tables/noisy_by_sex.csv"].splitlines()
    assert noisy[0].endswith("rho,epsilon,delta,confidence")
    assert "_low," in noisy[0]
    for name, text in content.items():
        assert SECRET not in text, name
        assert "single_persons" not in text, name
        assert "p0001" not in text, name
    assert "\neast,,\n" in content["tables/stays_by_region.csv"]
    with pytest.raises(RefusedError, match="fetched already"):
        enclave.desk.download("costs-1", "alice")
    assert enclave.desk.look().request("costs-1").status is Status.DOWNLOADED
    assert enclave.log.verify() is None
