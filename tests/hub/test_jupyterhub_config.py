"""The composition root: what JupyterHub is told, from the environment's names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from hub.authenticator import EnclaveAuthenticator
from hub.events.log import EventLog
from hub.jupyterhub_config import USER_SCOPES, configure
from hub.oidc import OidcAuthenticator
from hub.policy.files import PolicyFileError, policies_dir
from hub.spawner import EnclaveSpawner


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name in ("bind", "egress", "desk", "proxy"):
        (tmp_path / name).write_text(f"{name}-secret\n")
    (tmp_path / "factor-key").write_text("0f" * 32 + "\n")
    return {
        "BULLE_STATE": str(tmp_path / "state"),
        "BULLE_POLICIES": str(policies_dir()),
        "BULLE_LDAP_URL": "ldap://ldap:389 ldaps://second:636",
        "BULLE_LDAP_CA": str(tmp_path / "ca.pem"),
        "BULLE_LDAP_BIND_DN": "cn=bulle,dc=bulle,dc=test",
        "BULLE_LDAP_BIND_PASSWORD_FILE": str(tmp_path / "bind"),
        "BULLE_LDAP_BASE": "dc=bulle,dc=test",
        "BULLE_PUBLIC_URL": "https://enclave.example",
        "BULLE_LAUNCHER_SOCKET": "/run/launcher/socket",
        "BULLE_EGRESS_URL": "http://egress-web:8010",
        "BULLE_EGRESS_TOKEN_FILE": str(tmp_path / "egress"),
        "BULLE_DESK_URL": "http://desk:8020",
        "BULLE_DESK_TOKEN_FILE": str(tmp_path / "desk"),
        "BULLE_PROXY_TOKEN_FILE": str(tmp_path / "proxy"),
        "BULLE_COOKIE_SECRET_FILE": str(tmp_path / "cookie"),
        "BULLE_FACTOR_KEY_FILE": str(tmp_path / "factor-key"),
    }


def configured(environment: dict[str, str]) -> Any:
    c = Config()
    configure(c, environment)
    return c


def test_the_environment_becomes_settings(environment: dict[str, str], tmp_path: Path) -> None:
    c = configured(environment)
    assert c.EnclaveAuthenticator.directory.bind_password == "bind-secret"
    assert c.EnclaveAuthenticator.directory.servers == ("ldap://ldap:389", "ldaps://second:636")
    assert c.EnclaveAuthenticator.people.lockout.person.value.failures > 0
    assert c.EnclaveSpawner.log_at == c.EnclaveAuthenticator.log_at == str(tmp_path / "state/events/log.db")
    assert c.EnclaveSpawner.launcher_socket == "/run/launcher/socket"
    assert c.EnclaveSpawner.hub_connect_url == "http://hub:8082"
    assert c.JupyterHub.hub_bind_url == "http://127.0.0.1:8081"  # nobody reaches it but through proxy and gate
    assert c.ConfigurableHTTPProxy.auth_token == "proxy-secret"
    assert c.ConfigurableHTTPProxy.should_start is False
    assert c.JupyterHub.cleanup_servers is False
    service, desk = c.JupyterHub.services
    assert (desk["name"], desk["api_token"]) == ("desk", "desk-secret")
    assert (service["name"], service["api_token"], service["oauth_no_confirm"]) == ("egress", "egress-secret", True)


def test_addresses_are_kept_only_where_somebody_mails(environment: dict[str, str], tmp_path: Path) -> None:
    assert configured(environment).EnclaveAuthenticator.mailbox_folder == ""
    mails = {**environment, "BULLE_SMTP_URL": "smtp://mail.hospital.example"}
    assert configured(mails).EnclaveAuthenticator.mailbox_folder == str(tmp_path / "state" / "mailboxes")


@pytest.mark.parametrize("section", ["EnclaveSpawner", "EnclaveAuthenticator"])
def test_every_setting_is_one_that_exists(environment: dict[str, str], section: str) -> None:
    kind: Any = {"EnclaveSpawner": EnclaveSpawner, "EnclaveAuthenticator": EnclaveAuthenticator}[section]
    assert set(configured(environment)[section]) <= set(kind.class_trait_names(config=True))


def test_a_session_has_no_tokens_no_shares_and_no_servers(environment: dict[str, str]) -> None:
    [role] = configured(environment).JupyterHub.load_roles
    assert role["name"] == "user"
    assert set(role["scopes"]) == set(USER_SCOPES)
    assert not [
        scope for scope in USER_SCOPES if scope.split("!")[0] in {"self", "tokens", "shares", "servers", "inherit"}
    ]
    assert all("!" in scope for scope in USER_SCOPES)


@pytest.mark.parametrize(
    "missing", ["BULLE_STATE", "BULLE_LDAP_CA", "BULLE_LAUNCHER_SOCKET", "BULLE_EGRESS_TOKEN_FILE"]
)
def test_without_a_name_the_hub_does_not_start(environment: dict[str, str], missing: str) -> None:
    del environment[missing]
    with pytest.raises(KeyError, match=missing):
        configured(environment)


def test_without_a_secret_the_hub_does_not_start(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "proxy").unlink()
    with pytest.raises(OSError, match="proxy"):
        configured(environment)
    (tmp_path / "proxy").touch()
    with pytest.raises(ValueError, match="empty"):
        configured(environment)


def test_without_policies_the_hub_does_not_start(environment: dict[str, str], tmp_path: Path) -> None:
    environment["BULLE_POLICIES"] = str(tmp_path)
    with pytest.raises(PolicyFileError):
        configured(environment)


PROVIDER = {
    "BULLE_LOGIN": "oidc",
    "BULLE_OIDC_ISSUER": "https://idp.example",
    "BULLE_OIDC_AUTHORIZE_URL": "https://idp.example/authorize",
    "BULLE_OIDC_TOKEN_URL": "https://idp.example/token",
    "BULLE_OIDC_CLIENT_ID": "bulle",
}


def test_a_site_may_choose_its_identity_provider(environment: dict[str, str]) -> None:
    c = configured({**environment, **PROVIDER, "BULLE_OIDC_CLIENT_SECRET_FILE": environment["BULLE_EGRESS_TOKEN_FILE"]})
    assert set(c.OidcAuthenticator) <= set(OidcAuthenticator.class_trait_names(config=True))
    assert c.OidcAuthenticator.issuer == "https://idp.example"
    assert c.OidcAuthenticator.oauth_callback_url == "https://enclave.example/hub/oauth_callback"
    assert [len(key) for key in c.CryptKeeper["keys"]] == [32]
    assert "EnclaveAuthenticator" not in c


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("BULLE_LOGIN", "anybody", ValueError),
        ("BULLE_OIDC_TOKEN_URL", "http://idp.example/token", ValueError),
        ("BULLE_OIDC_ISSUER", None, KeyError),
    ],
)
def test_a_provider_that_is_not_told_safely_is_none(
    environment: dict[str, str], name: str, value: str | None, error: type[Exception]
) -> None:
    secret = {"BULLE_OIDC_CLIENT_SECRET_FILE": environment["BULLE_EGRESS_TOKEN_FILE"]}
    wanted = {**environment, **PROVIDER, **secret, name: value}
    with pytest.raises(error):
        configured({key: each for key, each in wanted.items() if each is not None})


def test_what_people_must_sign_is_in_the_log_before_anybody_comes(environment: dict[str, str]) -> None:
    configured(environment)
    configured(environment)
    [event] = EventLog(Path(environment["BULLE_STATE"]) / "events" / "log.db").read()
    assert event.kind == "people.required"
    assert event.body["required"]["training"] is True
