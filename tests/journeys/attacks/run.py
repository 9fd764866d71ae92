"""Carries the table out against a running enclave: what of it succeeded, and what the log says afterwards."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page, sync_playwright

from scripts.visitor import Visitor
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.journeys.attacks import kernel
from tests.journeys.attacks.model import PROJECT, Attack, Request, W

_DESCRIBED = {"stays": "What stays with patients, by group."}
SUBMISSION = json.dumps({"schema": "bulle.submission/1", "notebook": "study.ipynb", "descriptions": _DESCRIBED})
Results = dict[str, str]  # by name: what was got, "" where nothing was


def in_kernel(bob: Visitor, attacks: Iterable[Attack], places: dict[str, Any]) -> Results:
    """Every piece of code, one after the other in one kernel."""
    codes = json.dumps({each.name: each.act for each in attacks})
    named = "\n".join(f"{name} = {value!r}" for name, value in places.items())
    results = bob.run(PROJECT, [kernel.PRELUDE + kernel.TOKENS + named, f"CODES = {codes!r}\n{kernel.RUN}"])
    assert results[-1].error is None, results[-1].error
    text = "".join(results[-1].texts)
    return dict(json.loads(text[text.index("RESULTS") + len("RESULTS") :]))


def in_session(bob: Visitor, attacks: Iterable[Attack]) -> Results:
    """Every request, sent as it stands: no library tidies its target."""
    return {each.name: _sent(bob, each.act) for each in attacks}


def _sent(bob: Visitor, request: Request) -> str:
    if request.method == "FOLLOW":
        return _unless(bob.http.get(request.target).status_code, request)
    at = urlsplit(bob.base)
    line = HTTPSConnection(at.hostname or "", at.port, timeout=30, context=bob.trust)
    built = bob.http.build_request("GET", "/hub/" if request.target.startswith("/hub") else f"{W}/")
    xsrf = {each.path: each.value for each in bob.http.cookies.jar if each.name == "_xsrf"}
    headers = {
        "Cookie": built.headers.get("cookie", ""),
        "X-XSRFToken": (xsrf.get("/hub/") if request.target.startswith("/hub") else xsrf.get(f"{W}/")) or "",
        "Content-Type": "application/json",
        "Sec-Fetch-Site": "same-origin",
        **request.headers,
    }
    target = request.target.replace("KERNEL", _kernel(bob))
    try:
        line.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(request.body))}.items():
            line.putheader(name, value)
        line.endheaders(request.body.encode())
        return _unless(line.getresponse().status, request)
    finally:
        line.close()


def _kernel(bob: Visitor) -> str:
    running = bob.http.get(f"{W}/api/kernels").json()
    return str(running[0]["id"]) if running else "00000000-0000-0000-0000-000000000000"


def _unless(status: int, request: Request) -> str:
    return "" if status in request.statuses else f"HTTP {status}"


class Sink:
    """A server of the attacker's."""

    def __init__(self) -> None:
        got = self.got = list[str]()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                got.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET  # noqa: N815 -- http.server's names

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def workspace_page(bob: Visitor) -> Iterator[Page]:
    """JupyterLab of bob's open workspace, in a browser of its own."""
    cookies: list[Any] = [
        {"name": each.name, "value": each.value, "url": f"{bob.base}{each.path}", "secure": True}
        for each in bob.http.cookies.jar
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(ignore_https_errors=True, accept_downloads=True)
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto(f"{bob.base}{W}/lab", wait_until="domcontentloaded")
        page.wait_for_selector(".jp-Launcher, .jp-NotebookPanel", timeout=120_000)
        yield page
        browser.close()


def in_page(bob: Visitor, attacks: Iterable[Attack]) -> Results:
    """Every script in one page; files, windows and what reaches the attacker's server have succeeded, too."""
    sink, results, seen = Sink(), Results(), list[str]()
    with workspace_page(bob) as page:
        page.on("download", lambda each: seen.append(f"a file: {each.suggested_filename}"))
        page.context.on("page", lambda each: seen.append(f"a window: {each.url}"))
        for each in attacks:
            before = len(seen)
            said = page.evaluate(each.act.replace("SINK", sink.address))
            page.wait_for_timeout(700)
            results[each.name] = "true" if said else "".join(seen[before:])
            arrived = [path for path in sink.got if path.startswith(f"/{each.name}")]
            results[each.name] += f"arrived: {arrived}" if arrived else ""
    sink.server.shutdown()
    return results


def into_outbox(bob: Visitor, attacks: Iterable[Attack]) -> None:
    """Every request folder, laid as a kernel can; each appears in the outbox when it is complete."""
    lines = [kernel.PRELUDE]
    for each in attacks:
        lines += [
            f"folder = '/outbox/{each.name}'",
            f"os.mkdir(folder); open(folder + '/submission.json', 'w').write({SUBMISSION!r})",
            each.act,
            "os.rename(folder, folder + '.request')",
        ]
    [result] = bob.run(PROJECT, ["\n".join(lines)])
    assert result.error is None, result.error


def copy_of(visitor: Visitor) -> httpx.Client:
    """Everything that a browser holds of a session, in somebody else's."""
    return httpx.Client(
        base_url=visitor.base, cookies=httpx.Cookies(visitor.http.cookies), verify=visitor.trust, timeout=30
    )


def wait_for_death(ask: Any, seconds: float) -> str:
    """Ask until it is refused; what was still given at the end."""
    deadline = time.monotonic() + seconds
    while (given := ask()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return str(given)


def trusting(base: str, trust: ssl.SSLContext) -> httpx.Client:
    """A browser without a session."""
    return httpx.Client(base_url=base, verify=trust, timeout=60)
