"""Attacks that no single page's tests hold: hostile words everywhere, forms sent twice at once, odd bodies."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from egress.airlock.desk import Remarks
from egress.checks.table import Table
from egress.pages.protection import read_form
from egress.release.report import OutputReport
from egress.release.review import Choice, Vote
from hub.policy.model import Person
from hub.policy.review import ReviewRules
from hub.policy.verdict import RefusedError
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf
from tests.egress.web.planted import ATTACK, by_site
from tests.egress.web.test_every_route import filled, operations
from tests.egress.web.test_imports import ID, send

PROJECT = "reste-a-charge"
ONE, TWO = f"{PROJECT}-1", f"{PROJECT}-2"
RAW = re.compile(r"<script|<img src=x|onerror=alert\(2\)>", re.IGNORECASE)


def hostile_report() -> OutputReport:
    """Hostile words wherever a report has room for words: labels, columns, titles, findings' places."""
    report = by_site(ATTACK)
    table = Table((ATTACK, "n"), ((ATTACK, 12), (f"={ATTACK}", 40)))
    findings = tuple(replace(found, where=ATTACK) for found in report.findings)
    return replace(report, exact=table, protected=table, findings=findings, evidence={}, sql=f"SELECT '{ATTACK}'")


@pytest.fixture
def hostile(house: House) -> House:
    """Every text that somebody can type is an attack."""
    planted, log = house.planted, house.planted.log
    planted.rules = ReviewRules(checkers=1)
    for name in ("alice", "bob", "carol", "dora", "hilda"):
        person = Person(id=name, name=ATTACK, organisation=ATTACK)
        log.append("admin", "person.added", "", {"person": person.model_dump(mode="json")})
    told = {"visits_by_site": ATTACK}
    planted.submit(ONE, title=ATTACK, source=ATTACK, descriptions=told)
    planted.checked(ONE, hostile_report())
    planted.desk.review(ONE, "carol", (Vote("visits_by_site", Choice.REJECT, ATTACK, ATTACK),), Remarks(ATTACK, ATTACK))
    planted.acts.appeal(ONE, "alice", ATTACK)
    planted.submit(TWO, title=ATTACK, source=ATTACK, descriptions=told)
    planted.checked(TWO, hostile_report())
    planted.acts.send_back(TWO, "dora", ATTACK)
    entry = {"entry": ATTACK, "reason": {"text": ATTACK.replace("{", "(").replace("}", ")"), "values": {}}}
    log.append("alice", "request.refused_entry", PROJECT, entry)
    send(house.person("alice"), ("tool.py", b"x = 1\n"), title=ATTACK, why=ATTACK, origin=ATTACK)
    planted.bring_in()
    planted.imports.decide(ID, "carol", planted.imports.show(ID, None).report, approve=False, comment=ATTACK)
    until = (planted.now + timedelta(days=400)).isoformat()
    log.append("opal", "breakglass.asked", PROJECT, {"id": "bg-1", "act": "quarantine", "why": ATTACK, "until": until})
    log.append("opal", "access.halted", PROJECT, {"scope": "project", "name": PROJECT, "why": ATTACK})
    return house


@pytest.mark.parametrize("language", ["en", "fr"])
def test_hostile_words_stay_words_on_every_page(hostile: House, language: str) -> None:
    shown = set()
    for person in ("alice", "bob", "carol", "dora", "hilda"):
        browser = hostile.person(person, language)
        for method, path in operations(hostile):
            if method == "GET":
                for request in (ONE, TWO):
                    answer = browser.get(filled(path, request=request, identity=ID))
                    assert not RAW.search(answer.text), (person, path)
                    assert "49" not in re.findall(r"&quot;&#39;&amp;(\d+)", answer.text)  # no template is run
                    if "&lt;script&gt;alert(1)" in answer.text:
                        shown.add(path.removeprefix(PREFIX))
    for page in (
        "requests",
        "requests/{request}",
        "review/{request}",
        "queue",
        "oversight",
        "imports",
        "imports/{identity}",
    ):
        assert page in shown, page  # the words were there to be seen


TWICE = (
    ("alice", f"requests/{ONE}/withdraw", "request.withdrawn", ()),
    ("dora", f"requests/{ONE}/return", "request.returned", ()),
    ("carol", f"review/{ONE}", "review.given", ()),
    ("alice", f"requests/{ONE}/appeal", "request.appealed", ("reject",)),
    ("hilda", f"requests/{ONE}/agree", "approval.given", ("approvers", "approve")),
    ("hilda", f"requests/{ONE}/recall", "request.recalled", ("approve", "release")),
    ("alice", f"requests/{ONE}/download", "package.downloaded", ("approve", "release")),
)


