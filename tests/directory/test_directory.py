"""The directory edge against a real slapd: what gets in, what does not, and what people are told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hub.directory import ldap
from hub.directory.ldap import MAX_PASSWORD
from hub.directory.model import Account, DirectorySettings
from hub.directory.servers import Directory, Turn
from hub.policy.verdict import Refusal
from tests.directory.conftest import settings_for
from tests.directory.slapd import BASE, GROUP, PEOPLE, Authority, Slapd

pytestmark = pytest.mark.directory


def verify_password(settings: DirectorySettings, name: str, password: str) -> Account | Refusal:
    return ldap.verify(settings, settings.servers[0], name, password)


def knows(settings: DirectorySettings, name: str) -> Account | Refusal:
    return ldap.find(settings, settings.servers[0], name)


def rule(refusal: object) -> str | None:
    return getattr(refusal, "rule", None)


def test_the_right_password_is_accepted(settings: DirectorySettings) -> None:
    account = verify_password(settings, "alice", PEOPLE["alice"])
    assert account == Account(f"cn=alice,{BASE}", "alice", "alice@site.test")
    assert knows(settings, "alice") == account


@pytest.mark.parametrize("name", ["alice", "nobody", ""])
def test_a_wrong_password_and_an_unknown_name_read_the_same(settings: DirectorySettings, name: str) -> None:
    refusal = verify_password(settings, name, "wrong")
    assert isinstance(refusal, Refusal)
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
    assert rule(verify_password(settings_for(other.ca, slapd.url), "alice", PEOPLE["alice"])) == "directory.untrusted"


def test_a_certificate_for_another_host_is_refused(authority: Authority, tmp_path: Path) -> None:
    elsewhere = Authority.make(tmp_path / "elsewhere", host="ldap.example.org")
    server = Slapd(tmp_path / "slapd", elsewhere)
    server.start()
    try:
        refusal = verify_password(settings_for(elsewhere.ca, server.url), "alice", PEOPLE["alice"])
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
        refusal = verify_password(settings_for(authority.ca, plain.url), "alice", PEOPLE["alice"])
    finally:
        plain.stop()
    assert rule(refusal) == "directory.untrusted"


def test_a_directory_that_is_down_is_said_so(authority: Authority, tmp_path: Path) -> None:
    never_started = Slapd(tmp_path / "slapd", authority)
    refusal = verify_password(settings_for(authority.ca, never_started.url), "alice", PEOPLE["alice"])
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "directory.down"
    assert "does not answer" in str(refusal)


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_directory_that_hangs_is_given_up(authority: Authority, scheme: str) -> None:
    with hanging() as port:
        settings = replace(settings_for(authority.ca, f"{scheme}://localhost:{port}"), seconds=1)
        begun = time.monotonic()
        assert rule(verify_password(settings, "alice", PEOPLE["alice"])) in {"directory.down", "directory.untrusted"}
        assert time.monotonic() - begun < 5


def test_a_wrong_search_account_is_not_the_persons_fault(settings: DirectorySettings) -> None:
    refusal = verify_password(replace(settings, bind_password="other"), "alice", PEOPLE["alice"])
    assert rule(refusal) == "directory.refuses_us"


@pytest.mark.parametrize("servers", [(), ("",), ("http://localhost",), ("ldap://localhost", "ldapi://%2frun")])
def test_only_servers_that_speak_tls_are_settings(servers: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="ldap://"):
        DirectorySettings(servers, Path("ca.pem"), "cn=x", "y", "dc=z")


def test_the_search_password_is_not_printed(settings: DirectorySettings) -> None:
    assert settings.bind_password not in repr(settings)


@pytest.fixture(scope="module")
def ldaps(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd(tmp_path_factory.mktemp("ldaps"), authority, "ldaps")
    server.start()
    yield server
    server.stop()


def test_tls_from_the_first_byte_is_as_good(ldaps: Slapd, authority: Authority, tmp_path: Path) -> None:
    settings = settings_for(authority.ca, ldaps.url)
    assert isinstance(verify_password(settings, "alice", PEOPLE["alice"]), Account)
    assert rule(verify_password(settings, "alice", "wrong")) == "login.wrong"
    other = Authority.make(tmp_path / "other")
    assert rule(verify_password(settings_for(other.ca, ldaps.url), "alice", PEOPLE["alice"])) == "directory.untrusted"


def test_only_members_of_the_required_group_come_in(settings: DirectorySettings) -> None:
    grouped = replace(settings, required_group=GROUP)
    assert isinstance(verify_password(grouped, "alice", PEOPLE["alice"]), Account)
    assert rule(verify_password(grouped, "carla", PEOPLE["carla"])) == "directory.not_in_group"
    assert rule(knows(grouped, "carla")) == "directory.not_in_group"
    assert rule(verify_password(grouped, "carla", "wrong")) == "login.wrong"  # told only with the password
    missing = replace(settings, required_group=f"cn=none,{BASE}")
    assert rule(verify_password(missing, "alice", PEOPLE["alice"])) == "directory.not_in_group"


def test_a_training_attribute_is_read_where_the_site_has_one(settings: DirectorySettings) -> None:
    account = knows(replace(settings, training="carLicense"), "alice")
    assert isinstance(account, Account)
    assert account.trained_until == date(2028, 1, 31)


def test_the_next_server_is_asked_when_one_is_down_hangs_or_is_another(
    slapd: Slapd, authority: Authority, tmp_path: Path
) -> None:
    stranger = Slapd(tmp_path / "stranger", Authority.make(tmp_path / "other"))
    stranger.start()
    down = "ldap://localhost:1"
    try:
        with hanging() as port:
            hang = f"ldap://localhost:{port}"
            settings = replace(settings_for(authority.ca, down, hang, stranger.url, slapd.url), seconds=1)
            directory = Directory(settings)
            answer = directory.verify("alice", PEOPLE["alice"])
            assert isinstance(answer.account, Account)
            assert {turn.server: turn.rule for turn in answer.turns} == {
                down: "directory.down",
                hang: "directory.down",
                stranger.url: "directory.untrusted",
            }
            begun = time.monotonic()
            again = directory.verify("alice", "wrong")
            assert time.monotonic() - begun < 1, "the servers that failed are asked last"
            assert rule(again.account) == "login.wrong"
            assert again.turns == ()
    finally:
        stranger.stop()


def test_all_servers_down_is_one_sentence_and_a_recovery_is_noticed(authority: Authority, tmp_path: Path) -> None:
    late = Slapd(tmp_path / "late", authority)
    directory = Directory(settings_for(authority.ca, "ldap://localhost:1", late.url))
    first = directory.verify("alice", PEOPLE["alice"])
    assert rule(first.account) == "directory.down"
    assert [turn.rule for turn in first.turns] == ["directory.down"] * 2
    assert directory.verify("alice", PEOPLE["alice"]).turns == ()
    late.start()
    try:
        assert directory.verify("alice", PEOPLE["alice"]).turns == (Turn(late.url, ""),)
    finally:
        late.stop()


@contextmanager
def hanging() -> Iterator[int]:
    """A port on which everything is accepted and nothing is said."""
    held = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    held.append(silent.accept())

        threading.Thread(target=accept, daemon=True).start()
        yield silent.getsockname()[1]
    for connection, _ in held:
        connection.close()
