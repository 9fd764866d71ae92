"""The main job through the real stack: every container, three people over HTTP, a package at the end."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts.visitor import VisitError
from tests.journeys.conftest import ROOT, Stack, inside, walk

pytestmark = [pytest.mark.journey, pytest.mark.containers]


def test_the_package_holds_approved_tables_and_nothing_else(stack: Stack) -> None:
    archive = zipfile.ZipFile(io.BytesIO(stack.package))
    tables = {name for name in archive.namelist() if name.startswith("tables/")}
    assert {"tables/spending_by_coinsurance.csv", "tables/visits_by_coinsurance.csv"} <= tables
    assert not any("largest_bills" in name for name in archive.namelist())
    page = archive.read("index.html").decode()
    assert "withheld" in page
    assert "<script" not in page
    criteria = json.loads(archive.read("criteria.json"))
    assert "carol" not in json.dumps(criteria)


def test_suppressed_cells_are_empty_in_the_csv(stack: Stack) -> None:
    text = zipfile.ZipFile(io.BytesIO(stack.package)).read("tables/persons_by_site_and_health.csv").decode()
    counts = [line.rsplit(",", 1)[1] for line in text.strip().splitlines()[1:]]
    assert "" in counts
    assert min(int(count) for count in counts if count) >= 11


def test_it_says_what_left_and_what_stayed(stack: Stack) -> None:
    assert "largest_bills" in stack.said
    assert "undeclared stdout" in stack.said
    assert "make down" in stack.said


def test_every_act_is_an_event_in_a_log_that_verifies(stack: Stack) -> None:
    kinds = [event["kind"] for event in stack.events()]
    acts = [
        "source.registered",
        "permit.issued",
        "extract.built",
        "factor.enrolled",
        "undertaking.signed",
        "login.accepted",
        "session.started",
        "request.submitted",
        "request.rerun",
        "privacy.reserved",
        "privacy.released",
        "request.checked",
        "review.given",
        "request.decided",
        "signer.key_made",
        "request.signed",
        "request.released",
        "package.downloaded",
        "package.download_refused",
    ]
    assert [act for act in acts if act not in kinds] == []
    assert stack.bulle("admin", "log", "verify").returncode == 0


def test_a_second_walk_does_nothing_again(stack: Stack) -> None:
    before = len(stack.events())
    assert walk(stack.environment).returncode == 0
    assert len(stack.events()) == before


def test_who_is_not_known_does_not_get_in(stack: Stack) -> None:
    with stack.visitor("mallory") as mallory, pytest.raises(VisitError):
        mallory.login("mallory-demo")
    with stack.visitor("alice") as alice, pytest.raises(VisitError):
        alice.login("wrong")
    assert [event["kind"] for event in stack.events()][-2:] == ["login.refused", "login.refused"]


def test_an_output_checker_has_no_workspace(stack: Stack) -> None:
    with stack.visitor("carol") as carol:
        carol.login("carol-demo")
        with pytest.raises(VisitError):
            carol.open_project("reste-a-charge", patience=5)


def test_a_workspace_has_its_extract_and_no_way_out(stack: Stack) -> None:
    probe = """
import os, pathlib, socket
print(sorted(path.name for path in pathlib.Path("/data").iterdir()))
for host, port in (("1.1.1.1", 443), ("172.17.0.1", 22), ("ldap", 389), ("egress-web", 8010), ("desk", 8020)):
    try:
        socket.create_connection((host, port), 3)
        print("REACHED", host)
    except OSError:
        pass
try:
    pathlib.Path("/data/x").write_text("x")
    print("WRITTEN")
except OSError:
    pass
import duckdb
print(duckdb.sql("SELECT min(length(zper)), max(year) FROM '/data/person_year.parquet'").fetchall()[0])
"""
    with stack.visitor("bob") as bob:
        bob.login("bob-demo")
        bob.open_project("reste-a-charge")
        (result,) = bob.run("reste-a-charge", [probe])
        bob.close_project("reste-a-charge")
    shown = "".join(result.texts)
    assert result.error is None, result.error
    assert "manifest.json" in shown
    assert "REACHED" not in shown
    assert "WRITTEN" not in shown
    assert shown.strip().endswith(", 3)"), "only the granted years, and pseudonyms"


ASK = """
import pathlib
from hub.wire import ask
for question in ({"act": "session.look", "person": "alice", "project": "reste-a-charge"},
                 {"act": "run.drop", "project": "reste-a-charge", "request": "reste-a-charge-99"},
                 {"act": "run.start", "project": "reste-a-charge", "request": "reste-a-charge-99", "extract": "../x"}):
    answer = ask(pathlib.Path("/run/launcher/socket"), question, 20)
    print(next(iter(answer)), answer.get("refused", {}).get("rule", ""))
