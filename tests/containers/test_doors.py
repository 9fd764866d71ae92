"""The two doors as they ship, before an upstream that repeats what it was asked: what passes, and how it is spelled."""

from __future__ import annotations

import itertools
import json
import posixpath
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import docker
import pytest

from hub.launcher.engine import EngineError, image_digest
from hub.policy.files import policies_dir
from hub.policy.limits import read_limits

pytestmark = pytest.mark.containers

IMAGE = "bulle/doors:local"
DOOR = read_limits().door
ECHO = """
import http.server as h, json, threading, time
class Echo(h.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        if self.path == "/hub/who":
            self.send_response(204)
            self.send_header("X-Bulle-Person", self.headers.get("Cookie", "") or self.headers["X-Bulle-Address"][:4])
            self.send_header("X-Bulle-Project", "p")
            self.end_headers()
            return
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        said = {"method": self.command, "target": self.path, "headers": dict(self.headers), "body": len(body)}
        out = json.dumps(said).encode()
        self.send_response(418 if "teapot" in self.path else 200)
        for name, value in (("Content-Security-Policy", "default-src *"), ("Set-Cookie", "stolen=1"),
                            ("X-JupyterHub-Version", "6"), ("Content-Length", str(len(out)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(out)
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = answer
    def log_message(self, *_):
        pass
for port in (8000, 8081):
    threading.Thread(target=h.ThreadingHTTPServer(("127.0.0.1", port), Echo).serve_forever).start()
"""


@dataclass(frozen=True)
class Doors:
    """Ports of this machine that lead to the doors, and where the edge counts."""

    edge: int
    gate: int
    traffic: Path
    refusals: Path


@dataclass(frozen=True)
class Answer:
    """What came back; `echo` is what the upstream was asked, None when the door itself answered."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    @property
    def echo(self) -> dict[str, Any] | None:
        try:
            return dict(json.loads(self.body))
        except ValueError:
            return None


@pytest.fixture(scope="module")
def doors(engine: docker.APIClient, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    try:
        image_digest(IMAGE, engine)
    except EngineError:
        pytest.skip("needs the project's images (make images)")
    folder = tmp_path_factory.mktemp("doors")
    for each in (folder, *list(folder.parents)[:2]):
        each.chmod(0o755)
    for name in ("traffic", "edge", "gate"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    register = folder / "register"
    register.mkdir()
    for name in ("index.en.html", "index.fr.html", "feed.fr.atom", "register.json", "secret.txt"):
        (register / name).write_text(name)
    certificate(folder)
    names = [f"bulle-test-{role}-{uuid4().hex[:8]}" for role in ("echo", "edge", "gate")]
    published = engine.create_host_config(port_bindings={8443: ("127.0.0.1",), 8082: ("127.0.0.1",)})
    engine.create_container(image, ["python3", "-c", ECHO], name=names[0], ports=[8443, 8082], host_config=published)
    binds = [
        f"{folder}/tls.pem:/run/secrets/tls.pem:ro",
        f"{folder}/tls.key:/run/secrets/tls.key:ro",
        f"{policies_dir()}:/etc/bulle/policies:ro",
        f"{folder}/traffic:/var/log/traffic",
        f"{register}:/srv/register:ro",
    ]
    environment = {
        "BULLE_PUBLIC_URL": "https://enclave.test",
        "BULLE_FRONT": "127.0.0.1:8000",
        "BULLE_POLICIES": "/etc/bulle/policies",
    }
    for role, name in zip(("edge", "gate"), names[1:], strict=True):
        sealed = engine.create_host_config(
            network_mode=f"container:{names[0]}",
            binds=[*binds, f"{folder}/{role}:/var/log/refusals"],
            cap_drop=["ALL"],
            read_only=True,
            tmpfs={"/tmp": "mode=1777"},
        )
        engine.create_container(IMAGE, ["start-door", role], name=name, environment=environment, host_config=sealed)
    try:
        for name in names:
            engine.start(name)
        ports = engine.inspect_container(names[0])["NetworkSettings"]["Ports"]
        found = Doors(*(int(ports[f"{port}/tcp"][0]["HostPort"]) for port in (8443, 8082)), folder / "traffic", folder)
        wait_for(found)
        yield found
    finally:
        for name in reversed(names):
            engine.remove_container(name, force=True)


def certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=enclave.test"
    done = [*command.split(), "-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.pem")]
    subprocess.run([*done, "-addext", "subjectAltName=DNS:enclave.test"], check=True, capture_output=True)
    (folder / "tls.key").chmod(0o644)


def wait_for(doors: Doors) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if edge(doors, "GET", "/hub/login").status == gate(doors, "GET", "/hub/api").status == 200:
                return
        except (OSError, ValueError, IndexError):  # the engine takes a connection before anybody listens behind it
            pass
        assert time.monotonic() < deadline, "the doors do not open"
        time.sleep(0.1)


def edge(doors: Doors, method: str, target: str, body: bytes = b"", *more: str, host: str = "enclave.test") -> Answer:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", doors.edge), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return speak(secured, method, target, body, host, *more)


def many(doors: Doors, method: str, targets: list[str]) -> list[Answer]:
    """Requests over one connection: what is slow is TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    line, answers = HTTPSConnection("127.0.0.1", doors.edge, timeout=10, context=context), []
    for target in targets:
        line.request(method, target, headers={"Host": "enclave.test"})
        answer = line.getresponse()
        answers.append(Answer(answer.status, {}, answer.read()))
    line.close()
    return answers


