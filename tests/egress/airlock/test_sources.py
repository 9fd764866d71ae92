"""Text and code of a notebook leave only when asked for, read and approved; whole way with a real re-run."""

from __future__ import annotations

import io
import json
import zipfile

from egress.checks.model import Assurance, Audience, Outcome
from egress.release.review import Choice, Vote
from egress.release.status import Status
from egress.store.quarantine import Quarantine
from tests.egress.airlock.enclave import BY_SEX, SECRET, TinyEnclave, notebook, release

ASK = "import bulle\nbulle.release_source({!r}, cells={!r}, title='How it was done')"
HIDDEN = "x = 1  # \u202eodd"


def fetched(enclave: TinyEnclave, request: str) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(enclave.desk.download(request, "alice"))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_what_was_asked_for_and_read_leaves_as_it_was_read(enclave: TinyEnclave) -> None:
    study = notebook(HIDDEN, release("stays_by_sex", BY_SEX), ASK.format("method", "text"), ASK.format("code", "code"))
    found = enclave.ask(study, "first")
    assert found.status is Status.IN_REVIEW, (found.reasons, found.failure)
    records = {output.name: output for output in found.outputs}
    assert records["method"].assurance is Assurance.UNVERIFIED
    assert {records[name].outcome for name in ("method", "code")} == {Outcome.REVIEW}
    assert SECRET in (enclave.desk.report("costs-1", "method", "carol").text or "")
    assert SECRET not in json.dumps([dict(event.body) for event in enclave.log.read()])
    votes = [Vote(name, Choice.APPROVE) for name in ("stays_by_sex", "code")]
    enclave.desk.review("costs-1", "carol", (*votes, Vote("method", Choice.REJECT)))
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    inside = fetched(enclave, "costs-1")
    assert {name for name in inside if name.startswith(("tables/", "texts/"))} == {
        "tables/stays_by_sex.csv",
        "texts/code.md",
    }
    assert "x = 1  # ⟨U+202E⟩odd" in inside["texts/code.md"]
    assert "⟨U+202E⟩" in inside["index.html"]
    for name, text in inside.items():
        assert SECRET not in text, name  # it stands in the text that was rejected
        assert "\u202e" not in text, name
    criteria = {output["name"]: output for output in json.loads(inside["criteria.json"])["outputs"]}
    assert (criteria["code"]["assurance"], criteria["code"]["file"]) == ("unverified", "texts/code.md")
    graph = json.loads(inside["ro-crate-metadata.json"])["@graph"]
    assert any(entity["@id"] == "texts/code.md" and entity["encodingFormat"] == "text/markdown" for entity in graph)
    kept = Quarantine(enclave.root / "quarantine").get(enclave.last("dossier.kept")["dossier"])
    assert b"texts/code.md" in zipfile.ZipFile(io.BytesIO(kept)).read("dossier.json")


def test_without_being_asked_no_source_leaves(enclave: TinyEnclave) -> None:
    enclave.ask(notebook(HIDDEN, release("stays_by_sex", BY_SEX)), "first")
    enclave.approve("costs-1")
    enclave.airlock.process("costs-1")
    inside = fetched(enclave, "costs-1")
    assert not [name for name in inside if name.startswith("texts/")]
    assert "x = 1" not in "".join(inside.values())


def test_a_source_that_names_a_person_of_the_extract_is_refused(enclave: TinyEnclave) -> None:
    keys = [f"person-{number:06}" for number in range(400)]
    enclave.second_project(lambda values: values.update(person_id=keys))
    study = notebook(f"odd = '{keys[17]}'", ASK.format("code", "code"))
    assert enclave.ask(study, "first").status is Status.IN_REVIEW  # in the extract of `costs` nobody is called so
    assert enclave.ask(study, "second", project="care").status is Status.REFUSED
    report = enclave.desk.report("care-1", "code", "alice")
    assert report.text is None
    assert ("identifiers", Outcome.FAIL) in {(each.check, each.outcome) for each in report.findings}
    assert keys[17] not in str(report.findings)


def test_one_larger_than_people_read_is_refused(enclave: TinyEnclave) -> None:
    long = "\n".join(f"x_{number % 7} = 1" for number in range(9_000))
    found = enclave.ask(notebook(long, ASK.format("code", "code")), "first")
    assert found.status is Status.REFUSED
    assert "64000" in str(enclave.desk.report("costs-1", "code", "alice").findings)


WORDS = "=cmd|' /C calc'!A0 <script>alert(1)</script>\n\u202eodd no\u200bthing"


def test_a_researchers_own_words_leave_as_they_were_read(enclave: TinyEnclave) -> None:
    """A literal and a frozen file; people decide on both, and what nobody sees leaves spelled out."""
    ask = f"import bulle\nbulle.release_text('conclusions', {WORDS!r})\nbulle.release_text('notes', file='notes.csv')"
    enclave.hand_in(notebook(ask, release("stays_by_sex", BY_SEX)), "first", notes="Déjà vu\n".encode())
    found = enclave.airlock.process(*enclave.airlock.take_in())
    assert {each.outcome for each in found.outputs if each.name != "stays_by_sex"} == {Outcome.REVIEW}, found.failure
    told = {str(each.why) for each in enclave.desk.report("costs-1", "conclusions", "alice").findings}
    assert sum("direction of reading" in why or "nobody sees" in why for why in told) == 2
    enclave.approve("costs-1")
    assert enclave.airlock.process("costs-1").status is Status.RELEASED
    inside = fetched(enclave, "costs-1")
    assert inside["texts/notes.txt"] == "Déjà vu\n"
    assert inside["texts/conclusions.txt"].endswith("⟨U+202E⟩odd no⟨U+200B⟩thing")
    assert "<script>" not in inside["index.html"]
    graph = json.loads(inside["ro-crate-metadata.json"])["@graph"]
    assert any(each["@id"] == "texts/notes.txt" and each["encodingFormat"] == "text/plain" for each in graph)
    told_by = {
        each["name"]: (each["file"], each["statbarns"]) for each in json.loads(inside["criteria.json"])["outputs"]
    }
    assert told_by["conclusions"] == ("texts/conclusions.txt", ["no_statistic"])


def test_a_file_that_was_not_frozen_is_none(enclave: TinyEnclave) -> None:
    found = enclave.ask(notebook("import bulle\nbulle.release_text('notes', file='study.ipynb')"), "first")
    assert found.status is Status.REFUSED
    (report,) = [enclave.desk.read(each, Audience.AUTHOR) for each in found.outputs]
    assert "holds no file study.ipynb" in str(report.findings[0].why)
