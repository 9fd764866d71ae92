"""An admin's morning on the command line: persons, source, permit, extract, log."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bulle.__main__ import run
from bulle.cli.schemas import schemas, spelled
from hub.events.log import EventLog
from hub.policy.files import policies_dir
from tests.hub.extracts.world import person_key, stay_table, write_source

Capture = pytest.CaptureFixture[str]

CATALOGUE = """
[source]
name = "hospital"
person_key = "pid"
[tables.stay]
row_key = "sid"
rows_per_person = 3
[tables.stay.columns.year]
type = "integer"
description = "Year"
bounds = [2020, 2025]
[tables.stay.columns.cost]
type = "number"
description = "Cost"
[tables.note.columns.kind]
type = "integer"
description = "Kind"
"""

TODAY = datetime.now(UTC).date()
PERMIT = f"""
project = "care"
title = "Care"
purpose = "public-health-research"
statement = "Needed"
source = "hospital"
rules = "health-fr"
rho = "1.0"
valid_from = {TODAY - timedelta(days=1)}
valid_until = {TODAY + timedelta(days=30)}
persons = [{{ person = "alice", role = "researcher" }}, {{ person = "carol", role = "output_checker" }}]
[tables.stay]
columns = ["year"]
"""


class Desk:
    """A folder with an enclave's state and files, and the command line in front of it."""

    def __init__(self, root: Path, capsys: Capture) -> None:
        self.root = root
        self.state = root / "state"
        self._capsys = capsys
        write_source(self.state / "sources" / "hospital")
        (root / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
        (root / "permit.toml").write_text(PERMIT, encoding="utf-8")

    def run(self, *arguments: str, code: int = 0) -> str:
        """Standard output and error of a command that must end with `code`."""
        found = run([str(each) for each in arguments], {"BULLE_STATE": str(self.state)})
        out, err = self._capsys.readouterr()
        assert found == code, out + err
        assert "Traceback" not in out + err
        assert code == 0 or (out + err).strip()
        return out + err

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run(*arguments, "--json", code=code))
        assert answer["schema"].startswith("bulle.")
        return answer

    def prepare(self) -> None:
        self.run("person", "add", "alice", "--name", "Alice Martin")
        self.run("person", "add", "carol", "--name", "Carol Nguyen")
        self.run("source", "register", str(self.root / "catalogue.toml"))
        self.run("permit", "issue", str(self.root / "permit.toml"), "--as", "dora")


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    return Desk(tmp_path, capsys)


def test_from_nothing_to_an_extract(desk: Desk) -> None:
    desk.prepare()
    assert [each["id"] for each in desk.json("person", "list")["persons"]] == ["alice", "carol"]
    assert [each["name"] for each in desk.json("source", "list")["sources"]] == ["hospital"]
    assert [(each["project"], each["in_force"]) for each in desk.json("permit", "list")["permits"]] == [("care", True)]
    assert desk.json("permit", "show", "care")["persons"][0] == {"person": "alice", "role": "researcher"}
    built = desk.json("extract", "build", "care")
    assert built["tables"] == {"stay": {"rows": 100, "persons": 40}}
    folder = desk.state / "extracts" / "care" / built["folder"]
    assert "stay: year" in desk.run("extract", "show", str(folder), "--verify")
    events = desk.json("log", "list")["events"]
    assert [event["kind"] for event in events] == [
        "person.added",
        "person.added",
        "source.registered",
        "permit.issued",
        "extract.built",
    ]
    assert events[3]["actor"] == "dora"
    assert all(event["body"]["channel"] == "command line" for event in events)


def test_what_is_done_already_is_not_done_again(desk: Desk) -> None:
    desk.prepare()
    desk.prepare()
    assert len(desk.json("log", "list")["events"]) == 4


