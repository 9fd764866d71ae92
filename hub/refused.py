"""What the hub itself refuses to people and workspaces, as lines for the meter. JupyterHub has no log of that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jupyterhub.log import log_request
from jupyterhub.user import User

from hub.alarms import Refused
from hub.daily import append
from hub.entrance.who import workspace_at
from hub.events.log import Clock, utc_now

_REFUSALS = (403, 404)
_NAMED = re.compile(r"/(?:users?|spawn|spawn-pending)/([^/?]+)(?:/(?:servers/)?([^/?]+))?")


def named_in(path: str, redirect: str) -> tuple[str, str]:
    """Whose workspace or account a request is about, and its project; "" where it names none. Pure.

    Somebody who is sent to the hub by a workspace's own door names it in `redirect`.
    """
    found = _NAMED.search(path) or _NAMED.search(redirect)
    return (unquote(found.group(1)), unquote(found.group(2) or "")) if found else ("", "")


def refusal_log(folder: Path, clock: Clock = utc_now) -> Callable[[Any], None]:
    """JupyterHub's log of requests, which also writes a line into `folder` for each that is abnormal."""

    def log(handler: Any) -> None:
        log_request(handler)
        if handler.get_status() not in _REFUSALS:
            return
        try:
            refused = _refused(handler, clock().timestamp())
            if refused is not None:
                append(folder, clock(), refused.line)
        except OSError:  # it stays refused
            handler.log.exception("could not write a refusal down")

    return log


def _refused(handler: Any, at: float) -> Refused | None:
    user = getattr(handler, "_jupyterhub_user", None)
    if isinstance(user, User):
        person, project = named_in(handler.request.path, handler.get_query_argument("redirect_uri", ""))
        tried = "own" if person == user.name else "others"
        return Refused(at=at, tried=tried, person=user.name, project=project[:64]) if person else None
    workspace = workspace_at(handler.db, handler.authenticator.address_of(handler.request)) if user is None else None
    if workspace is None:
        return None
    tried = "stale-token" if handler.request.headers.get("Authorization") else "token"
    return Refused(at=at, tried=tried, person=workspace.person, project=workspace.project)
