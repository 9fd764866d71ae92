"""What anybody may know, and that nothing else stands in any file of the register."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from babel.messages.pofile import read_po

import egress.register
from egress.register.__main__ import Registrar
from egress.register.known import Known
from egress.register.model import PermitState, Register
from egress.register.pages import register_files
from egress.register.public import register
from egress.release.review import Choice, Vote
from hub.policy.files import policies_dir, read_purposes
from hub.policy.register import RegisterPolicy, read_register
from tests.egress.web.planted import ATTACK, NOW, PEOPLE, Planted, by_year

POLICY, PURPOSES = read_register(), read_purposes()
PROJECT = "reste-a-charge"
HERE = "https://enclave.example/register/"


def plant(made: Planted) -> Planted:
    """A released request, a rejected one, one in progress; a halt that was lifted; a break-glass; a large session."""
    for number, choice in ((1, Choice.APPROVE), (2, Choice.REJECT)):
        request = f"{PROJECT}-{number}"
        made.submit(request, title=f"A secret title {ATTACK}")
        made.checked(request, by_year())
        made.desk.review(request, "carol", (Vote("persons_by_year", choice, "a private comment"),))
    made.release(f"{PROJECT}-1")
    made.submit(f"{PROJECT}-3")
    log = made.log
    for scope, name in (("project", PROJECT), ("person", "alice")):
        at = name if scope == "project" else ""
        log.append("opal", "access.halted", at, {"scope": scope, "name": name, "why": "a private reason"})
        log.append("opal", "access.resumed", at, {"scope": scope, "name": name, "why": "a private reason"})
    until = (made.now + timedelta(hours=2)).isoformat()
    log.append(
        "opal", "breakglass.asked", PROJECT, {"id": "bg-1", "act": "folders", "why": "a private reason", "until": until}
    )
    log.append("meter", "session.volume", PROJECT, {"person": "alice", "session": 1, "bytes": 10**9, "alert_mb": 100})
    return made


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return plant(Planted(tmp_path / "state"))


def told(planted: Planted, policy: RegisterPolicy = POLICY, **later: int) -> Register:
    return register(Known().after(planted.log.read()), policy, PURPOSES, (NOW + timedelta(**later)).date())


def test_a_permit_with_what_came_of_it(planted: Planted) -> None:
    (permit,) = [each for each in told(planted).permits if each.project == PROJECT]
    assert permit.state is PermitState.IN_FORCE
    assert permit.purpose.fr == PURPOSES.purposes["public-health-research"].title.fr
    assert [(result.outputs, result.day) for result in permit.results] == [(1, NOW.date())]
    assert (permit.refusals, permit.in_progress, permit.researchers, permit.versions) == (1, 1, 2, 1)
    assert permit.data[0].columns == ("site", "year", "total_spending")  # no catalogue is registered here
    quiet = told(planted, POLICY.model_copy(update={"researchers": "none"}))
    assert all(each.researchers is None for each in quiet.permits)


@pytest.mark.parametrize(
    ("days", "state"), [(771, PermitState.IN_FORCE), (772, PermitState.IN_FORCE), (773, PermitState.EXPIRED)]
)
def test_a_permit_ends_with_its_last_day(planted: Planted, days: int, state: PermitState) -> None:
    assert {permit.state for permit in told(planted, days=days).permits} == {state}


def test_halts_and_ends_show(planted: Planted) -> None:
    planted.log.append("opal", "access.halted", "", {"scope": "all", "name": "", "why": "x"})
    assert {permit.state for permit in told(planted).permits} == {PermitState.HALTED}
    planted.log.append("opal", "permit.ended", PROJECT, {"why": "a private reason"})
    states = {permit.project: (permit.state, permit.ended) for permit in told(planted).permits}
    assert states[PROJECT] == (PermitState.ENDED, NOW.date())


def test_alerts_have_their_answers_and_those_about_persons_name_none(planted: Planted) -> None:
    found = [(alert.what, alert.answer) for alert in told(planted).alerts]
    assert sorted(found) == [("break_glass", "open"), ("project_halted", "resumed"), ("volume", "told")]
    assert ("break_glass", "not_used") in [(alert.what, alert.answer) for alert in told(planted, days=2).alerts]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_median_needs_enough_cases(planted: Planted, more: int) -> None:
    policy = POLICY.model_copy(update={"least_for_median": 2 + more})
    (delay,) = [each for each in told(planted, policy).delays if each.what == "decision"]
    assert delay.cases == 2
    assert (delay.median_hours is None) == (more > 0)


def test_no_file_says_more_than_the_policy_does(planted: Planted) -> None:
    planted.permit("x", {"mallory": "researcher"})
    files = register_files(told(planted), HERE)
    for name, content in files.items():
        if name in {"style.css", "icon.svg"}:
            continue
        text = content.decode()
        for word in (
            *PEOPLE,
            "opal",
            *PEOPLE.values(),
            "private",
            "secret",
            "persons_by_year",
            "<script>alert",
            "carol",
        ):
            assert not re.search(rf"\b{re.escape(word)}\b", text), (name, word)
        assert not re.search(r"T\d\d:[0-5]\d:(?!00Z)", text), name  # no time of day
    assert len(files) == 7


def test_hostile_words_of_a_permit_stay_words(planted: Planted) -> None:
    found = told(planted)
    permit = found.permits[0].model_copy(update={"title": f"{ATTACK}\x1b\u202e", "statement": ATTACK})
    files = register_files(found.model_copy(update={"permits": (permit,)}), HERE)
    for name in ("index.en.html", "index.fr.html", "feed.en.atom"):
        assert b"<script>alert" not in files[name], name
        assert "\u202e".encode() not in files[name], name


def test_the_feeds_are_atom_with_ids_that_stay(planted: Planted) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    ids = []
    for days in (0, 30):
        feed = ET.fromstring(register_files(told(planted, days=days), HERE)["feed.fr.atom"])
        ids.append([entry.findtext(f"{atom}id") for entry in feed.iter(f"{atom}entry")])
        assert feed.findtext(f"{atom}id") == f"{HERE}feed.fr.atom"
        assert feed.findtext(f"{atom}title") == "Registre public"
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0]) >= 6


def test_only_what_changed_is_written(planted: Planted, tmp_path: Path) -> None:
    folder = tmp_path / "register"
    registrar = Registrar(planted.log, POLICY, PURPOSES, folder, HERE, lambda: NOW)
    assert registrar.look() == 7
    assert registrar.look() == 0
    planted.submit(f"{PROJECT}-4")
    assert registrar.look() == 3  # two pages and the data; no entry of a feed
    data = json.loads((folder / "register.json").read_text())
    assert (data["schema"], data["as_of"]) == ("bulle.register/1", NOW.date().isoformat())


def test_every_text_of_the_page_has_its_french() -> None:
    page = Path(egress.register.__file__).parent / "templates" / "register.html"
    texts = {match[1] for match in re.findall(r"\bt\(\s*([\"'])(.*?)\1", page.read_text(encoding="utf-8"))}
    known: set[str] = set()
    for path in (policies_dir().parent / "hub" / "locale" / "fr").glob("*.po"):
        with path.open("rb") as file:
            known |= {str(entry.id) for entry in read_po(file, locale="fr") if entry.string}
    assert len(texts) > 30
    assert texts - known == set()