def test_tables_for_people_and_in_french(desk: Desk) -> None:
    desk.prepare()
    assert "finalité" in desk.run("permit", "list", "--lang", "fr")
    for command in (["person", "list"], ["source", "list"], ["permit", "show", "care"], ["log", "list"]):
        assert desk.run(*command).strip()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("public-health-research", "insurance-selection", "is forbidden"),
        ("public-health-research", "curiosity", "is not one of"),
        ("health-fr", "lenient", "no rules called lenient"),
        ("alice", "mallory", "not known to the enclave"),
        ('"hospital"', '"clinic"', "clinic is not registered"),
        ('["year"]', '["year", "phone"]', "no column phone"),
        ('["year"]', '["pid"]', "is the person key"),
        ("title", "titel", "key titel is not known"),
        (f"valid_until = {TODAY + timedelta(days=30)}", f"valid_until = {TODAY - timedelta(days=1)}", "is past"),
        ("output_checker", "researcher", "names no output_checker"),
    ],
)
def test_a_permit_that_must_not_be_issued_is_not(desk: Desk, old: str, new: str, why: str) -> None:
    desk.prepare()
    assert old in PERMIT
    other = desk.root / "other.toml"
    other.write_text(PERMIT.replace(old, new, 1), encoding="utf-8")
    assert why in desk.run("permit", "check", str(other), code=2)
    assert why in desk.run("permit", "issue", str(other), code=2)
    assert len(desk.json("log", "list")["events"]) == 4


def test_a_permit_is_checked_without_an_enclave(desk: Desk) -> None:
    text = desk.run("permit", "check", str(desk.root / "permit.toml"), "--catalogue", str(desk.root / "catalogue.toml"))
    assert "Nothing stands against" in text
    assert "No enclave was asked" in text
    assert desk.json("permit", "check", str(desk.root / "permit.toml"))["verdict"] == "pass"


def test_a_plan_is_shown_and_nothing_is_built(desk: Desk) -> None:
    desk.prepare()
    answer = desk.json("extract", "plan", str(desk.root / "permit.toml"))
    assert [(each["column"], each["pseudonym"]) for each in answer["columns"]] == [("pid", True), ("year", False)]
    assert "all years are granted" in desk.run("extract", "plan", str(desk.root / "permit.toml"))
    assert not (desk.state / "extracts").exists()


def test_a_build_without_permit_is_refused_with_an_event(desk: Desk) -> None:
    desk.run("source", "register", str(desk.root / "catalogue.toml"))
    assert "no permit" in desk.run("extract", "build", "care", code=2)
    assert desk.json("log", "list", "--kind", "extract.")["events"][0]["body"]["rule"] == "permit.missing"


def test_a_build_from_a_file_needs_the_very_permit_that_was_issued(desk: Desk) -> None:
    desk.prepare()
    desk.run("extract", "build", str(desk.root / "permit.toml"))
    (desk.root / "permit.toml").write_text(PERMIT.replace('["year"]', '["year", "cost"]'), encoding="utf-8")
    assert "is not the permit that was issued" in desk.run("extract", "build", str(desk.root / "permit.toml"), code=2)


def test_packing_from_files(desk: Desk) -> None:
    source = desk.state / "sources" / "hospital"
    arguments = [
        "extract",
        "pack",
        "--catalogue",
        str(desk.root / "catalogue.toml"),
        "--table",
        f"stay={source / 'stay.parquet'}",
    ]
    answer = desk.json(*arguments, str(desk.root / "out"))
    assert answer["tables"] == {"stay": {"rows": 100, "persons": 40}}
    assert answer["absent"] == ["note"]
    assert "is not empty" in desk.run(*arguments, str(desk.root / "out"), code=3)
    assert "given twice" in desk.run(*arguments, "--table", "stay=x", str(desk.root / "b"), code=3)
    assert "is not NAME=FILE" in desk.run(*arguments, "--table", "stay", str(desk.root / "b"), code=3)
    assert "no table ../x" in desk.run(
        *arguments, "--table", f"../x={source / 'stay.parquet'}", str(desk.root / "b"), code=2
    )
    assert not (desk.root / "b").exists()


