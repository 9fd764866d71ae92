"""The directory edge against a real slapd: what gets in, what does not, and what people are told."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hub.directory import MAX_PASSWORD, DirectorySettings, knows, verify_password
from tests.directory.conftest import settings_for
from tests.directory.slapd import PEOPLE, Authority, Slapd

pytestmark = pytest.mark.directory


def rule(refusal: object) -> str | None:
    return getattr(refusal, "rule", None)


def test_the_right_password_is_accepted(settings: DirectorySettings) -> None:
    assert verify_password(settings, "alice", PEOPLE["alice"]) is None
    assert knows(settings, "alice") is None


@pytest.mark.parametrize("name", ["alice", "nobody", ""])
def test_a_wrong_password_and_an_unknown_name_read_the_same(settings: DirectorySettings, name: str) -> None:
    refusal = verify_password(settings, name, "wrong")
    assert refusal is not None
    assert refusal.rule == "login.wrong"
    assert str(refusal) == "The user name or the password is not right."


def test_an_empty_password_is_no_anonymous_bind(settings: DirectorySettings) -> None:
    assert rule(verify_password(settings, "alice", "")) == "login.wrong"


def test_a_password_ends_at_its_cap(settings: DirectorySettings) -> None:
    assert rule(verify_password(settings, "alice", "x" * (MAX_PASSWORD + 1))) == "login.wrong"


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "al*",
        "alice)(uid=*",
        "*)(objectClass=*",
        "alice\x00",
        "alice)\x00",
        "\\2a",
        "alice,dc=bulle,dc=test",
        "cn=alice,dc=bulle,dc=test",
        "(|(uid=alice)(uid=carla))",
        "a" * 100_000,
        "é\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ],
)
def test_a_name_cannot_change_the_search(settings: DirectorySettings, name: str) -> None:
    assert rule(verify_password(settings, name, PEOPLE["alice"])) == "login.wrong"
    assert rule(knows(settings, name)) == "login.wrong"


def test_a_name_with_two_entries_is_refused_with_either_password(settings: DirectorySettings) -> None:
    assert rule(verify_password(settings, "twice", "a password")) == "directory.ambiguous"


def test_a_password_is_for_its_own_entry_only(settings: DirectorySettings) -> None:
    assert rule(verify_password(settings, "alice", PEOPLE["carla"])) == "login.wrong"


def test_another_authority_is_refused(slapd: Slapd, tmp_path: Path) -> None:
    other = Authority.make(tmp_path / "other")
    assert rule(verify_password(settings_for(slapd.url, other.ca), "alice", PEOPLE["alice"])) == "directory.untrusted"


def test_a_certificate_for_another_host_is_refused(authority: Authority, tmp_path: Path) -> None:
    elsewhere = Authority.make(tmp_path / "elsewhere", host="ldap.example.org")
    server = Slapd(tmp_path / "slapd", elsewhere)
    server.start()
    try:
        refusal = verify_password(settings_for(server.url, elsewhere.ca), "alice", PEOPLE["alice"])
    finally:
        server.stop()
    assert rule(refusal) == "directory.untrusted"


def test_a_missing_ca_file_trusts_nobody(settings: DirectorySettings, tmp_path: Path) -> None:
    refusal = verify_password(replace(settings, ca_file=tmp_path / "none.pem"), "alice", PEOPLE["alice"])
    assert rule(refusal) == "directory.untrusted"


def test_without_starttls_no_password_is_sent(authority: Authority, tmp_path: Path) -> None:
    plain = Slapd(tmp_path / "slapd", None)
    plain.start()
    try:
        refusal = verify_password(settings_for(plain.url, authority.ca), "alice", PEOPLE["alice"])
    finally:
        plain.stop()
    assert rule(refusal) == "directory.untrusted"


def test_a_directory_that_is_down_is_said_so(authority: Authority, tmp_path: Path) -> None:
    never_started = Slapd(tmp_path / "slapd", authority)
    refusal = verify_password(settings_for(never_started.url, authority.ca), "alice", PEOPLE["alice"])
    assert refusal is not None
    assert refusal.rule == "directory.down"
    assert "does not answer" in str(refusal)


def test_a_directory_that_hangs_is_given_up(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=silent.accept, daemon=True).start()
        url = f"ldap://localhost:{silent.getsockname()[1]}"
        settings = replace(settings_for(url, authority.ca), seconds=1)
        assert verify_password(settings, "alice", PEOPLE["alice"]) is not None


def test_a_wrong_search_account_is_not_the_persons_fault(settings: DirectorySettings) -> None:
    refusal = verify_password(replace(settings, bind_password="other"), "alice", PEOPLE["alice"])
    assert rule(refusal) == "directory.refuses_us"


@pytest.mark.parametrize("url", ["ldaps://localhost", "http://localhost", ""])
def test_only_starttls_urls_are_settings(url: str) -> None:
    with pytest.raises(ValueError, match="ldap://"):
        DirectorySettings(url, Path("ca.pem"), "cn=x", "y", "dc=z")


def test_the_search_password_is_not_printed(settings: DirectorySettings) -> None:
    assert settings.bind_password not in repr(settings)
