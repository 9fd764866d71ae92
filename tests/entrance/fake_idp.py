"""A fake identity provider: enough of OpenID Connect's code flow with PKCE to be logged in by, on loopback.

It asks nobody for anything: a test says who is there and what is claimed of them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.egress.web.hub_stand import free_port

CLIENT, SECRET = "bulle", "the-client-secret-of-this-test-only"


@dataclass
class Provider:
    """What it says next; `refreshes` is False once it vouches for nobody any more."""

    port: int
    claims: dict[str, Any] = field(default_factory=dict)
    refreshes: bool = True
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, name: str, **claims: Any) -> None:
        self.claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": f"subject of {name}",
            "exp": int(time.time()) + 300,
            "preferred_username": name,
            "amr": ["pwd", "otp"],
            **claims,
        }

    async def authorize(self, request: Request) -> Response:
        code = secrets.token_urlsafe(16)
        self._codes[code] = request.query_params["code_challenge"]
        back = request.query_params["redirect_uri"]
        return RedirectResponse(f"{back}?code={code}&state={request.query_params['state']}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        self.asked.append(form["grant_type"])
        if form.get("client_secret") != SECRET:
            return JSONResponse({"error": "invalid_client", "error_description": "no"}, 401)
        if form["grant_type"] == "refresh_token":
            if not self.refreshes:
                return JSONResponse({"error": "invalid_grant", "error_description": "over"}, 400)
        else:
            verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
            if self._codes.pop(form["code"], "") != base64.urlsafe_b64encode(verifier).rstrip(b"=").decode():
                return JSONResponse({"error": "invalid_grant", "error_description": "no"}, 400)
        token = jwt.encode(self.claims, "k" * 32, "HS256")
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(8),
                "token_type": "Bearer",
                "id_token": token,
                "refresh_token": secrets.token_urlsafe(8),
            }
        )


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider(free_port())
    routes = [
        Route("/authorize", provider.authorize),
        Route("/token", provider.token, methods=["POST"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=provider.port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)