def gate(doors: Doors, method: str, target: str, body: bytes = b"", *more: str) -> Answer:
    with socket.create_connection(("127.0.0.1", doors.gate), 10) as plain:
        return speak(plain, method, target, body, "hub:8082", *more)


def speak(line: socket.socket, method: str, target: str, body: bytes, host: str, *more: str) -> Answer:
    """One request, its target as it stands here: no library tidies it."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}", *more]
    line.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)
    raw = b"".join(iter(lambda: line.recv(65536), b""))
    top, _, rest = raw.partition(b"\r\n\r\n")
    first, *fields = top.decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for field in fields:
        name, _, value = field.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    return Answer(int(first.split()[1]), headers, rest)


W = "/user/alice/reste-a-charge"
PASS = [
    ("GET", "/"),
    ("GET", "/hub/"),
    ("GET", "/hub/login?next=%2Fhub%2Fhome"),
    ("GET", "/hub/home"),
    ("GET", "/hub/static/js/home.js?v=1"),
    ("GET", "/hub/spawn/alice/reste-a-charge"),
    ("GET", "/hub/spawn-pending/alice/reste-a-charge?_=1"),
    ("GET", "/hub/api/users/alice/servers/reste-a-charge/progress?_xsrf=x"),
    ("POST", "/hub/api/users/alice/servers/reste-a-charge"),
    ("DELETE", "/hub/api/users/alice/servers/reste-a-charge"),
    ("GET", "/hub/api/oauth2/authorize?client_id=x"),
    ("GET", "/services/egress/"),
    ("GET", "/services/desk/"),
    ("POST", "/services/desk/permits/reste-a-charge/end"),
    ("POST", "/services/egress/requests/reste-a-charge-1/download"),
    ("GET", W),
    ("GET", f"{W}/lab"),
    ("GET", f"{W}/lab/tree/a%20b/n.ipynb?reset"),
    ("GET", f"{W}/static/lab/main.js"),
    ("GET", f"{W}/oauth_callback?code=1&state=2"),
    ("GET", f"{W}/api/contents/a..b.ipynb?content=1"),
    ("PUT", f"{W}/api/contents/%C3%A9tude.ipynb"),
    ("POST", f"{W}/api/kernels"),
    ("GET", f"{W}/api/kernels/0a-1/channels?session_id=1"),
    ("PUT", f"{W}/lab/api/settings/@jupyterlab/apputils-extension:themes"),
    *(("GET", f"{W}/bulle/{route}") for route in ("data", "notices?1", "outputs?notebook=a%2Fn.ipynb")),
    ("POST", f"{W}/bulle/submit"),
]
REGISTER = {
    "/register/": "index.en.html",
    "/register/index.fr.html": "index.fr.html",
    "/register/feed.fr.atom": "feed.fr.atom",
    "/register/register.json?x=1": "register.json",
}
# What is open in a stock server or hub, and each of them in other spellings.
REFUSED = [
    *(("GET", f"/register/{way}") for way in ("secret.txt", "..", "../tls.key", "%2e%2e/x", "index.de.html", "x/")),
    *((method, "/register/") for method in ("POST", "PUT", "DELETE", "OPTIONS")),
    *(("GET", f"{W}/{route}") for route in ("files/x.csv?download=1", "nbconvert/html/n.ipynb", "view/x.html")),
    *(("GET", f"{W}/{route}") for route in ("terminals/1", "api/terminals", "terminals/websocket/1", "lsp/status")),
    *(("GET", f"{W}/{route}") for route in ("lab/api/extensions", "proxy/22/", "api/nbconvert", "metrics", "tree")),
    ("POST", f"{W}/api/shutdown"),
    ("POST", f"{W}/lab/api/extensions"),
    *(("GET", f"{W}/bulle/{route}") for route in ("", "submit", "data/x", "notices.json", "data/../../files/x")),
    *(("POST", f"{W}/bulle/{route}") for route in ("data", "submit/x")),
    ("PUT", f"{W}/bulle/submit"),
    ("PUT", f"{W}/lab"),
    ("TRACE", f"{W}/api/contents"),
    ("OPTIONS", f"{W}/api/contents"),
    *(("GET", f"{W}/{route}") for route in ("%66iles/x", "fil%65s/x", "%66%69%6c%65%73/x", "Files/x", "files;/x")),
    *(("GET", f"{W}/{way}files/x") for way in ("api/../", "api/contents/../../", "static/..%2f", "lab/%2e%2e/")),
    *(("GET", f"{W}/{way}files/x") for way in ("api/contents/..%2f..%2f", "./", "/", "api/contents//../../", "%2f")),
    ("GET", f"{W}/files/../api/contents"),
    ("GET", f"{W}/files/%2e%2e/api/contents"),
    ("GET", f"{W}\\files\\x"),
    ("GET", f"{W}/api/contents/..%5c..%5cfiles"),
    ("GET", f"{W}/api/contents/x%00.ipynb"),
    ("GET", f"{W}/api/contents/x%0d%0aX:1"),
    ("GET", "/user/alice/../bob/x/api/contents"),
    ("GET", "/%75ser/alice/reste-a-charge/lab"),
    ("GET", "/user/alice/api/contents"),  # the default server's, if there were one
    ("GET", "/user/alice//lab"),
    *(("GET", f"/hub/{page}") for page in ("admin", "token", "shared", "accept-share", "health", "metrics", "spawn")),
    *(
        ("GET", f"/hub/api{path}")
        for path in ("", "/", "/user", "/users", "/users/alice", "/proxy", "/info", "/groups")
    ),
    *(("POST", f"/hub/api/users/alice/{what}") for what in ("tokens", "server", "activity", "shared", "servers/")),
    ("PATCH", "/hub/api/users/alice/servers/reste-a-charge"),
    ("PUT", "/hub/api/users/alice/servers/reste-a-charge"),
    ("POST", "/hub/api/shares/alice/reste-a-charge"),
    ("POST", "/hub/api/share-codes/alice/reste-a-charge"),
    ("POST", "/hub/api/oauth2/token"),
    ("POST", "/hub/api/users/alice/servers/reste-a-charge/../../../bob/servers/x"),
    ("GET", "/services/egress/health"),
    ("GET", "/services/desk/health"),
    ("GET", "/services/other/"),
    ("PUT", "/services/desk/people/x"),
    ("PUT", "/services/egress/requests/x"),
    ("GET", "/services/other/"),
    ("GET", "/services/egress/../other/"),
    ("GET", "/metrics"),
    ("GET", "/api/routes"),
]


@pytest.mark.parametrize(("method", "target"), PASS)
def test_the_edge_passes_on_what_people_need_as_it_was_sent(doors: Doors, method: str, target: str) -> None:
    answer = edge(doors, method, target)
    assert answer.status == 200
    assert answer.echo is not None
    assert (answer.echo["method"], answer.echo["target"]) == (method, target)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    time.sleep(0.3)
    return [json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()]


def test_what_is_refused_is_written_down_as_a_class_with_its_person_and_nothing_else(doors: Doors) -> None:
    before = len(lines_of(doors.refusals / "edge"))
    cookie = "Cookie: carol"
    tried = {
        ("GET", f"{W}/files/secret-rows.csv?token=secret"): "files",
        ("GET", f"{W}/nbconvert/html/secret.ipynb"): "conversion",
        ("POST", f"{W}/api/terminals"): "terminals",
        ("GET", f"{W}/lsp/ws/python"): "language-server",
        ("POST", f"{W}/lab/api/extensions"): "extensions",
        ("GET", f"{W}/proxy/22/"): "proxied",
        ("GET", f"{W}/fil%65s/..%2fsecret"): "spelling",
        ("POST", f"{W}/api/shutdown"): "workspace",
        ("POST", "/hub/api/users/alice/tokens"): "hub-api",
        ("GET", "/wp-login.php?secret"): "elsewhere",
    }
    for method, target in tried:
        answer = edge(doors, method, target, b"", cookie)
        assert (answer.status, b"La porte" in answer.body) == (403, True), target
    for quiet in ("api/terminals?1", "lab/api/extensions", "api/nbconvert"):  # JupyterLab asks by itself
        assert edge(doors, "GET", f"{W}/{quiet}", b"", cookie).status == 403
    edge(doors, "GET", f"{W}/api/contents")
    lines = lines_of(doors.refusals / "edge")[before:]
    assert [line["tried"] for line in lines] == list(tried.values())
    assert all(set(line) == {"at", "tried", "person", "project"} for line in lines)
    assert {line["person"] for line in lines} == {"carol"}  # the session's, whoever the address names
    assert {line["project"] for line in lines} == {"reste-a-charge", ""}
    assert "secret" not in json.dumps(lines)


def test_the_gate_writes_down_whose_workspace_was_refused(doors: Doors) -> None:
    before = len(lines_of(doors.refusals / "gate"))
    answer = gate(doors, "GET", "/hub/login?secret", b"", "X-Bulle-Address: 10.0.0.9", "X-Bulle-Person: mallory")
    assert answer.status == 403
    [line] = lines_of(doors.refusals / "gate")[before:]
    assert (line["tried"], line["project"]) == ("route", "p")
    assert line["person"] not in {"10.0", "mallory"}
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(("method", "target"), REFUSED)
def test_the_edge_refuses_the_rest_in_every_spelling(doors: Doors, method: str, target: str) -> None:
    answer = edge(doors, method, target)
    assert answer.status in {400, 403, 405}
    assert answer.echo is None


PIECES = [
    "..",
    "%2e.",
    ".%2E",
    "files",
    "fil%65s",
    "api",
    "contents",
    "lab",
    "",
    "%2f",
    "%5c..",
    "%252e%252e",
    "static",
]
MEANT = re.compile(rf"{W}(/?|/lab(/(tree|doc|workspaces|extensions)(/.*)?)?|/static/.*|/api/?|/api/contents(/.*)?)")


def test_whatever_passes_means_the_same_however_it_is_read(doors: Doors) -> None:
    targets = [f"{W}/{'/'.join(pieces)}" for pieces in itertools.product(PIECES, PIECES, PIECES[:8])][::3]
    passed = 0
    for target, answer in zip(targets, many(doors, "GET", targets), strict=True):
        if answer.echo is not None:
            passed += 1
            assert answer.echo["target"] == target
            readings = {posixpath.normpath(unquote(target)), unquote(posixpath.normpath(target))}
            assert all(MEANT.fullmatch(reading) for reading in readings), (target, readings)
    assert passed > 5


def test_workspaces_get_the_edges_policy_and_not_their_own(doors: Doors) -> None:
    for target in (f"{W}/lab", f"{W}/api/contents/teapot"):
        [policy] = edge(doors, "GET", target).headers["content-security-policy"]
        rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
        assert rules["sandbox"] == "allow-scripts allow-same-origin allow-forms allow-modals"
        assert rules["connect-src"] == "'self'"
        assert rules["img-src"] == "'self' data: blob:"
        assert (rules["default-src"], rules["form-action"], rules["frame-ancestors"]) == ("'none'", "'self'", "'none'")
        assert not re.search(r"https?:|\*", policy)


def test_the_services_pages_keep_their_own_policy_and_the_hubs_get_a_second(doors: Doors) -> None:
    assert edge(doors, "GET", "/services/egress/").headers["content-security-policy"] == ["default-src *"]
    own, added = edge(doors, "GET", "/hub/login").headers["content-security-policy"]
    assert own == "default-src *"
    assert "default-src 'none'" in added


@pytest.mark.parametrize("target", [f"{W}/lab", f"{W}/files/x", "/hub/login", "/services/egress/", "/hub/admin"])
def test_every_answer_asks_for_tls_and_names_no_version(doors: Doors, target: str) -> None:
    headers = edge(doors, "GET", target).headers
    assert headers["strict-transport-security"] == ["max-age=31536000"]
    assert headers["server"] == ["nginx"]
    assert all("; secure" in cookie.lower() for cookie in headers.get("set-cookie", []))
    assert "x-jupyterhub-version" not in headers


def test_without_tls_there_is_nothing_but_the_way_to_it(doors: Doors) -> None:
    with socket.create_connection(("127.0.0.1", doors.edge), 10) as plain:
        answer = speak(plain, "GET", "/hub/login", b"", "enclave.test")
    assert (answer.status, answer.echo) == (308, None)
    assert answer.headers["location"] == ["https://enclave.test/hub/login"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(doors: Doors) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", doors.edge), 10) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain, server_hostname="enclave.test")


def test_another_name_leads_to_ours(doors: Doors) -> None:
    answer = edge(doors, "GET", "/hub/login", host="evil.test")
    assert (answer.status, answer.headers["location"]) == (307, ["https://enclave.test/"])


def test_the_upstream_learns_the_address_that_the_edge_saw(doors: Doors) -> None:
    answer = edge(doors, "GET", "/hub/login", b"", "X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.8")
    assert answer.echo is not None
    headers = {name.lower(): value for name, value in answer.echo["headers"].items()}
    invented, seen = headers["x-forwarded-for"].split(", ")
    assert invented == "192.0.2.7"
    assert seen.count(".") == 3
    assert seen != invented
    assert "x-real-ip" not in headers
    assert (headers["x-forwarded-proto"], headers["x-scheme"]) == ("https", "https")


def test_bodies_have_a_size(doors: Doors) -> None:
    announced = f"Content-Length: {DOOR.body_mb * 1024 * 1024 + 1}"
    with socket.create_connection(("127.0.0.1", doors.gate), 10) as plain:
        plain.sendall(b"POST /hub/api/oauth2/token HTTP/1.1\r\nHost: hub\r\nContent-Length: 65537\r\n\r\n")
        assert b" 413 " in plain.recv(4096).split(b"\r\n")[0]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", doors.edge), 10) as plain,
        context.wrap_socket(plain, server_hostname="enclave.test") as secured,
    ):
        secured.sendall(f"PUT {W}/api/contents/a.ipynb HTTP/1.1\r\nHost: enclave.test\r\n{announced}\r\n\r\n".encode())
        assert b" 413 " in secured.recv(4096).split(b"\r\n")[0]
    assert gate(doors, "POST", "/hub/api/oauth2/token", b"x" * 65536).status == 200


def test_the_meter_counts_what_workspaces_answer_and_notes_nothing_else(doors: Doors) -> None:
    for _ in range(3):
        edge(doors, "GET", f"{W}/api/contents/n.ipynb?token=secret-token", b"", "Cookie: secret-cookie")
    for target in (f"{W}/api/contents/teapot", f"{W}/files/x", f"{W}/static/lab/main.js", "/hub/login"):
        edge(doors, "GET", target)
    edge(doors, "GET", "/user/bob/other/api/contents")
    time.sleep(0.3)
    text = "".join(path.read_text() for path in doors.traffic.iterdir())
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(set(line) == {"at", "person", "project", "bytes"} for line in lines)
    assert "secret" not in text
    ours = [line for line in lines if line["person"] == "bob"]
    assert [line["project"] for line in ours] == ["other"]
    assert ours[0]["bytes"] > 200
    assert abs(ours[0]["at"] - time.time()) < 60


def test_nobody_asks_the_doors_own_questions(doors: Doors) -> None:
    for target in ("/_who", "/_refused", "/hub/who"):
        for answer in (edge(doors, "GET", target), gate(doors, "GET", target)):
            assert answer.status in {204, 403, 404}
            assert answer.echo is None
            assert not [name for name in answer.headers if name.startswith("x-bulle")]


def test_a_flood_of_refusals_fills_no_disk(doors: Doors) -> None:
    before = len(lines_of(doors.refusals / "edge"))
    statuses = [answer.status for answer in many(doors, "GET", [f"{W}/files/x"] * (DOOR.refusals_at_once + 60))]
    assert set(statuses) <= {403, 429}
    assert statuses.count(429) > 30
    assert len(lines_of(doors.refusals / "edge")) - before < DOOR.refusals_at_once + 30


def test_logins_from_one_address_have_a_rate(doors: Doors) -> None:
    statuses = [answer.status for answer in many(doors, "POST", ["/hub/login"] * (DOOR.logins_at_once + 10))]
    assert statuses[: DOOR.logins_at_once] == [200] * DOOR.logins_at_once
    assert 429 in statuses
    assert edge(doors, "GET", "/hub/home").status == 200  # who is in stays in
    assert edge(doors, "POST", "/hub/second-factor").status == 429


GATE_PASS = [
    ("GET", "/hub/api"),
    ("GET", "/hub/api/"),
    ("GET", "/hub/api/user"),
    ("POST", "/hub/api/oauth2/token"),
    ("POST", "/hub/api/users/alice/activity"),
]
GATE_REFUSED = [
    *(
        ("GET", path)
        for path in ("/", "/hub/", "/hub/login", "/hub/home", "/hub/token", "/hub/health", "/hub/static/x")
    ),
    *(("GET", f"/hub/api/{path}") for path in ("users", "users/alice", "info", "proxy", "services", "user/", "user?x")),
    *(("GET", f"/hub/api/{path}") for path in ("oauth2/authorize", "oauth2/token", "../login", "%2e%2e/login")),
    ("GET", "/hub/api/user/../../login"),
    ("GET", "/hub/%61pi/user"),
    ("GET", "//hub/api/user"),
    ("GET", "/user/alice/reste-a-charge/api/contents"),
    ("POST", "/hub/login"),
    ("POST", "/hub/api/user"),
    ("POST", "/hub/api/users/alice/tokens"),
    ("POST", "/hub/api/users/alice/servers/reste-a-charge"),
    ("DELETE", "/hub/api/users/alice/servers/reste-a-charge"),
    ("POST", "/hub/api/users/alice/../bob/activity"),
    ("POST", "/hub/api/users/alice/activity/"),
    ("HEAD", "/hub/login"),
    ("PUT", "/hub/api/users/alice/activity"),
]


@pytest.mark.parametrize(("method", "target"), GATE_PASS)
def test_the_gate_passes_four_routes_without_cookies(doors: Doors, method: str, target: str) -> None:
    token, cookie = "Authorization: token abc", "Cookie: jupyterhub-session-id=1"
    answer = gate(doors, method, target, b"", token, cookie, "X-Forwarded-For: 192.0.2.7", "X-Scheme: https")
    assert answer.status == 200
    assert answer.echo is not None
    headers = {name.lower(): value for name, value in answer.echo["headers"].items()}
    assert (answer.echo["method"], answer.echo["target"]) == (method, target)
    assert headers["authorization"] == "token abc"
    assert "cookie" not in headers
    assert "192.0.2.7" not in headers["x-forwarded-for"]
    assert "x-scheme" not in headers
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("method", "target"), GATE_REFUSED)
def test_the_gate_refuses_the_rest(doors: Doors, method: str, target: str) -> None:
    answer = gate(doors, method, target)
    assert answer.status in {400, 403, 405}
    assert answer.echo is None


def test_anybody_reads_the_register_and_the_door_answers_itself(doors: Doors) -> None:
    for target, name in REGISTER.items():
        answer = edge(doors, "GET", target, b"", "Cookie: session=x")
        assert (answer.status, answer.body.decode()) == (200, name), target
        assert answer.headers["content-security-policy"][0].startswith("default-src 'none'; style-src 'self'")
        assert "set-cookie" not in answer.headers
    french = edge(doors, "GET", "/register/", b"", "Accept-Language: fr-FR,fr;q=0.9")
    assert (french.body, french.headers["content-type"]) == (b"index.fr.html", ["text/html; charset=utf-8"])
    assert edge(doors, "GET", "/register/feed.en.atom").status == 404  # not written here
