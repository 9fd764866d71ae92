"""Every attempt of the table, once, against the running enclave; then the log is asked about each."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.attacks.model import PERSON, PROJECT, Attack, Told, Where
from tests.journeys.attacks.run import Results, in_kernel, in_page, in_session, into_outbox
from tests.journeys.attacks.table import TABLE
from tests.journeys.attacks.thief import Thief, strangers
from tests.journeys.conftest import PORT, ROOT, Stack, addresses, own_addresses

pytestmark = [pytest.mark.journey, pytest.mark.containers]

ROWS = [(where, attack) for where, attacks in TABLE.items() for attack in attacks]
SECOND = "autre-etude"
SEEN_WITHIN = 30.0  # seconds: lines, worker and meter are looked at every two, on a busy machine


def admin(stack: Stack, *arguments: str, files: tuple[Path, ...] = ()) -> None:
    mounts = [part for path in files for part in ("-v", f"{path}:/tmp/{path.name}:ro")]
    command = ["docker", "compose", "run", "--rm", "-T", *mounts, "admin", "bulle", *arguments, "--as", "opal"]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def second_project(stack: Stack) -> Iterator[None]:
    """Another project of bob's, so that there is something to reach."""
    text = (ROOT / "policies" / "permits" / f"{PROJECT}.toml").read_text(encoding="utf-8")
    path = stack.state / "second.toml"
    path.write_text(text.replace(f'project = "{PROJECT}"', f'project = "{SECOND}"').replace('rho = "1.0"', 'rho = "0"'))
    path.chmod(0o644)
    admin(stack, "permit", "issue", "/tmp/second.toml", files=(path,))
    assert stack.bulle("extractor", "extract", "build", SECOND).returncode == 0
    yield
    admin(stack, "permit", "end", SECOND, "--why", "the attempts are over")


@pytest.fixture(scope="module")
def results(stack: Stack, second_project: None) -> Results:
    """What each attempt got; "" where it got nothing."""
    with stack.visitor("alice") as alice, stack.visitor(PERSON) as bob:
        for person in (alice, bob):
            person.login(f"{person.name}-demo")
            person.open_project(PROJECT)
        try:
            found = in_page(bob, TABLE[Where.PAGE]) | in_kernel(bob, TABLE[Where.KERNEL], places())
            into_outbox(bob, TABLE[Where.OUTBOX])
            bob.run(PROJECT, ["import os; os.symlink('/proc/self/environ', '/home/researcher/env.py')"])
            found |= in_session(bob, TABLE[Where.SESSION]) | strangers(bob)
            thief = Thief.of(bob)
            bob.http.get("/hub/logout")
            found |= thief.results()
        finally:
            alice.close_project(PROJECT)
            halted = ("--why", "the attempts are over")
            admin(stack, "halt", "person", PERSON, *halted)  # logged out, he closes nothing himself
            admin(stack, "resume", "person", PERSON, *halted)
    taken = [event["body"].get("entry") for event in stack.told("request.submitted")]
    return found | {each.name: "taken in" * (f"{each.name}.request" in taken) for each in TABLE[Where.OUTBOX]}


def places() -> dict[str, Any]:
    """Where a kernel looks for others."""
    services = [
        at
        for name in ("net", "edge-1", "ldap-1", "egress-web-1", "desk-1")
        for at in addresses(f"bulle-test-{name}").values()
    ]
    mine = addresses("bulle-test-net")[f"bulle-ws-{PROJECT}--{PERSON}"]
    return {
        "SERVICES": [at for at in services if at and at != mine],
        "MACHINE": [*own_addresses(), "172.17.0.1", "10.213.0.1", mine.rsplit(".", 1)[0] + ".1"],
        "OTHER": addresses(f"bulle-ws-{PROJECT}--alice")[f"bulle-ws-{PROJECT}--alice"],
        "PORT": PORT,
    }


@pytest.fixture(scope="module")
def events(stack: Stack, results: Results) -> list[dict[str, Any]]:
    """The log, once it says all that it should, or long after."""
    told = [each.told for _, each in ROWS if isinstance(each.told, Told)]
    deadline = time.monotonic() + SEEN_WITHIN
    while True:
        found = stack.events()
        if all(each.is_in(found) for each in told) or time.monotonic() > deadline:
            return found
        time.sleep(2)


@pytest.mark.parametrize(("where", "attack"), ROWS, ids=[attack.name for _, attack in ROWS])
def test_it_is_stopped(where: Where, attack: Attack, results: Results) -> None:
    assert results[attack.name] == "", f"{where}: {attack.tries}"


TOLD = [attack for _, attack in ROWS if isinstance(attack.told, Told)]


@pytest.mark.parametrize("attack", TOLD, ids=[attack.name for attack in TOLD])
def test_it_is_seen(attack: Attack, events: list[dict[str, Any]]) -> None:
    assert isinstance(attack.told, Told)
    assert attack.told.is_in(events), [event["body"] for event in events if event["kind"] == attack.told.kind]


def test_requests_are_refused_for_what_they_are_and_not_for_how_they_are_told(events: list[dict[str, Any]]) -> None:
    reasons = [event["body"]["reason"]["text"] for event in events if event["kind"] == "request.refused_entry"]
    assert not [reason for reason in reasons if "submission.json" in reason]


def test_no_event_repeats_what_was_sent(events: list[dict[str, Any]]) -> None:
    assert "deadbeef" not in str(events)
    assert "pas-la-sienne" not in str([event for event in events if event["kind"] == "alarm.raised"])


def test_the_log_still_verifies(stack: Stack, events: list[dict[str, Any]]) -> None:
    assert stack.bulle("admin", "log", "verify").returncode == 0
