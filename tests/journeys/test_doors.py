"""The doors of the running enclave: from inside a kernel, from a browser, and from this machine beside them."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from hub.policy.alarms import Place, read_alarms
from scripts.visitor import VisitError, Visitor
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.journeys.conftest import Stack, addresses, docker, inside, own_addresses

pytestmark = [pytest.mark.journey, pytest.mark.containers]

PROJECT = "reste-a-charge"
W = f"/user/bob/{PROJECT}"
NAMES = ["front", "edge", "ldap", "egress-web", "desk", "launcher", "host.docker.internal", "example.com"]
PORTS = [22, 53, 80, 389, 443, 2375, 8000, 8001, 8010, 8020, 8081, 8082, 8443, 8765]
PROBE = """
import json, socket
from concurrent.futures import ThreadPoolExecutor
def reached(target):
    try:
        socket.create_connection(target, 1).close()
        return [list(target)]
    except OSError:
        return []
def known(name):
    try:
        return [[name, socket.gethostbyname(name)]]
    except OSError:
        return []
hub = socket.gethostbyname("hub")
with ThreadPoolExecutor(16) as pool:
    places = sum(pool.map(reached, [(host, port) for host in HOSTS for port in PORTS]), [])
    names = sum(pool.map(known, NAMES), [])
ports = []
for port in range(1, 65536):
    with socket.socket() as line:
        line.settimeout(1)
        if line.connect_ex((hub, port)) == 0:
            ports.append(port)
import http.client
def asked(method, path, **headers):
    line = http.client.HTTPConnection("hub", 8082, timeout=5)
    line.request(method, path, headers=headers)
    return line.getresponse().status
print(json.dumps({"hub": hub, "places": places, "names": names, "ports": ports,
    "login": [asked("GET", path) for path in ("/hub/login", "/hub/", "/user/alice/reste-a-charge/lab", "/api/routes")],
    "api": [asked("GET", "/hub/api"), asked("GET", "/hub/api/user"), asked("GET", "/hub/api/users")]}))
