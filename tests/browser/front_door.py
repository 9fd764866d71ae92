"""One origin for hub and service: what configurable-http-proxy does in the stack, without Node and websockets."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "content-encoding"}


class FrontDoor:
    """Carries each request to the target with the first prefix that fits."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = targets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        target = next((target for prefix, target in self._targets.items() if path.startswith(prefix)), None)
        if target is None:
            return Response("not found", 404)
        async with httpx.AsyncClient(timeout=60, trust_env=False, follow_redirects=False) as client:
            headers = [(name, value) for name, value in request.headers.raw if name.decode() not in _HOP]
            url = httpx.URL(f"{target}{path}").copy_with(query=request.url.query.encode())
            answer = await client.request(request.method, url, headers=headers, content=await request.body())
        response = Response(answer.content, answer.status_code)
        response.raw_headers = [
            (name, value) for name, value in answer.headers.raw if name.decode().lower() not in _HOP
        ] + [(b"content-length", str(len(answer.content)).encode())]
        return response
