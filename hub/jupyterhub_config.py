"""JupyterHub's configuration: where the environment's names become settings, once.

JupyterHub executes this file with `get_config` in its globals; tests call `configure` themselves.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from hub.authenticator import EnclaveAuthenticator
from hub.directory.model import DirectorySettings
from hub.events.kept import log_address, open_log
from hub.language import translate
from hub.policy.alarms import Place
from hub.policy.limits import read_limits
from hub.policy.people import read_people
from hub.policy.standing import Requirements
from hub.policy.undertakings import read_undertakings
from hub.present import announce
from hub.refused import refusal_log
from hub.second_factor.store import read_key
from hub.spawner import EnclaveSpawner
from hub.workspace import StateLayout

HUB_PORT = 8081  # on 127.0.0.1, for the proxy and the gate beside it (images/doors)
GATE_PORT = 8082  # what workspaces reach

# What a person's session may do at the hub: no tokens, no shares, no servers but their permits' (managed roles).
USER_SCOPES = ("read:users!user", "read:servers!user", "users:activity!user", "access:services!service=egress")


def configure(c: Any, environment: Mapping[str, str]) -> None:
    """Fill the configuration. Raises: KeyError, OSError, PolicyFileError, ValueError: the hub does not start."""
    layout = StateLayout(PurePosixPath(environment["BULLE_STATE"]))
    for folder in (layout.hub, layout.log.parent, layout.refusals / Place.HUB):
        Path(folder).mkdir(parents=True, exist_ok=True)
    _hub(c, environment, layout)
    _people(c, environment, layout)
    _workspaces(c, environment, layout)
    _requests(c, environment)


def _hub(c: Any, environment: Mapping[str, str], layout: StateLayout) -> None:
    hub = c.JupyterHub
    hub.bind_url = hub.public_url = environment["BULLE_PUBLIC_URL"]
    hub.hub_bind_url = f"http://127.0.0.1:{HUB_PORT}"
    hub.db_url = f"sqlite:///{layout.hub}/jupyterhub.sqlite"
    hub.cookie_secret_file = environment["BULLE_COOKIE_SECRET_FILE"]
    hub.cleanup_servers = False  # workspaces outlive a restart of the hub
    hub.last_activity_interval = 0  # the proxy counts every byte of a forgotten page as use; servers know better
    hub.allow_named_servers = True
    hub.default_url = "/hub/home"
    hub.template_paths = [str(Path(__file__).parent / "templates")]
    hub.tornado_settings = {"log_function": refusal_log(Path(layout.refusals / Place.HUB))}
    hub.template_vars = {"t": _english, "language": "en", "languages": ()}  # pages of our own replace them
    hub.load_roles = [{"name": "user", "description": "A person who logged in", "scopes": list(USER_SCOPES)}]
    proxy = c.ConfigurableHTTPProxy
    proxy.should_start = False
    proxy.api_url = "http://127.0.0.1:8001"
    proxy.auth_token = _secret(environment["BULLE_PROXY_TOKEN_FILE"])


def _people(c: Any, environment: Mapping[str, str], layout: StateLayout) -> None:
    """`BULLE_LOGIN` chooses who vouches for people: `directory` (LDAP, the default) or `oidc`."""
    policies = Path(environment["BULLE_POLICIES"])
    people, texts = read_people(policies), read_undertakings(policies)
    log_at = log_address(environment, layout.log)
    log = open_log(log_at)
    announce(log, Requirements(undertakings=tuple(each.required for each in texts), training=people.training.required))
    log.close()
    factor_key = read_key(Path(environment["BULLE_FACTOR_KEY_FILE"]))
    match environment.get("BULLE_LOGIN") or "directory":
        case "directory":
            c.JupyterHub.authenticator_class = EnclaveAuthenticator
            chosen = c.EnclaveAuthenticator
            chosen.directory = _directory(environment)
            chosen.public_url = environment["BULLE_PUBLIC_URL"]
            chosen.factor_store, chosen.factor_key = str(layout.second_factors), factor_key
        case "oidc":
            c.JupyterHub.authenticator_class = "hub.oidc.OidcAuthenticator"  # its packages are an extra
            chosen = c.OidcAuthenticator
            _provider(chosen, environment)
            c.CryptKeeper.keys = [hmac.digest(factor_key, b"what JupyterHub keeps of logins", "sha256")]
        case other:
            raise ValueError(f"BULLE_LOGIN is directory or oidc, not {other}")
    chosen.log_at, chosen.people, chosen.undertakings = log_at, people, texts
    chosen.proxies = int(environment.get("BULLE_PROXIES", "1"))
    chosen.mailbox_folder = str(layout.mailboxes) if environment.get("BULLE_SMTP_URL") else ""


def _provider(chosen: Any, environment: Mapping[str, str]) -> None:
    """An OpenID Connect provider; what a site's provider publishes under /.well-known/openid-configuration."""
    for url in ("BULLE_OIDC_AUTHORIZE_URL", "BULLE_OIDC_TOKEN_URL"):
        if not environment[url].startswith(("https://", "http://127.0.0.1:")):
            raise ValueError(f"{url} begins with https://: tokens travel over it")
    chosen.issuer = environment["BULLE_OIDC_ISSUER"]
    chosen.authorize_url = environment["BULLE_OIDC_AUTHORIZE_URL"]
    chosen.token_url = environment["BULLE_OIDC_TOKEN_URL"]
    chosen.client_id = environment["BULLE_OIDC_CLIENT_ID"]
    chosen.client_secret = _secret(environment["BULLE_OIDC_CLIENT_SECRET_FILE"])
    chosen.username_claim = environment.get("BULLE_OIDC_NAME_CLAIM") or "preferred_username"
    chosen.scope = ["openid", "profile", *(["email"] if environment.get("BULLE_SMTP_URL") else [])]
    chosen.oauth_callback_url = f"{environment['BULLE_PUBLIC_URL'].rstrip('/')}/hub/oauth_callback"


