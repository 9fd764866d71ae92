"""A service's pages as a process: its place at the hub from the environment, and serving until it is stopped."""

from __future__ import annotations

import errno
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp

from egress.pages.hub import Hub, HubSettings
from egress.pages.login import Login
from egress.pages.sessions import Sessions
from hub.policy.files import PolicyFileError

HUB_API = "http://hub:8082/hub/api"


def login_of(environment: Mapping[str, str], name: str) -> Login:
    """The service `name`'s logins at the hub. Its token is in the file that `BULLE_<NAME>_TOKEN_FILE` names.

    Raises: KeyError for a name that is not there, OSError.
    """
    settings = HubSettings(
        prefix=environment.get("JUPYTERHUB_SERVICE_PREFIX", f"/services/{name}/"),
        hub_api_url=environment.get("BULLE_HUB_API_URL", HUB_API),
        public_url=environment["BULLE_PUBLIC_URL"],
        secret=_secret(Path(environment[f"BULLE_{name.upper()}_TOKEN_FILE"])),
        client_id=f"service-{name}",
    )
    # trust_env off: a proxy named in the environment must not see tokens. The hub is one step away.
    hub = Hub(settings, httpx.Client(timeout=10, trust_env=False, follow_redirects=False))
    key = secrets.token_bytes(32)  # sessions live in this process, so the key that signs their ids does, too
    return Login(hub, Sessions(key, time.monotonic), key)


def serve(configure: Callable[[Mapping[str, str]], ASGIApp], name: str, port: int) -> int:
    """Serve what `configure` makes of the environment, until stopped; 3 when a setting is missing."""
    environment = os.environ
    try:
        app = configure(environment)
    except KeyError as error:
        print(f"The {name} service needs {error.args[0]} in its environment.", file=sys.stderr)
        return 3
    except PolicyFileError as error:
        print(*error.messages, sep="\n", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"The {name} service cannot start: {error.strerror}: {error.filename}", file=sys.stderr)
        return 3
    host = environment.get(f"BULLE_{name.upper()}_HOST", "0.0.0.0")  # noqa: S104 -- one container, on an internal network
    port = int(environment.get(f"BULLE_{name.upper()}_PORT", port))
    # No access log: the addresses of a login carry codes. No "Server" header: it helps nobody.
    uvicorn.run(app, host=host, port=port, access_log=False, server_header=False, log_level="warning")
    return 0


def _secret(path: Path) -> str:
    secret = path.read_text(encoding="utf-8").strip()
    if not secret:
        raise OSError(errno.EINVAL, "the file is empty", str(path))
    return secret