@pytest.mark.parametrize(("person", "path", "kind", "before"), TWICE, ids=lambda value: str(value).rpartition("/")[2])
def test_a_form_sent_twice_at_once_acts_once(
    house: House, person: str, path: str, kind: str, before: tuple[str, ...]
) -> None:
    planted = house.planted
    planted.rules = ReviewRules(checkers=1, approvers=("data_holder",) if "approvers" in before else ())
    planted.submit(ONE)
    planted.checked(ONE, by_site())
    if {"approve", "reject"} & {*before}:
        choice = Choice.APPROVE if "approve" in before else Choice.REJECT
        planted.desk.review(ONE, "carol", (Vote("visits_by_site", choice, "Because."),))
    if "release" in before:
        planted.release(ONE)
    browser = house.person(person)
    shown = browser.get(f"{PREFIX}review/{ONE}" if path.startswith("review/") else f"{PREFIX}requests").text
    form = {"csrf": csrf(shown), "why": "Because.", "agrees": "yes", "vote.visits_by_site": "approve"}
    checks = re.search(r'name="checks" value="([^"]+)"', shown)
    given = at_once(lambda: browser.post(f"{PREFIX}{path}", data={**form, "checks": checks[1] if checks else ""}))
    assert len(planted.events(kind)) == 1
    assert all(answer.status_code in {200, 303, 409} for answer in given), [answer.status_code for answer in given]
    assert any(answer.status_code in {200, 303} for answer in given)
    assert planted.log.verify() is None


def at_once(act: Callable[[], Any]) -> list[Any]:
    """`act` four times, by four threads."""
    with ThreadPoolExecutor(4) as threads:
        return [done.result() for done in [threads.submit(act) for _ in range(4)]]


def test_an_upload_sent_twice_is_one_import_until_it_is_decided(house: House) -> None:
    alice, planted = house.person("alice"), house.planted
    assert send(alice, ("tool.py", b"x = 1\n")).status_code == 303
    again = send(alice, ("tool.py", b"x = 1\n"))
    assert again.status_code == 409
    assert f"asked for already, as import {ID}" in again.text
    assert send(alice, ("tool.py", b"x = 2\n")).status_code == 303  # other bytes are another import
    assert len(planted.events("import.asked")) == 2
    planted.bring_in()
    report = planted.imports.show(ID, None).report
    planted.imports.decide(ID, "carol", report, approve=False, comment="No.")
    assert send(alice, ("tool.py", b"x = 1\n")).status_code == 303


def test_a_decision_on_an_import_sent_twice_at_once_counts_once(house: House) -> None:
    send(house.person("alice"), ("tool.py", b"x = 1\n"))
    house.planted.bring_in()
    carol = house.person("carol")
    form = {"csrf": csrf(carol.get(f"{PREFIX}imports").text), "choice": "approve"}
    form["report"] = house.planted.imports.show(ID, None).report or ""
    given = at_once(lambda: carol.post(f"{PREFIX}imports/{ID}/decide", data=form))
    assert len(house.planted.events("import.approved")) == 1
    assert {answer.status_code for answer in given} <= {303, 409}


@pytest.mark.parametrize("path", ["imports", f"requests/{ONE}/withdraw"])
def test_a_body_that_is_packed_is_never_unpacked(house: House, path: str) -> None:
    """A bomb of a thousand times its size: what the service reads is what was sent."""
    house.planted.submit(ONE)
    alice, before = house.person("alice"), house.planted.log.last()
    form = {"csrf": csrf(alice.get(f"{PREFIX}requests").text), "why": "x" * 50_000_000}
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    answer = alice.post(f"{PREFIX}{path}", content=gzip.compress(urlencode(form).encode()), headers=headers)
    assert answer.status_code in {400, 403}
    assert house.planted.log.last() == before


def test_a_body_that_trickles_is_given_up() -> None:
    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"a", "more_body": True}

    with pytest.raises(RefusedError) as error:
        asyncio.run(read_form(_request(trickle), seconds=0.2))
    assert error.value.refusal.rule == "form.too_slow"


def test_who_hangs_up_in_the_middle_is_no_error_of_ours() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(RefusedError) as error:
        asyncio.run(read_form(_request(gone)))
    assert error.value.refusal.rule == "form.unreadable"


def _request(receive: Callable[[], Any]) -> Request:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)
