"""What somebody in their workspace sends by hand: requests that no page of ours makes."""

from __future__ import annotations

from types import MappingProxyType

from tests.journeys.attacks.model import PROJECT, Attack, Request, Told, W, alarm

LIST = "the edge's list of routes"
SERVER = "the server's rule: notebooks and source text only"
PAGES = "a page may open what people write; others are shown as missing rights"
EVIL = MappingProxyType({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
FORGED = MappingProxyType({"X-XSRFToken": "", "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})


def _route(name: str, tries: str, method: str, route: str, tried: str) -> Attack:
    return Attack(
        name, tries, Request(method, f"{W}/{route}", "" if method == "GET" else "{}"), LIST, alarm("edge", tried)
    )


WORKSPACE = (
    _route("raw-file", "a raw file, to be saved", "GET", "files/study.ipynb?download=1", "files"),
    _route("convert", "a notebook as a file of another kind", "GET", "nbconvert/html/study.ipynb", "conversion"),
    _route("convert-api", "the same by its API", "POST", "api/nbconvert", "conversion"),
    _route("view", "a file shown raw", "GET", "view/study.ipynb", "conversion"),
    _route("terminal", "a terminal", "POST", "api/terminals", "terminals"),
    _route("terminal-socket", "the connection of a terminal", "GET", "terminals/websocket/1", "terminals"),
    _route("install", "an extension, installed", "POST", "lab/api/extensions", "extensions"),
    _route("port", "a port inside the workspace", "GET", "proxy/8888/", "proxied"),
    _route("shutdown", "the server's end, by its own API", "POST", "api/shutdown", "workspace"),
    _route("encoded", "a raw file, its route spelled with codes", "GET", "%66iles/study.ipynb", "workspace"),
    _route("twice-encoded", "the same, encoded twice", "GET", "api/contents/%252e%252e/files/x", "workspace"),
    _route("dots", "the same, by way of a route that is listed", "GET", "api/contents/../../files/x", "spelling"),
    _route("coded-dots", "the same with coded dots", "GET", "api/contents/%2e%2e/%2e%2e/files/x", "spelling"),
    _route("coded-slash", "the same with a coded slash", "GET", "api/contents/..%2f..%2ffiles/x", "spelling"),
    _route("double-slash", "the same with two slashes", "GET", "/files/x", "spelling"),
    _route("backslash", "the same with a backslash", "GET", "api\\..\\files\\x", "spelling"),
    _route("zero-byte", "a name that ends early for some programs", "GET", "api/contents/x%00.ipynb", "spelling"),
    Attack(
        "language-server",
        "a language server, which reads all files",
        Request("GET", f"{W}/lsp/ws/pylsp"),
        LIST,
        "JupyterLab looks for one by itself",
    ),
    Attack(
        "contents-data",
        "a table of the project by the API of notebooks",
        Request("GET", f"{W}/api/contents/rows.csv?content=1&format=text"),
        SERVER,
        PAGES,
    ),
    Attack(
        "contents-bytes",
        "a notebook as bytes",
        Request("GET", f"{W}/api/contents/study.py?content=1&format=base64"),
        SERVER,
        PAGES,
    ),
    Attack(
        "contents-link",
        "the server's environment, through a link that ends like source text",
        Request("GET", f"{W}/api/contents/env.py?content=1&format=text", statuses=(400, 403, 404, 500)),
        "a server whose environment is not its user's to read",
        PAGES,
    ),
    Attack(
        "upload",
        "a program, uploaded",
        Request("PUT", f"{W}/api/contents/tool.exe", '{"type": "file", "format": "base64", "content": "AA=="}'),
        SERVER,
        "people try it in good faith",
    ),
    Attack(
        "origin",
        "a kernel's connection, opened by a page of another site",
        Request(
            "GET",
            f"{W}/api/kernels/KERNEL/channels",
            headers=MappingProxyType(
                {
                    **EVIL,
                    "Upgrade": "websocket",
                    "Connection": "Upgrade",
                    "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                }
            ),
        ),
        "the server asks for its own origin",
        "the page of another site is not its visitor's act",
    ),
    Attack(
        "forged-form",
        "a kernel, started by a page of another site",
        Request("POST", f"{W}/api/kernels", "{}", FORGED),
        "a token in each form",
        "not its visitor's act, as above",
    ),
)
HUB = (
    Attack(
        "own-token",
        "a token by which programs could fetch everything",
        Request("POST", "/hub/api/users/bob/tokens", "{}"),
        f"{LIST}; rights at the hub",
        alarm("edge", "hub-api", ""),
    ),
    Attack(
        "rename",
        "a workspace under the name of another project, with its folders",
        Request("PATCH", f"/hub/api/users/bob/servers/{PROJECT}", '{"name": "autre-etude"}'),
        f"{LIST}; the hub renames none",
        alarm("edge", "hub-api", ""),
    ),
    Attack(
        "share",
        "the workspace, shared with somebody else",
        Request("POST", f"/hub/api/shares/bob/{PROJECT}", '{"user": "alice"}'),
        f"{LIST}; rights at the hub",
        alarm("edge", "hub-api", ""),
    ),
    Attack(
        "covert-names",
        "a secret in the names that the hub keeps of a server",
        Request("PUT", "/hub/api/users/bob/servers/secret-0xdeadbeef", '{"display_name": "secret"}'),
        f"{LIST}; the hub keeps none",
        alarm("edge", "hub-api", ""),
    ),
    Attack("people", "the hub's list of people", Request("GET", "/hub/api/users"), LIST, alarm("edge", "hub-api", "")),
    Attack(
        "default-server",
        "a workspace of no project",
        Request("POST", "/hub/api/users/bob/server", "{}"),
        LIST,
        alarm("edge", "hub-api", ""),
    ),
    Attack(
        "anothers-server",
        "another person's workspace, opened",
        Request("POST", f"/hub/api/users/alice/servers/{PROJECT}", "{}"),
        "rights at the hub",
        alarm("hub", "others"),
    ),
    Attack(
        "anothers-page",
        "another person's open workspace, entered",
        Request("FOLLOW", f"/user/alice/{PROJECT}/lab"),
        "rights at the hub",
        alarm("hub", "others"),
    ),
    Attack(
        "anothers-files",
        "another person's open workspace, by its API",
        Request("GET", f"/user/alice/{PROJECT}/api/contents"),
        "a session of one workspace opens no other",
        "a page that was open when its session ended asks the same; who goes on to the hub is told there",
    ),
    Attack(
        "second-project",
        "a second project beside the open one, whose pages share an origin with the first's",
        Request("POST", "/hub/api/users/bob/servers/autre-etude", "{}"),
        "one open workspace for each person",
        Told("session.refused", MappingProxyType({"rule": "session.one_at_a_time"}), project="autre-etude"),
    ),
    Attack(
        "closed-project",
        "a project of which the permit does not name them",
        Request("POST", "/hub/api/users/bob/servers/pas-la-sienne", "{}"),
        "rights at the hub",
        "a project that is not there and one that is closed to somebody look the same, to the hub as well",
    ),
    Attack(
        "no-such-method",
        "a method that no page uses",
        Request("TRACE", f"{W}/api/contents"),
        LIST,
        "nginx itself answers it",
    ),
    Attack(
        "service-inside",
        "the release pages' route for machines",
        Request("GET", "/services/egress/health"),
        LIST,
        "nothing of the enclave stands there",
    ),
)
ALL = (*WORKSPACE, *HUB)
