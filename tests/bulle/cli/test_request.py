"""`bulle request` as people and programs use it, on a real state folder."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bulle.__main__ import run
from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk
from egress.checks.table import Table
from egress.release.ledger import standing
from egress.release.model import OutputRecord
from egress.release.report import OutputReport
from egress.release.status import Status
from egress.store.quarantine import Quarantine
from hub.policy.files import read_rules
from hub.words import say
from tests.egress.airlock.enclave import TinyEnclave, issue, make_enclave, notebook
from tests.egress.release.requests import checked, permit, rerun, submitted

Bulle = Callable[..., tuple[int, str, str]]


@pytest.fixture
def enclave(tmp_path: Path) -> Iterator[TinyEnclave]:
    """With request costs-1 in review: `stays` may leave, `refused` may not. Its permit covers any day."""
    made = make_enclave(tmp_path)
    issue(made.log, permit(valid_from="2000-01-01", valid_until="2999-12-31"))
    quarantine = Quarantine(tmp_path / "quarantine")
    records = [keep(quarantine, "stays", Outcome.REVIEW), keep(quarantine, "refused", Outcome.FAIL)]
    rules = quarantine.put(read_rules("health-fr").model_dump_json().encode())
    for actor, kind, body in (submitted(), rerun(), checked(*records)):
        told = dict(body)
        if kind == "request.submitted":  # what its dossier keeps
            told |= {"notebook": {**body["notebook"], "sha256": quarantine.put(notebook("1"))}}
        if kind == "request.rerun":
            told |= {"extract": made.last("extract.built")["digest"], "notebook": quarantine.put(notebook("1"))}
        if "basis" in body:
            told |= {"basis": {**body["basis"], "rules": rules}, "standing": standing("tiny", ()).to_dict()}
        made.log.append(actor, kind, "costs", told)
    yield made
    made.log.close()


def keep(quarantine: Quarantine, name: str, outcome: Outcome) -> OutputRecord:
    table = None if outcome is Outcome.FAIL else Table(("region", "n"), (("north", 120), ("south", None)))
    finding = Finding("low_count", Risk.LOW_COUNT, outcome, "table", say("A cell has fewer than {n} persons.", n=11))
    report = OutputReport(
        name, "Stays", "", Assurance.RECOMPUTED, outcome, Protection.SUPPRESS, (finding,), table, exact=table
    )
    digest = quarantine.put(report.to_bytes())
    return OutputRecord(name, "Stays", Assurance.RECOMPUTED, outcome, Protection.SUPPRESS, digest)


@pytest.fixture
def bulle(enclave: TinyEnclave, capsys: pytest.CaptureFixture[str]) -> Bulle:
    def call(*arguments: str, **environ: str) -> tuple[int, str, str]:
        code = run(["request", *arguments], {"BULLE_STATE": str(enclave.root), "LANG": "C", **environ})
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return call


def answer(result: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = result
    assert code == 0, err
    return dict(json.loads(out))


def test_a_study_is_handed_in_on_the_server_into_that_persons_outbox(
    enclave: TinyEnclave, bulle: Bulle, tmp_path: Path
) -> None:
    (tmp_path / "study.ipynb").write_bytes(notebook("1"))
    (tmp_path / "codes.csv").write_text("1,2\n")
    said = answer(
        bulle(
            "submit",
            str(tmp_path / "study.ipynb"),
            *("--with", str(tmp_path / "codes.csv"), "--title", "Stays", "--describe", "x=What x = shows"),
            *("--project", "costs", "--as", "bob", "--json"),
        )
    )
    assert (enclave.root / "outboxes" / "costs" / "bob" / said["entry"] / "codes.csv").is_file()
    assert enclave.airlock.take_in() == ("costs-2",)
    assert enclave.desk.look().request("costs-2").person == "bob"


def test_in_a_workspace_it_goes_into_the_workspaces_outbox(
    bulle: Bulle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "study.ipynb").write_bytes(notebook("1"))
    (tmp_path / "outbox").mkdir()
    monkeypatch.setenv("BULLE_OUTBOX", str(tmp_path / "outbox"))
    code, out, _ = bulle("submit", str(tmp_path / "study.ipynb"), "--describe", "x=X")
    assert code == 0
    assert "Handed in as" in out
    assert [path.suffix for path in (tmp_path / "outbox").iterdir()] == [".request"]


def test_what_a_notebook_declares_is_told_with_its_titles(bulle: Bulle, tmp_path: Path) -> None:
    path = tmp_path / "study.ipynb"
    call = 'import bulle\nbulle.release("stays", "SELECT 1", title="Stays by site")\n'
    path.write_bytes(notebook(call))
    assert answer(bulle("outputs", str(path), "--json"))["outputs"] == [{"name": "stays", "title": "Stays by site"}]
    assert bulle("outputs", str(path))[1] == "stays  Stays by site\n"
    path.write_bytes(b"{")
    code, out, _ = bulle("outputs", str(path))
    assert (code, "declares nothing" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("submit", "nowhere.ipynb", "--describe", "x=X", "--project", "costs", "--as", "bob"), 2, "There is no file"),
        (("submit", "nowhere.ipynb", "--project", "costs", "--as", "bob"), 2, "Describe each output"),
        (("submit", "x.ipynb", "--project", "../costs", "--as", "bob"), 3, "--project PROJECT --as PERSON"),
        (("submit", "x.ipynb"), 3, "--project PROJECT --as PERSON"),
        (("show", "costs-9"), 2, "no request called costs-9"),
        (("show", "costs-1", "--as", "mallory"), 2, "no request called costs-1"),
        (("review", "costs-1", "--as", "alice", "--approve", "stays"), 2, "another output checker"),
        (("review", "costs-1", "--as", "bob", "--approve", "stays"), 2, "does not name bob as output_checker"),
        (("review", "costs-1", "--as", "carol"), 2, "Vote on every output"),
        (("review", "costs-1", "--as", "carol", "--approve", "stays", "--approve", "refused"), 2, "nobody can approve"),
        (("withdraw", "costs-1", "--as", "bob"), 2, "Only the author"),
        (("review", "costs-1", "--no-such-option"), 3, "no option"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_a_code(
    bulle: Bulle, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    found, out, err = bulle(*arguments)
    assert found == code, err
    assert sentence in err
    assert out == ""


def test_the_list_has_requests_and_what_was_not_taken_in(enclave: TinyEnclave, bulle: Bulle) -> None:
    enclave.hand_in(notebook("1"), person="mallory")
    enclave.airlock.take_in()
    said = answer(bulle("list", "--json"))
    assert [(found["request"], found["status"]) for found in said["requests"]] == [("costs-1", "in_review")]
    assert said["refused"][0]["person"] == "mallory"
    code, out, _ = bulle("list")
    assert code == 0
    assert "waits for output checkers" in out
    assert "not known to the enclave" in out
    assert answer(bulle("list", "--json", "--as", "carol"))["refused"] == []
    assert answer(bulle("list", "--json", "--as", "mallory"))["requests"] == []


def test_showing_tells_findings_and_the_protected_table_only(bulle: Bulle) -> None:
    said = answer(bulle("show", "costs-1", "--json"))
    stays, refused = said["outputs"]
    assert stays["findings"][0]["why"] == "A cell has fewer than 11 persons."
    assert stays["protected"] == {"columns": ["region", "n"], "rows": [["north", 120], ["south", None]]}
    assert "protected" not in refused
    assert "exact" not in json.dumps(said)
    code, out, _ = bulle("show", "costs-1", "--lang", "fr")
    assert code == 0
    assert "attend les vérificateurs" in out


def test_reviewed_and_fetched_once(enclave: TinyEnclave, bulle: Bulle, tmp_path: Path) -> None:
    reviewed = answer(bulle("review", "costs-1", "--as", "carol", "--approve", "stays", "--json"))
    assert reviewed["decision"] == {"approved": ["stays"], "rejected": []}
    out = tmp_path / "package.zip"
    code, _, err = bulle("download", "costs-1", str(out), "--as", "alice")
    assert code == 2
    assert "package is being made" in err
    assert not out.exists()  # nothing half-written stays
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    code, _, err = bulle("download", "costs-1", str(tmp_path / "no" / "folder.zip"), "--as", "alice")
    assert code == 3  # the package is not lost for want of a folder
    assert answer(bulle("download", "costs-1", str(out), "--as", "alice", "--json"))["file"] == str(out)
    assert "tables/stays.csv" in zipfile.ZipFile(io.BytesIO(out.read_bytes())).namelist()
    code, _, err = bulle("download", "costs-1", str(tmp_path / "again.zip"), "--as", "bob")
    assert code == 2
    assert "fetched already" in err
    code, _, err = bulle("download", "costs-1", str(out), "--as", "bob")
    assert code == 3  # a file is never written over


def test_it_goes_back_and_comes_again(enclave: TinyEnclave, bulle: Bulle, tmp_path: Path) -> None:
    code, out, _ = bulle("review", "costs-1", "--as", "carol", "--change", "stays=Name the years", "--note", "odd")
    assert (code, "goes back to its author" in out) == (0, True)
    shown = bulle("show", "costs-1", "--as", "alice")[1]
    assert "stays: change: Name the years" in shown
    assert "odd" not in shown  # for checkers only
    (tmp_path / "study.ipynb").write_bytes(notebook("1"))
    handed = ("resubmit", "costs-1", str(tmp_path / "study.ipynb"), "--describe", "x=X", "--project", "costs")
    assert bulle(*handed, "--answer", "Named", "--as", "alice")[0] == 0
    assert enclave.airlock.take_in() == ("costs-1",)
    assert answer(bulle("list", "--json"))["requests"][0]["status"] == "submitted"
    code, _, err = bulle(*handed, "--answer", " ", "--as", "alice")
    assert (code, "say in at most 500 characters" in err) == (2, True)
    assert "attend encore sa réexécution" in bulle("return", "costs-1", "--as", "alice", "--why", "x", LANG="fr")[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("return", "costs-1", "--as", "bob", "--why", "x"), "does not name bob as output_checker"),
        (("return", "costs-1", "--as", "carol", "--why", " "), "Say why"),
        (("appeal", "costs-1", "--as", "alice", "--why", "x"), "waits for its output checkers"),
        (("agree", "costs-1", "--as", "dora"), "waits for its output checkers"),
        (("recall", "costs-1", "--as", "carol", "--why", "x"), "waits for its output checkers"),
        (("seen", "costs-1", "--as", "carol", "--why", "x"), "Nobody has to look"),
        (("review", "costs-1", "--as", "carol", "--change", "stays"), "a comment is missing"),
        (("recall", "costs-9", "--as", "carol", "--why", "x"), "no request called costs-9"),
    ],
)
def test_an_act_at_the_wrong_time_or_by_the_wrong_person_is_a_sentence(
    bulle: Bulle, arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = bulle(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_rejection_is_appealed_and_a_release_recalled(enclave: TinyEnclave, bulle: Bulle) -> None:
    assert bulle("review", "costs-1", "--as", "carol", "--reject", "stays", "--minutes", "7")[0] == 0
    assert enclave.last("review.given")["minutes"] == 7
    assert bulle("appeal", "costs-1", "--as", "alice", "--why", "They are public.")[0] == 0
    assert bulle("review", "costs-1", "--as", "carol", "--approve", "stays")[0] == 2
    assert bulle("review", "costs-1", "--as", "dora", "--approve", "stays", "--criteria")[0] == 0
    assert len(enclave.last("review.given")["votes"][0]["criteria"]) == 3
    enclave.log.append("egress", "request.released", "costs", {"request": "costs-1", "package": "5" * 64})
    assert bulle("recall", "costs-1", "--as", "carol", "--why", "A cell of 4.")[0] == 0
    assert enclave.desk.look().request("costs-1").status is Status.RECALLED


def test_what_checkers_say_is_told_with_the_decision_and_not_before(enclave: TinyEnclave, bulle: Bulle) -> None:
    """Two must vote; the first one's words are not the author's to read yet."""
    two = {**enclave.last("request.checked"), "review": {"checkers": 2}, "changed": True}
    enclave.log.append("egress", "request.rechecked", "costs", two)
    bulle("review", "costs-1", "--as", "carol", "--reject", "stays", "--comment", "Too fine")
    assert "Too fine" not in bulle("show", "costs-1", "--as", "alice")[1]
    bulle("review", "costs-1", "--as", "dora", "--reject", "stays")
    assert "Too fine" in bulle("show", "costs-1", "--as", "alice")[1]


def test_its_author_withdraws(enclave: TinyEnclave, bulle: Bulle) -> None:
    assert answer(bulle("withdraw", "costs-1", "--as", "alice", "--json"))["request"] == "costs-1"
    assert enclave.desk.look().request("costs-1").status is Status.WITHDRAWN
    code, _, err = bulle("review", "costs-1", "--as", "carol", "--approve", "stays")
    assert code == 2
    assert "withdrawn by its author" in err


def test_a_tampered_report_is_a_sentence(enclave: TinyEnclave, bulle: Bulle) -> None:
    digest = enclave.desk.look().request("costs-1").outputs[0].report
    (enclave.root / "quarantine" / digest[:2] / digest).write_bytes(b"{}")
    code, _, err = bulle("show", "costs-1")
    assert code == 2
    assert "changed after it was frozen" in err


def test_help_shows_every_command_with_an_example(bulle: Bulle) -> None:
    code, out, _ = bulle("--help")
    assert code == 0
    names = (
        "outputs",
        "submit",
        "resubmit",
        "list",
        "show",
        "review",
        "return",
        "appeal",
        "recall",
        "download",
        "withdraw",
    )
    for name in names:
        assert f"bulle request {name}" in out