"""


def test_only_the_launcher_holds_the_engines_socket(stack: Stack) -> None:
    look = "import os; print([p for p in ('/var/run/docker.sock', '/run/docker.sock') if os.path.exists(p)])"
    for service in ("hub", "egress-worker", "egress-web", "desk", "signer", "proxy", "ldap"):
        seen = inside(stack, service, look)
        assert (seen.returncode, seen.stdout.strip()) == (0, "[]"), service
    assert "docker.sock" in inside(stack, "launcher", look).stdout
    for service in ("egress-web", "desk"):
        assert inside(stack, service, "open('/run/launcher/socket')").returncode != 0


def test_the_desk_has_the_log_and_the_policies_only(stack: Stack) -> None:
    look = f"import os; print(sorted(os.listdir({str(stack.state)!r})))"
    assert inside(stack, "desk", look).stdout.strip() == "['events']"


def test_hub_and_worker_have_nothing_else_started(stack: Stack) -> None:
    hub, worker = (inside(stack, service, ASK).stdout.splitlines() for service in ("hub", "egress-worker"))
    assert hub == ["done ", "refused launcher.act", "refused launcher.shape"]
    assert worker == ["refused launcher.act", "done ", "refused launcher.shape"]
    told = [(event["actor"], event["body"]["rule"]) for event in stack.told("launcher.refused")]
    assert sorted(told) == [
        ("egress", "launcher.act"),
        ("egress", "launcher.shape"),
        ("hub", "launcher.act"),
        ("hub", "launcher.shape"),
    ]


def test_whoever_receives_the_package_can_verify_it(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "package.zip").write_bytes(stack.package)
    key = stack.state / "signing-key" / "signing.pub"
    command = [str(ROOT / ".venv/bin/bulle"), "verify", str(tmp_path / "package.zip")]
    assert subprocess.run([*command, "--key", str(key)], check=False, capture_output=True).returncode == 0
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_the_signer_signs_nothing_that_was_not_decided(stack: Stack) -> None:
    ask = """
import pathlib
from hub.wire import ask
for request in ("reste-a-charge-1", "reste-a-charge-99"):
    question = {"request": request, "digest": "a" * 64}
    print(ask(pathlib.Path("/run/signer/socket"), question, 60)["refused"]["rule"])
"""
    said = inside(stack, "egress-worker", ask)
    assert said.stdout.split() == ["request.wrong_status", "signer.no_request"], said.stderr
    assert [event["body"]["rule"] for event in stack.told("request.unsigned")] == said.stdout.split()
    assert inside(stack, "egress-worker", "open('/run/signing-key/signing.pem')").returncode != 0


def test_a_worker_that_is_taken_over_forges_no_review(stack: Stack) -> None:
    forge = """
import os, sqlite3
from hub.events.kept import log_of
from hub.policy.verdict import RefusedError
from pathlib import Path
path = Path(os.environ["BULLE_STATE"], "events", "log.db")
try:
    log_of(os.environ, path).append("carol", "review.given", "reste-a-charge", {"request": "reste-a-charge-1"})
except RefusedError as error:
    print(error.refusal.rule)
try:
    sqlite3.connect(path).execute("DROP TRIGGER events_no_update")
except sqlite3.OperationalError:
    print("read-only")
print(os.path.exists("/run/log/egress-web"), os.path.exists("/run/log/admin"))
"""
    before, refused = len(stack.told("review.given")), len(stack.told("log.refused"))
    said = inside(stack, "egress-worker", forge)
    assert said.stdout.split() == ["log.writer", "read-only", "False", "False"], said.stderr
    assert len(stack.told("review.given")) == before
    assert [event["body"]["writer"] for event in stack.told("log.refused")[refused:]] == ["egress-worker"]
