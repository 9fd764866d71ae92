"""Logging in, from the form's fields to the event: a real directory, a real log, JupyterHub's own outer call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado import web
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from hub.authenticator import EnclaveAuthenticator
from hub.by_permits import roles_of
from hub.directory.model import DirectorySettings
from hub.events.log import EventLog, utc_now
from hub.policy.factors import Enter
from tests.directory.slapd import PEOPLE
from tests.hub.enclave import add_person, impatient, issue_permit, permit

pytestmark = pytest.mark.directory

HERE = "192.0.2.7"
PROMPT = impatient()  # the shipped policy; refusals are told at once
WRONG = "The user name or the password is not right."


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    log = EventLog(tmp_path / "log.db")
    for name in ("alice", "carla"):
        add_person(log, name)
    issue_permit(log, permit("reste-a-charge"))
    return log


@pytest.fixture
def authenticator(log: EventLog, tmp_path: Path, settings: DirectorySettings) -> EnclaveAuthenticator:
    return EnclaveAuthenticator(
        log_at=str(tmp_path / "log.db"), directory=settings, people=PROMPT, factor_key=bytes(32)
    )


def at_the_form(language: str = "en", address: str = HERE) -> SimpleNamespace:
    headers = {"Accept-Language": language, "X-Forwarded-For": f"203.0.113.9, {address}", "X-Real-Ip": "203.0.113.8"}
    line = RequestStartLine("POST", "/hub/login", "HTTP/1.1")
    asked = HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "hub", **headers}))
    return SimpleNamespace(request=asked)


def another(authenticator: EnclaveAuthenticator, settings: DirectorySettings) -> EnclaveAuthenticator:
    return EnclaveAuthenticator(log_at=authenticator.log_at, directory=settings, people=PROMPT, factor_key=bytes(32))


def login(authenticator: EnclaveAuthenticator, name: str, password: str, language: str = "en") -> dict[str, Any]:
    """What the login page does, for people of whom no second factor is asked."""

    async def at_the_page() -> dict[str, Any]:
        handler = at_the_form(language)
        entrant, step = await authenticator.first_step(handler, name, password)
        assert isinstance(step, Enter)
        return await authenticator.let_in(entrant.name, handler.request, "directory.password")

    return asyncio.run(at_the_page())


def refused(authenticator: EnclaveAuthenticator, name: str, password: str, language: str = "en") -> web.HTTPError:
    with pytest.raises(web.HTTPError) as caught:
        login(authenticator, name, password, language)
    return caught.value


def last(log: EventLog) -> tuple[str, str, Mapping[str, Any]]:
    event = log.read()[-1]
    return event.actor, event.kind, event.body


def test_a_known_person_comes_in_with_the_roles_of_their_permits(
    authenticator: EnclaveAuthenticator, log: EventLog
) -> None:
    model = login(authenticator, "alice", PEOPLE["alice"])
    assert model["name"] == "alice"
    assert model["admin"] is False
    assert [role["name"] for role in model["roles"]] == ["user", "project.alice.reste-a-charge"]
    assert last(log) == ("alice", "login.accepted", {"rule": "directory.password", "address": HERE})


def test_an_output_checker_comes_in_and_opens_nothing(authenticator: EnclaveAuthenticator) -> None:
    assert login(authenticator, "carla", PEOPLE["carla"])["roles"] == [{"name": "user"}]


def test_a_name_is_taken_in_any_case(authenticator: EnclaveAuthenticator) -> None:
    assert login(authenticator, "Alice", PEOPLE["alice"])["name"] == "alice"


def test_a_wrong_password_is_one_sentence_and_an_event(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    error = refused(authenticator, "alice", "wrong")
    assert (error.status_code, error.log_message) == (403, WRONG)
    assert last(log) == ("alice", "login.refused", {"rule": "login.wrong", "address": HERE})


def test_a_person_the_enclave_does_not_know_stays_out_with_a_good_password(
    authenticator: EnclaveAuthenticator, log: EventLog
) -> None:
    error = refused(authenticator, "mallory", PEOPLE["mallory"])
    assert error.status_code == 403
    assert "not known to the enclave" in str(error.log_message)
    assert last(log) == ("unknown", "login.refused", {"rule": "person.unknown", "address": HERE})


def test_without_the_password_nobody_learns_who_the_enclave_knows(authenticator: EnclaveAuthenticator) -> None:
    assert refused(authenticator, "mallory", "wrong").log_message == WRONG


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "alice)(uid=*",
        "alice)(|(objectClass=*)",
        "*))(|(uid=*",
        "*)(&(mail=*)",
        "\\61lice",
        "alice\x00",
        "alice\r\ndn: cn=x",
        "cn=alice,dc=bulle,dc=test",
        "\uff41lice",  # a directory folds this letter to an a
        "../alice",
        "correct horse",
        "x" * 10_000,
        "%s%n",
    ],
)
def test_what_was_typed_as_a_name_is_not_written_down(
    authenticator: EnclaveAuthenticator, log: EventLog, name: str
) -> None:
    assert refused(authenticator, name, "x").log_message == WRONG
    assert last(log) == ("unknown", "login.refused", {"rule": "login.wrong", "address": HERE})


@pytest.mark.parametrize("data", [None, {}, {"username": "alice", "password": PEOPLE["alice"]}])
def test_jupyterhubs_other_doors_are_shut_to_the_right_password(
    authenticator: EnclaveAuthenticator, log: EventLog, data: dict[str, str] | None
) -> None:
    before = len(log.read())
    with pytest.raises(web.HTTPError, match="login page"):
        asyncio.run(authenticator.get_authenticated_user(at_the_form(), data))
    assert len(log.read()) == before  # not even tried


def test_a_directory_that_is_down_is_a_sentence_in_the_persons_language(
    authenticator: EnclaveAuthenticator, log: EventLog, settings: DirectorySettings
) -> None:
    authenticator = another(authenticator, replace(settings, servers=("ldap://localhost:1",)))
    error = refused(authenticator, "alice", PEOPLE["alice"], "fr-FR,fr;q=0.9")
    assert error.status_code == 503
    assert "L'annuaire des comptes ne répond pas" in str(error.log_message)
    assert last(log) == ("alice", "login.refused", {"rule": "directory.down", "address": HERE})


def test_a_wrong_authority_is_a_sentence_and_an_event(
    authenticator: EnclaveAuthenticator, log: EventLog, settings: DirectorySettings, tmp_path: Path
) -> None:
    authenticator = another(authenticator, replace(settings, ca_file=tmp_path / "none.pem"))
    error = refused(authenticator, "alice", PEOPLE["alice"])
    assert error.status_code == 503
    assert "could not prove who it is" in str(error.log_message)
    assert last(log)[2] == {"rule": "directory.untrusted", "address": HERE}


def test_a_login_that_cannot_be_written_down_does_not_happen(settings: DirectorySettings, tmp_path: Path) -> None:
    blocked = tmp_path / "folder"
    blocked.mkdir()
    authenticator = EnclaveAuthenticator(log_at=str(blocked), directory=settings, people=PROMPT, factor_key=bytes(32))
    error = refused(authenticator, "alice", PEOPLE["alice"])
    assert error.status_code == 503
    assert "event log" in str(error.log_message)


def test_the_address_of_a_login_is_the_one_our_proxy_saw(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    refused(authenticator, "alice", "wrong")
    assert last(log)[2]["address"] == HERE  # not 203.0.113.9, which the browser wrote before


def test_too_many_failures_close_the_door_to_the_right_password_too(
    authenticator: EnclaveAuthenticator, log: EventLog
) -> None:
    for _ in range(PROMPT.lockout.person.value.failures):
        assert refused(authenticator, "alice", "wrong").log_message == WRONG
    assert last(log)[:2] == ("alice", "login.locked")
    assert last(log)[2]["key"] == "person:alice"
    assert refused(authenticator, "alice", PEOPLE["alice"]).log_message == WRONG
    assert last(log) == ("alice", "login.refused", {"rule": "login.locked", "address": HERE})
    assert login(authenticator, "carla", PEOPLE["carla"])["name"] == "carla"
    log.append("ada", "login.unlocked", "", {"key": "person:alice"})
    assert login(authenticator, "alice", PEOPLE["alice"])["name"] == "alice"


def test_many_at_once_get_no_more_tries(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    most = PROMPT.lockout.person.value.failures

    async def all_at_once() -> None:
        tries = [authenticator.first_step(at_the_form(), "alice", str(number)) for number in range(3 * most)]
        await asyncio.gather(*tries, return_exceptions=True)

    asyncio.run(all_at_once())
    rules = [event.body.get("rule") for event in log.read() if event.kind == "login.refused"]
    assert rules.count("login.wrong") == most
    assert rules.count("login.locked") == 2 * most


def test_a_directory_that_is_down_locks_nobody(
    authenticator: EnclaveAuthenticator, log: EventLog, settings: DirectorySettings
) -> None:
    cut_off = another(authenticator, replace(settings, servers=("ldap://localhost:1",)))
    for _ in range(PROMPT.lockout.person.value.failures + 1):
        refused(cut_off, "alice", PEOPLE["alice"])
    kinds = [event.kind for event in log.read()]
    assert kinds.count("directory.failed") == 1  # told once, not at every login
    assert "login.locked" not in kinds
    assert login(authenticator, "alice", PEOPLE["alice"])["name"] == "alice"


def test_a_refusal_takes_as_long_whoever_asks(authenticator: EnclaveAuthenticator, settings: DirectorySettings) -> None:
    patient = EnclaveAuthenticator(
        log_at=authenticator.log_at, directory=settings, people=impatient(0.4), factor_key=bytes(32)
    )
    for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("*", "wrong"), ("alice", "")):
        begun = time.monotonic()
        refused(patient, name, password)
        assert time.monotonic() - begun >= 0.4


def test_who_is_halted_stays_out_and_others_come_in(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    halt = {"scope": "person", "name": "alice", "why": "a stolen password"}
    log.append("opal", "access.halted", "", halt)
    assert refused(authenticator, "alice", "wrong").log_message == WRONG  # tells nothing to whoever guesses
    error = refused(authenticator, "alice", PEOPLE["alice"])
    assert error.status_code == 403
    assert "The access of alice is halted since" in str(error.log_message)
    assert (last(log)[1], last(log)[2]["rule"]) == ("login.refused", "halt.person")
    assert refresh(authenticator, "alice") is False
    assert login(authenticator, "carla", PEOPLE["carla"])["name"] == "carla"
    log.append("opal", "access.resumed", "", halt)
    assert len(login(authenticator, "alice", PEOPLE["alice"])["roles"]) == 2


def test_in_a_halted_project_people_come_in_and_open_nothing(
    authenticator: EnclaveAuthenticator, log: EventLog
) -> None:
    log.append("opal", "access.halted", "reste-a-charge", {"scope": "project", "name": "reste-a-charge", "why": "x"})
    assert login(authenticator, "alice", PEOPLE["alice"])["roles"] == [{"name": "user"}]


def refresh(authenticator: EnclaveAuthenticator, name: str) -> dict[str, Any] | bool:
    return asyncio.run(authenticator.refresh_user(SimpleNamespace(name=name)))


def test_refreshing_follows_the_permits(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    model = refresh(authenticator, "alice")
    assert isinstance(model, dict)
    assert len(model["roles"]) == 2
    yesterday = utc_now().date() - timedelta(days=1)
    issue_permit(log, permit("reste-a-charge", until=yesterday))
    assert refresh(authenticator, "alice") == {"name": "alice", "admin": False, "roles": [{"name": "user"}]}


@pytest.mark.parametrize(("days", "roles"), [(-1, 1), (0, 2), (1, 2)])
def test_the_last_day_of_a_permit_is_inside(
    authenticator: EnclaveAuthenticator, log: EventLog, days: int, roles: int
) -> None:
    issue_permit(log, permit("reste-a-charge", until=utc_now().date() + timedelta(days=days)))
    assert len(login(authenticator, "alice", PEOPLE["alice"])["roles"]) == roles


def test_refreshing_fails_closed(authenticator: EnclaveAuthenticator, settings: DirectorySettings) -> None:
    assert refresh(authenticator, "mallory") is False  # in the directory, not in the enclave
    authenticator = another(authenticator, replace(settings, servers=("ldap://localhost:1",)))
    assert refresh(authenticator, "alice") is False
    nowhere = EnclaveAuthenticator(log_at="/proc/none", directory=settings, people=PROMPT, factor_key=bytes(32))
    assert refresh(nowhere, "alice") is False


def test_a_recovery_ends_the_sessions_of_before(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    until = "2099-01-01T00:00:00+00:00"
    log.append("ada", "factor.recovery_asked", "", {"person": "alice", "why": "lost", "until": until})
    assert refresh(authenticator, "alice")
    log.append("omar", "factor.recovery_confirmed", "", {"person": "alice", "why": "lost", "until": until})
    assert refresh(authenticator, "alice") is False
    log.append("alice", "factor.enrolled", "", {"id": "a", "kind": "app", "label": ""})
    assert refresh(authenticator, "alice")


def test_a_role_reaches_one_server_of_one_person() -> None:
    roles = roles_of("alice", (permit("reste-a-charge", until=date(2030, 1, 1)),))
    assert roles[0] == {"name": "user"}  # left out, JupyterHub would take it away
    assert roles[1]["users"] == ["alice"]
    assert roles[1]["scopes"] == ["servers!server=alice/reste-a-charge", "access:servers!server=alice/reste-a-charge"]


def test_only_an_administrators_roles_open_the_desk() -> None:
    [desk] = [role for role in roles_of("erin", (), administrator=True) if role["name"] != "user"]
    assert (desk["users"], desk["scopes"]) == (["erin"], ["access:services!service=desk"])
    assert roles_of("erin", ()) == [{"name": "user"}]