"""


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Iterator[Visitor]:
    """Somebody in their workspace."""
    with stack.visitor("bob") as bob:
        bob.login("bob-demo")
        bob.open_project(PROJECT)
        yield bob
        bob.close_project(PROJECT)


def test_from_a_kernel_the_gate_answers_and_nothing_else(stack: Stack, bob: Visitor) -> None:
    others = [
        *(
            each
            for name in ("net", "edge-1", "ldap-1", "egress-web-1", "desk-1")
            for each in addresses(f"bulle-test-{name}").values()
        ),
        *own_addresses(),
        *("127.0.0.11", "169.254.169.254", "1.1.1.1", "10.213.0.1", "172.17.0.1"),
    ]
    theirs = addresses("bulle-test-net")[f"bulle-ws-{PROJECT}--bob"]
    network = ip_network(f"{theirs}/29", strict=False)
    hosts = sorted({*others, *map(str, network.hosts())} - {""})
    [result] = bob.run(PROJECT, [f"HOSTS = {hosts}; PORTS = {PORTS}; NAMES = {NAMES}\n{PROBE}"])
    assert result.error is None, result.error
    seen = json.loads("".join(result.texts))
    assert seen["hub"] == theirs
    assert seen["ports"] == [8082]
    assert [place for place in seen["places"] if place[1] != 53 or place[0] != "127.0.0.11"] == [[theirs, 8082]]
    assert seen["names"] == []
    assert seen["login"] == [403] * 4
    assert seen["api"] == [200, 403, 403]


def test_its_network_is_internal_small_and_without_this_machine(bob: Visitor) -> None:
    [network] = docker("network", "inspect", f"bulle-ws-{PROJECT}--bob")
    [pool] = network["IPAM"]["Config"]
    subnet = ip_network(pool["Subnet"])
    assert (network["Internal"], network["EnableIPv6"], subnet.prefixlen) == (True, False, 29)
    assert len(network["Containers"]) == 2
    assert [each for each in own_addresses() if ip_address(each) in subnet] == []


def test_the_shared_namespace_forwards_nothing(stack: Stack) -> None:
    look = "print(open('/proc/sys/net/ipv4/ip_forward').read().strip())"
    assert inside(stack, "net", look).stdout.strip() == "0"


def test_this_machine_reaches_the_edge_and_no_service_behind_it(stack: Stack) -> None:
    for name in ("front", "core"):  # no address of this machine: what is sent there goes elsewhere
        [network] = docker("network", "inspect", f"bulle-test_{name}")
        subnet = ip_network(network["IPAM"]["Config"][0]["Subnet"])
        assert network["Internal"]
        assert [each for each in own_addresses() if ip_address(each) in subnet] == []
    outside = addresses("bulle-test-net")["bulle-test_outside"]
    open_there = []
    for port in (8000, 8001, 8010, 8081, 8082, 389):
        with socket.socket() as line:
            line.settimeout(2)
            open_there += [port] if line.connect_ex((outside, port)) == 0 else []
    assert open_there == [8082]
    [found] = docker("inspect", "bulle-test-edge-1")
    published = [port for port, at in found["NetworkSettings"]["Ports"].items() if at]
    assert published == ["8443/tcp"]
    others = docker("inspect", *running("bulle-test"))
    assert [each["Name"] for each in others if any((each["NetworkSettings"]["Ports"] or {}).values())] == [
        "/bulle-test-edge-1"
    ]


def running(project: str) -> list[str]:
    command = ["docker", "ps", "-q", "--filter", f"label=com.docker.compose.project={project}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_session_reaches_its_pages(bob: Visitor) -> None:
    assert bob.http.get(f"{W}/api/contents").status_code == 200
    page = bob.http.get(f"{W}/lab")
    assert page.status_code == 200
    assert "sandbox allow-scripts" in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].count("sandbox") == 1
    for cookie in bob.http.cookies.jar:
        assert cookie.secure, cookie.name


BEYOND = """
import http.client, json, sys
for method, path, body in json.loads({requests!r}):
    line = http.client.HTTPConnection("front", 8000, timeout=20)
    line.request(method, path, body, {{"Cookie": {cookie!r}, "X-XSRFToken": {xsrf!r}, "X-Scheme": "https",
                 "Host": {host!r}, "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}})
    print(line.getresponse().status, method, path)
"""
CLOSED = [
    ("POST", "/hub/api/users/bob/tokens", "{}"),
    ("POST", "/hub/api/users/bob/server", "{}"),
    ("PATCH", f"/hub/api/users/bob/servers/{PROJECT}", '{"name": "another"}'),
    ("PUT", "/hub/api/users/bob/servers/another", "{}"),
    ("POST", f"/hub/api/shares/bob/{PROJECT}", '{"user": "alice"}'),
    ("POST", f"/hub/api/share-codes/bob/{PROJECT}", "{}"),
    ("POST", f"/hub/api/users/alice/servers/{PROJECT}", "{}"),
    ("GET", "/hub/api/users/alice", ""),
]


def test_behind_the_edge_the_hub_refuses_the_same(stack: Stack, bob: Visitor) -> None:
    """Rename, tokens, shares, the default server and others' servers, asked past the edge with a session's cookies."""
    request = bob.http.build_request("GET", "/hub/api/user")
    script = BEYOND.format(
        requests=json.dumps([("GET", "/hub/api/user", ""), *CLOSED]),
        cookie=request.headers["cookie"],
        xsrf=next(each.value for each in bob.http.cookies.jar if each.name == "_xsrf" and each.path == "/hub/"),
        host=bob.base.removeprefix("https://"),
    )
    answered = inside(stack, "hub", script).stdout.splitlines()
    statuses = [int(line.split()[0]) for line in answered]
    assert statuses[0] == 200, answered  # it is bob's session
    assert len(statuses) == len(CLOSED) + 1
    assert all(status in {400, 403, 404} for status in statuses[1:]), answered  # 400: it runs, and is not changed


def test_without_tls_nothing_is_said(stack: Stack) -> None:
    answer = httpx.get(stack.base.replace("https", "http") + "/hub/login", follow_redirects=False)
    assert answer.status_code == 308
    assert "password" not in answer.text
    with pytest.raises(httpx.ConnectError):  # an authority that no browser knows is not accepted by accident
        httpx.get(stack.base)


def test_a_wrong_password_counts_at_the_browsers_address(stack: Stack) -> None:
    """Not at one that it invents, and not at the edge's, where everybody would be locked out together."""
    with stack.visitor("bob") as visitor:
        visitor.http.headers["X-Forwarded-For"] = "203.0.113.7"
        visitor.http.headers["X-Real-IP"] = "203.0.113.8"
        with pytest.raises(VisitError):
            visitor.pass_the_door("wrong")
    told = stack.told("login.refused")[-1]["body"]["address"]
    assert told not in {"", "203.0.113.7", "203.0.113.8", *addresses("bulle-test-edge-1").values()}
    assert told not in addresses("bulle-test-net").values()


def test_many_bytes_in_one_session_become_an_event(stack: Stack, bob: Visitor) -> None:
    bob.http.get(f"{W}/api/contents")
    traffic = stack.state / "traffic"
    deadline = time.monotonic() + 20
    while not any('"person":"bob"' in path.read_text() for path in traffic.iterdir()):
        assert time.monotonic() < deadline, "the edge counted nothing"
        time.sleep(0.2)
    [path] = sorted(traffic.iterdir())[-1:]
    with path.open("a") as file:  # as if the edge had counted 250 MB: to send them would take minutes
        line = {"at": time.time(), "person": "bob", "project": PROJECT, "bytes": 250_000_000}
        file.write(json.dumps(line) + "\n")
    time.sleep(5)  # the reader looks every two seconds
    [event] = stack.told("session.volume")
    assert (event["actor"], event["project"], event["body"]["person"]) == ("meter", PROJECT, "bob")
    assert event["body"]["bytes"] > 250_000_000


# What JupyterLab may look for and goes without: language servers, conversions, terminals, plugins, a build of its own.
IN_VAIN = ("/lsp/", "/api/nbconvert", "/api/terminals", "/lab/api/extensions", "/lab/api/plugins", "/lab/api/build")


def alarming(stack: Stack) -> list[str]:
    """What the edge wrote down that raises an alarm."""
    policy, folder = read_alarms(), stack.state / "refusals" / "edge"
    lines = [line for path in folder.iterdir() for line in path.read_text().splitlines()]
    return [line for line in lines if policy.raises(Place.EDGE, json.loads(line)["tried"])]


def test_jupyterlab_works_in_a_browser_and_raises_no_alarm(stack: Stack, bob: Visitor) -> None:
    before = alarming(stack)
    cookies: list[Any] = [
        {"name": each.name, "value": each.value, "url": f"{stack.base}{each.path}", "secure": True}
        for each in bob.http.cookies.jar
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(
            ignore_https_errors=True, accept_downloads=True, viewport={"width": 1300, "height": 850}
        )
        context.add_cookies(cookies)
        page = context.new_page()
        said: list[str] = []
        hosts: set[str] = set()
        refused: list[str] = []
        page.on("console", lambda each: said.append(each.text))
        page.on("request", lambda each: hosts.add(each.url.split("/")[2]) if each.url.startswith("http") else None)
        page.on("response", lambda each: refused.append(each.url) if each.status == 403 else None)
        page.goto(f"{stack.base}{W}/lab", wait_until="domcontentloaded")
        page.wait_for_selector(".jp-Launcher, .jp-NotebookPanel", timeout=120_000)
        page.wait_for_timeout(3000)
        assert [each for each in said if "Content Security Policy" in each] == []
        assert [url for url in refused if not any(part in url for part in IN_VAIN)] == []
        assert hosts == {stack.base.removeprefix("https://")}
        assert alarming(stack) == before
        browser.close()