def test_a_full_disk_leaves_no_half_extract(desk: Desk) -> None:
    stay = desk.state / "sources" / "hospital" / "stay.parquet"
    limited = [
        "prlimit",
        "--fsize=500",
        sys.executable,
        "-m",
        "bulle",
    ]  # the kernel refuses longer files, as a full disk would
    arguments = ["--catalogue", str(desk.root / "catalogue.toml"), "--table", f"stay={stay}", str(desk.root / "out")]
    done = subprocess.run([*limited, "extract", "pack", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "is the disk full?" in done.stderr or "cannot be written" in done.stderr
    assert sorted(path.name for path in desk.root.iterdir()) == ["catalogue.toml", "permit.toml", "state"]


def test_contradictions_are_refused_all_at_once(desk: Desk) -> None:
    source = desk.root / "bad"
    write_source(source, stay=stay_table(year=[1999] * 100, pid=[person_key(0)] * 100))
    arguments = [
        "extract",
        "pack",
        "--catalogue",
        str(desk.root / "catalogue.toml"),
        "--table",
        f"stay={source / 'stay.parquet'}",
        str(desk.root / "out"),
    ]
    answer = desk.json(*arguments, code=2)
    assert {(each["table"], each["column"], each["rule"], each["count"]) for each in answer["contradictions"]} == {
        ("stay", "year", "bounds", 100),
        ("stay", "pid", "rows_per_person", 1),
    }
    text = desk.run(*arguments, code=2)
    assert "outside its bounds (rows: 100)" in text
    assert "NIR-" not in text


@pytest.mark.parametrize("content", ["", "[source", "\x00", "source = 1", CATALOGUE.replace("person_key", "patient")])
def test_a_catalogue_that_is_not_one(desk: Desk, content: str) -> None:
    (desk.root / "catalogue.toml").write_text(content, encoding="utf-8")
    assert "catalogue.toml" in desk.run("source", "register", str(desk.root / "catalogue.toml"), code=2)
    stay = desk.state / "sources" / "hospital" / "stay.parquet"
    desk.run(
        "extract",
        "pack",
        "--catalogue",
        str(desk.root / "catalogue.toml"),
        "--table",
        f"stay={stay}",
        str(desk.root / "o"),
        code=3,
    )


@pytest.mark.parametrize("person", ["Alice", "../alice", "a b", "", "a" * 33, "élise"])
def test_a_login_name_that_is_none_is_refused(desk: Desk, person: str) -> None:
    desk.run("person", "add", person, "--name", "X", code=2)


def tamper(desk: Desk, statement: str) -> None:
    connection = sqlite3.connect(desk.state / "events" / "log.db")
    connection.execute("DROP TRIGGER events_no_update")
    connection.execute("DROP TRIGGER events_no_delete")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_log_that_is_whole_verifies_and_tells_its_head(desk: Desk) -> None:
    desk.prepare()
    head = desk.run("log", "head").strip()
    assert head in desk.run("log", "verify")
    assert desk.json("log", "verify", "--head", head.upper())["verdict"] == "pass"
    assert desk.json("log", "head")["entries"] == 4


def test_tampering_is_told_and_nothing_is_decided_on_it(desk: Desk) -> None:
    desk.prepare()
    tamper(desk, "UPDATE events SET actor = 'eve' WHERE seq = 2")
    answer = desk.json("log", "verify", code=2)
    assert answer["first_bad"]["seq"] == 2
    for command in (["permit", "list"], ["extract", "build", "care"], ["person", "add", "eve", "--name", "Eve"]):
        assert "nothing is decided on it" in desk.run(*command, code=2)


def test_a_cut_off_tail_is_found_with_the_head(desk: Desk) -> None:
    desk.prepare()
    head = desk.run("log", "head").strip()
    tamper(desk, "DELETE FROM events WHERE seq = 4")
    desk.run("log", "verify")
    assert desk.json("log", "verify", "--head", head, code=2)["first_bad"]["seq"] == 4


def test_a_log_that_is_no_database_is_a_failure(desk: Desk) -> None:
    (desk.state / "events").mkdir()
    (desk.state / "events" / "log.db").write_bytes(b"not a database, only text " * 100)
    assert "cannot be opened as a database" in desk.run("log", "verify", code=3)


@pytest.mark.parametrize(
    ("key", "named"), [("person:alice", ["alice"]), ("address:192.0.2.7", ["--address", "192.0.2.7"])]
)
def test_a_lock_is_ended_by_an_operator_once(desk: Desk, key: str, named: list[str]) -> None:
    desk.run("person", "add", "alice", "--name", "Alice")
    desk.run("person", "unlock", *named, code=2)
    with_lock = EventLog(desk.root / "state" / "events" / "log.db")
    with_lock.append("alice", "login.locked", "", {"key": key, "until": "2099-01-01T00:00:00+00:00"})
    desk.run("--as", "ada", "person", "unlock", *named)
    last = with_lock.read()[-1]
    assert (last.actor, last.kind, last.body["key"]) == ("ada", "login.unlocked", key)
    desk.run("person", "unlock", *named, code=2)
    desk.run("person", "unlock", code=3)


def test_a_training_is_recorded_for_as_long_as_the_policy_says(desk: Desk) -> None:
    desk.run("person", "training", "alice", code=3)  # no enclave yet
    desk.run("person", "add", "alice", "--name", "Alice")
    desk.run("person", "training", "nobody", code=2)
    desk.run("person", "training", "alice", "--done", (TODAY + timedelta(days=1)).isoformat(), code=2)
    desk.run("--as", "ada", "person", "training", "alice", "--done", "2026-03-01")
    assert desk.json("person", "list")["persons"][0]["trained_until"] == "2030-03-01"
    desk.run("person", "training", "alice")
    assert desk.json("person", "list")["persons"][0]["trained_until"] == (TODAY + timedelta(days=1461)).isoformat()


def test_a_recovery_takes_two_named_operators(desk: Desk) -> None:
    desk.run("person", "add", "alice", "--name", "Alice")
    policies = desk.root / "policies"
    policies.mkdir()
    shipped = (policies_dir() / "people.toml").read_text(encoding="utf-8")
    named = shipped.replace("operators = []", 'operators = ["ada", "omar", "alice"]')
    (policies / "people.toml").write_text(named, encoding="utf-8")
    words = ("person", "recover", "alice", "--why", "telephone lost", "--policies", str(policies))
    for operator in ("mallory", "alice"):
        desk.run("--as", operator, *words, code=2)
    desk.run("--as", "ada", *words)
    desk.run("--as", "ada", *words, code=2)
    desk.run("--as", "omar", *words)
    desk.run("--as", "ada", "person", "recover", "nobody", "--why", "x", "--policies", str(policies), code=2)
    told = [(event["actor"], event["kind"]) for event in desk.json("log", "list")["events"]][1:]
    assert told == [("ada", "factor.recovery_asked"), ("omar", "factor.recovery_confirmed")]


def test_the_schemas_in_the_repository_are_current() -> None:
    folder = policies_dir() / "schemas"
    made = schemas()
    assert sorted(path.name for path in folder.iterdir()) == sorted(made)
    for name, schema in made.items():
        assert (folder / name).read_text(encoding="utf-8") == spelled(schema), f"run: bulle schemas {folder}"
        jsonschema.Draft202012Validator.check_schema(schema)


def test_schemas_are_written(desk: Desk) -> None:
    desk.run("schemas", str(desk.root / "schemas"))
    assert len(list((desk.root / "schemas").iterdir())) == len(schemas())


def test_what_is_written_fits_its_schema(desk: Desk) -> None:
    desk.prepare()
    folder = desk.state / "extracts" / "care" / desk.json("extract", "build", "care")["folder"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    jsonschema.validate(manifest, schemas()["manifest.schema.json"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**manifest, "surprise": 1}, schemas()["manifest.schema.json"])
