"""Logging in, from the form's fields to the event: a real directory, a real log, JupyterHub's own outer call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado import web

from hub.authenticator import EnclaveAuthenticator, roles_of
from hub.directory import DirectorySettings
from hub.events.log import EventLog, utc_now
from tests.directory.slapd import PEOPLE
from tests.hub.enclave import add_person, issue_permit, permit

pytestmark = pytest.mark.directory

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
    return EnclaveAuthenticator(log_at=str(tmp_path / "log.db"), directory=settings)


def login(authenticator: EnclaveAuthenticator, name: str, password: str, language: str = "en") -> dict[str, Any]:
    handler = SimpleNamespace(request=SimpleNamespace(headers={"Accept-Language": language}))
    data = {"username": name, "password": password}
    return asyncio.run(authenticator.get_authenticated_user(handler, data)) or {}


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
    assert last(log) == ("alice", "login.accepted", {"rule": "directory.password"})


def test_an_output_checker_comes_in_and_opens_nothing(authenticator: EnclaveAuthenticator) -> None:
    assert login(authenticator, "carla", PEOPLE["carla"])["roles"] == [{"name": "user"}]


def test_a_name_is_taken_in_any_case(authenticator: EnclaveAuthenticator) -> None:
    assert login(authenticator, "Alice", PEOPLE["alice"])["name"] == "alice"


def test_a_wrong_password_is_one_sentence_and_an_event(authenticator: EnclaveAuthenticator, log: EventLog) -> None:
    error = refused(authenticator, "alice", "wrong")
    assert (error.status_code, error.log_message) == (403, WRONG)
    assert last(log) == ("alice", "login.refused", {"rule": "login.wrong"})


def test_a_person_the_enclave_does_not_know_stays_out_with_a_good_password(
    authenticator: EnclaveAuthenticator, log: EventLog
) -> None:
    error = refused(authenticator, "mallory", PEOPLE["mallory"])
    assert error.status_code == 403
    assert "not known to the enclave" in str(error.log_message)
    assert last(log) == ("unknown", "login.refused", {"rule": "person.unknown"})


def test_without_the_password_nobody_learns_who_the_enclave_knows(authenticator: EnclaveAuthenticator) -> None:
    assert refused(authenticator, "mallory", "wrong").log_message == WRONG


@pytest.mark.parametrize("name", ["*", "alice)(uid=*", "alice\x00", "../alice", "correct horse", "x" * 10_000, "%s%n"])
def test_what_was_typed_as_a_name_is_not_written_down(
    authenticator: EnclaveAuthenticator, log: EventLog, name: str
) -> None:
    assert refused(authenticator, name, "x").log_message == WRONG
    assert last(log) == ("unknown", "login.refused", {"rule": "login.wrong"})


@pytest.mark.parametrize("data", [{}, {"username": "alice"}, {"password": "x"}])
def test_missing_fields_are_a_wrong_login(authenticator: EnclaveAuthenticator, data: dict[str, str]) -> None:
    handler = SimpleNamespace(request=SimpleNamespace(headers={}))
    with pytest.raises(web.HTTPError, match="not right"):
        asyncio.run(authenticator.authenticate(handler, data))


def test_a_directory_that_is_down_is_a_sentence_in_the_persons_language(
    authenticator: EnclaveAuthenticator, log: EventLog, settings: DirectorySettings
) -> None:
    authenticator.directory = replace(settings, url="ldap://localhost:1")
    error = refused(authenticator, "alice", PEOPLE["alice"], "fr-FR,fr;q=0.9")
    assert error.status_code == 503
    assert "L'annuaire des comptes ne répond pas" in str(error.log_message)
    assert last(log) == ("alice", "login.refused", {"rule": "directory.down"})


def test_a_wrong_authority_is_a_sentence_and_an_event(
    authenticator: EnclaveAuthenticator, log: EventLog, settings: DirectorySettings, tmp_path: Path
) -> None:
    authenticator.directory = replace(settings, ca_file=tmp_path / "none.pem")
    error = refused(authenticator, "alice", PEOPLE["alice"])
    assert error.status_code == 503
    assert "could not prove who it is" in str(error.log_message)
    assert last(log)[2] == {"rule": "directory.untrusted"}


def test_a_login_that_cannot_be_written_down_does_not_happen(settings: DirectorySettings, tmp_path: Path) -> None:
    blocked = tmp_path / "folder"
    blocked.mkdir()
    authenticator = EnclaveAuthenticator(log_at=str(blocked), directory=settings)
    error = refused(authenticator, "alice", PEOPLE["alice"])
    assert error.status_code == 503
    assert "event log" in str(error.log_message)


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
    authenticator.directory = replace(settings, url="ldap://localhost:1")
    assert refresh(authenticator, "alice") is False
    authenticator.log_at = "/proc/none"
    assert refresh(authenticator, "alice") is False


def test_a_role_reaches_one_server_of_one_person() -> None:
    roles = roles_of("alice", (permit("reste-a-charge", until=date(2030, 1, 1)),))
    assert roles[0] == {"name": "user"}  # left out, JupyterHub would take it away
    assert roles[1]["users"] == ["alice"]
    assert roles[1]["scopes"] == ["servers!server=alice/reste-a-charge", "access:servers!server=alice/reste-a-charge"]
