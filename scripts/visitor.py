"""A person with a browser, as a program: logs in to the hub, opens a project, runs a notebook, uses the pages.

Speaks HTTP and websockets only, as a browser does; it has no key that the person would not have.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import ssl
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
import pyotp
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

STEP_SECONDS = 30  # RFC 6238


class VisitError(Exception):
    """The service did not do what a person would expect; the text says at which step."""


class AuthenticatorApp:
    """What a person's telephone does: it keeps secrets, in a file when one is given, and computes codes of them."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known = self._kept()

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def learn(self, name: str, secret: str) -> None:
        """Keep a secret; the one before is forgotten."""
        self._known[name] = {"secret": secret, "last": 0}

    def next_code(self, name: str) -> str:
        """A code that was not used yet: this moment's, the next one's, or that of as soon as one is taken again."""
        if name not in self._known:
            raise VisitError(f"there is no secret of {name}; their second factor was enrolled elsewhere")
        entry = self._known[name]
        step = max(int(time.time()) // STEP_SECONDS, entry["last"] + 1)
        while step > int(time.time()) // STEP_SECONDS + 1:  # the hub takes the next step's code, none beyond
            time.sleep(0.5)
        entry["last"] = step
        if self._path is not None:
            kept = {**self._kept(), name: entry}  # beside what others' apps have written since this one read the file
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._path.write_text(json.dumps(kept), encoding="utf-8")
        return str(pyotp.TOTP(entry["secret"]).generate_otp(step))

    def _kept(self) -> dict[str, dict[str, Any]]:
        if self._path is None or not self._path.exists():
            return {}
        kept: dict[str, dict[str, Any]] = json.loads(self._path.read_text(encoding="utf-8"))
        return kept


@dataclass(frozen=True)
class CellResult:
    """What one executed cell showed: texts by stream or MIME type, and the error's name when it failed."""

    texts: tuple[str, ...]
    mime_types: tuple[str, ...]
    error: str | None


class Visitor:
    """One person's session with the enclave at `base` (for example `https://localhost:8000`).

    `ca` is the authority that signed the edge's certificate; None for one that this machine knows.
    """

    def __init__(self, base: str, name: str, *, ca: Path | None = None, app: AuthenticatorApp | None = None) -> None:
        self.base, self.name = base.rstrip("/"), name
        self.app = app or AuthenticatorApp()
        self.trust = ssl.create_default_context(cafile=ca)
        self.http = httpx.Client(
            base_url=self.base,
            follow_redirects=True,
            timeout=90,
            headers={"Accept-Language": "en"},
            verify=self.trust,
        )

    def __enter__(self) -> Visitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def login(self, password: str) -> None:
        """Through the hub's door, and what it asks for first. Raises VisitError with the page's sentence."""
        self.sign(self.pass_the_door(password))

    def pass_the_door(self, password: str) -> httpx.Response:
        """Through the hub's login form; the page behind it."""
        form = {"username": self.name, "password": password, "_xsrf": _field(self.http.get("/hub/login"), "_xsrf")}
        answer = self.http.post("/hub/login", data=form)
        if "/hub/login" in str(answer.url) or answer.status_code != httpx.codes.OK:
            raise VisitError(f"login of {self.name}: {_sentence(answer) or answer.status_code}")
        return self._show_code(answer) if answer.url.path.endswith("/second-factor") else answer

    def _show_code(self, page: httpx.Response) -> httpx.Response:
        """Type the app's code; where an app is to be enrolled, take the page's secret into it first."""
        secret = re.search(r'id="totp-secret">([^<]+)<', page.text)
        if secret is not None:
            self.app.learn(self.name, secret.group(1).replace(" ", ""))
        form = {"code": self.app.next_code(self.name), "_xsrf": _field(page, "_xsrf")}
        answer = self.http.post(str(page.url), data=form)
        if "/second-factor" in str(answer.url) or answer.status_code != httpx.codes.OK:
            raise VisitError(f"second factor of {self.name}: {_sentence(answer) or answer.status_code}")
        return answer

    def sign(self, page: httpx.Response) -> None:
        """Sign the undertakings on `page`, one after the other, where it is the page that asks for them."""
        while page.url.path.endswith("/undertakings") and 'name="digest"' in page.text:
            form = {name: _field(page, name) for name in ("_xsrf", "name", "digest")}
            page = self.http.post("/hub/undertakings", data={**form, "agree": "yes"})
            if page.status_code != httpx.codes.OK:
                raise VisitError(f"signing of {self.name}: {_sentence(page) or page.status_code}")

    def open_project(self, project: str, patience: float = 120) -> None:
        """Start the project's server and wait until it answers; passes its OAuth door as a browser would."""
        answer = self.http.post(f"/hub/api/users/{self.name}/servers/{project}", headers=self._xsrf("/hub/"))
        if answer.status_code not in {201, 202, 400}:  # 400: it is running already
            raise VisitError(f"opening {project}: {_sentence(answer) or answer.status_code}")
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            status = self.http.get(f"/user/{self.name}/{project}/api/status")
            if status.status_code == httpx.codes.OK and "started" in status.text:
                return
            if status.status_code == httpx.codes.FORBIDDEN:  # it is up; its page leads through the OAuth door
                self.http.get(f"/user/{self.name}/{project}/lab")
            time.sleep(0.5)
        raise VisitError(f"opening {project}: the server did not answer within {patience:.0f} seconds")

    def close_project(self, project: str) -> None:
        """Stop the project's server."""
        self.http.delete(f"/hub/api/users/{self.name}/servers/{project}", headers=self._xsrf("/hub/"))

    def save_notebook(self, project: str, path: str, notebook: dict[str, Any]) -> None:
        """Save a notebook in the person's home of the project, as JupyterLab does."""
        root = f"/user/{self.name}/{project}/"
        body = {"type": "notebook", "format": "json", "content": notebook}
        answer = self.http.put(f"{root}api/contents/{quote(path)}", json=body, headers=self._xsrf(root))
        if answer.status_code not in {200, 201}:
            raise VisitError(f"saving {path}: {_sentence(answer) or answer.status_code}")

    def run(self, project: str, cells: list[str], patience: float = 300) -> list[CellResult]:
        """Run code cells one after the other in a kernel of the project; stops at the first that fails."""
        root = f"/user/{self.name}/{project}/"
        answer = self.http.post(
            f"{root}api/kernels", json={"name": "python3", "path": "study.ipynb"}, headers=self._xsrf(root)
        )
        if answer.status_code != httpx.codes.CREATED:
            raise VisitError(f"starting a kernel: {_sentence(answer) or answer.status_code}")
        kernel = answer.json()["id"]
        try:
            return asyncio.run(self._execute(root, kernel, cells, patience))
        finally:
            self.http.delete(f"{root}api/kernels/{kernel}", headers=self._xsrf(root))

    async def _execute(self, root: str, kernel: str, cells: list[str], patience: float) -> list[CellResult]:
        url = f"{self.base}{root}api/kernels/{kernel}/channels".replace("http", "ws", 1)
        headers = {"Cookie": self._cookies(f"{root}api/kernels"), "Origin": self.base}
        request = HTTPRequest(url, headers=headers, ssl_options=self.trust)
        socket = await asyncio.wait_for(websocket_connect(request, max_message_size=1 << 28), 30)
        try:
            results: list[CellResult] = []
            for code in cells:
                results.append(await asyncio.wait_for(_run_cell(socket, code), patience))
                if results[-1].error:
                    break
            return results
        finally:
            socket.close()

    def _cookies(self, path: str) -> str:
        request = self.http.build_request("GET", path)
        return request.headers.get("cookie", "")

    def _xsrf(self, path: str) -> dict[str, str]:
        tokens = {cookie.path: cookie.value for cookie in self.http.cookies.jar if cookie.name == "_xsrf"}
        return {"X-XSRFToken": tokens.get(path) or tokens.get(path.rstrip("/")) or "", "Referer": self.base + path}


def _field(page: httpx.Response, name: str) -> str:
    """The value of a hidden field of the page's first form."""
    found = re.search(rf'name="{name}"\s+value="([^"]+)"', page.text)
    if found is None:
        raise VisitError(f"the page at {page.url} has no field {name}")
    return html.unescape(found.group(1))


async def _run_cell(socket: Any, code: str) -> CellResult:
    identity = uuid.uuid4().hex
    header = {
        "msg_id": identity,
        "msg_type": "execute_request",
        "username": "",
        "session": identity,
        "version": "5.3",
        "date": "",
    }
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    await socket.write_message(
        json.dumps(
            {
                "header": header,
                "parent_header": {},
                "metadata": {},
                "content": content,
                "channel": "shell",
                "buffers": [],
            }
        )
    )
    texts: list[str] = []
    mimes: list[str] = []
    error: str | None = None
    while True:
        raw = await socket.read_message()
        if raw is None:
            raise VisitError("the kernel's connection closed while a cell was running")
        message = json.loads(raw)
        if message.get("parent_header", {}).get("msg_id") != identity:
            continue
        body = message["content"]
        match message["header"]["msg_type"]:
            case "stream":
                texts.append(body["text"])
            case "display_data" | "execute_result":
                mimes.extend(body["data"])
                texts.append(str(body["data"].get("text/plain", "")))
            case "error":
                error = f"{body['ename']}: {body['evalue']}"
            case "status" if body["execution_state"] == "idle":
                return CellResult(tuple(texts), tuple(mimes), error)


def _sentence(answer: httpx.Response) -> str:
    """What the page or API says, without its markup."""
    try:
        return str(answer.json().get("message", ""))
    except ValueError:
        found = re.search(r'class="[^"]*(?:login_error|error|reason)[^"]*"[^>]*>(.*?)<', answer.text, re.DOTALL)
        return html.unescape(found.group(1)).strip() if found else ""