def _directory(environment: Mapping[str, str]) -> DirectorySettings:
    """`BULLE_LDAP_URL` holds one server or several, separated by spaces, in the order in which they are asked."""
    return DirectorySettings(
        servers=tuple(environment["BULLE_LDAP_URL"].split()),
        ca_file=Path(environment["BULLE_LDAP_CA"]),
        bind_dn=environment["BULLE_LDAP_BIND_DN"],
        bind_password=_secret(environment["BULLE_LDAP_BIND_PASSWORD_FILE"]),
        base=environment["BULLE_LDAP_BASE"],
        attribute=environment.get("BULLE_LDAP_LOGIN_ATTRIBUTE", "uid"),
        name=environment.get("BULLE_LDAP_NAME_ATTRIBUTE", "cn"),
        mail=environment.get("BULLE_LDAP_MAIL_ATTRIBUTE", "mail"),
        language=environment.get("BULLE_LDAP_LANGUAGE_ATTRIBUTE", "preferredLanguage"),
        training=environment.get("BULLE_LDAP_TRAINING_ATTRIBUTE", ""),
        required_group=environment.get("BULLE_LDAP_GROUP", ""),
    )


def _workspaces(c: Any, environment: Mapping[str, str], layout: StateLayout) -> None:
    c.JupyterHub.spawner_class = EnclaveSpawner
    spawner = c.EnclaveSpawner
    spawner.log_at = log_address(environment, layout.log)
    spawner.launcher_socket = environment["BULLE_LAUNCHER_SOCKET"]
    spawner.idle = read_limits(Path(environment["BULLE_POLICIES"])).idle
    spawner.hub_connect_url = f"http://hub:{GATE_PORT}"
    spawner.start_timeout = 180  # many people at once on few cores


def _requests(c: Any, environment: Mapping[str, str]) -> None:
    c.JupyterHub.services = [
        {
            "name": name,
            "url": environment[f"BULLE_{name.upper()}_URL"],
            "api_token": _secret(environment[f"BULLE_{name.upper()}_TOKEN_FILE"]),
            "oauth_no_confirm": True,
        }
        for name in ("egress", "desk")
    ]


def _secret(path: str) -> str:
    secret = Path(path).read_text(encoding="utf-8").strip()
    if not secret:
        raise ValueError(f"{path} is empty; it must hold a secret")
    return secret


def _english(_user: Any) -> Any:
    return partial(translate, language="en")


if "get_config" in globals():
    configure(globals()["get_config"](), os.environ)
