"""A real workspace to attack: the image's own server under the launcher's seal, and kernels that it started."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from hub.launcher.client import Sessions
from hub.launcher.engine import EngineError, image_digest
from hub.launcher.shape import SessionAct
from hub.policy.limits import ContainerLimits
from hub.session import sealed_name
from hub.workspace import Workspace
from tests.launchers import HUB_IS_ROOT, launcher

IMAGE = "bulle/workspace:local"
TOKEN = "a-token-that-only-the-server-may-know"

# Answers what a workspace's server asks its hub; whoever brings the token is alice.
HUB = """
import http.server, json
class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"kind": "user", "name": "alice", "scopes": ["access:servers"], "version": "6"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.do_GET()
http.server.ThreadingHTTPServer(("0.0.0.0", 8081), Hub).serve_forever()
"""

# Runs beside the server, not in a kernel: asks the server for a kernel, and the kernel to run a cell.
ASK = """
import ctypes, json, os, sys, time, urllib.error, urllib.request
from jupyter_client import BlockingKernelClient
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # it has the token, as the server has: not to be found here
base, name, code, token = *sys.argv[1:], os.environ["JUPYTERHUB_API_TOKEN"]
def api(path, body=None):
    content = json.dumps(body).encode() if body else None
    url = "http://127.0.0.1:8888" + base + "api/" + path
    request = urllib.request.Request(url, content, {"Authorization": "token " + token})
    return json.loads(urllib.request.urlopen(request, timeout=60).read() or "null")
for _ in range(600):
    try:
        api("status")
        break
    except urllib.error.URLError as error:
        if isinstance(error, urllib.error.HTTPError): raise
        time.sleep(0.1)
kernel = api("kernels", {"name": name})["id"]
client = BlockingKernelClient()
client.load_connection_file(f"/tmp/jupyter/kernel-{kernel}.json")
client.hb_channel.time_to_dead = 60  # the machine may be busy
client.start_channels()
client.wait_for_ready(timeout=90)
out = []
def keep(message):
    content = message["content"]
    if message["msg_type"] == "stream": out.append(content["text"])
    if message["msg_type"] == "error": out.append(content["ename"] + ": " + content["evalue"])
reply = client.execute_interactive(code, timeout=120, output_hook=keep)
print(json.dumps([reply["content"]["status"], "".join(out)]))
request = urllib.request.Request("http://127.0.0.1:8888" + base + "api/kernels/" + kernel, method="DELETE",
    headers={"Authorization": "token " + token})
urllib.request.urlopen(request, timeout=60).read()
"""


@dataclass(frozen=True)
class Opened:
    """An open workspace, with its folders on the host under `root`, and how full the launcher said they were."""

    root: Path
    workspace: Workspace
    used_mb: Mapping[str, int]

    @property
    def container(self) -> str:
        return sealed_name(self.workspace)

    def cell(self, code: str, kernel: str = "python3") -> str:
        """What a cell printed, run by a kernel that the server started. Fails when the cell failed."""
        base = f"/user/{self.workspace.person}/{self.workspace.project}/"
        call = ["docker", "exec", self.container, "python3", "-c", ASK, base, kernel, code]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == 0, done.stderr[-2000:] + self.log()
        status, printed = json.loads(done.stdout.splitlines()[-1])
        assert status == "ok", printed
        return str(printed)

    def log(self) -> str:
        """The end of the server's own log."""
        done = subprocess.run(["docker", "logs", self.container], capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr)[-4000:]


def needs_the_image() -> None:
    """Skips, or fails where CI has made it."""
    try:
        image_digest(IMAGE)
    except EngineError as error:
        why = f"needs a container engine with the workspace's image: {error}"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@contextmanager
def stand_in_hub(engine: docker.APIClient, name: str) -> Iterator[str]:
    """The container that workspaces reach as `hub`."""
    engine.create_container(IMAGE, ["python3", "-c", HUB], name=name)
    engine.start(name)
    try:
        yield name
    finally:
        engine.remove_container(name, force=True)


@contextmanager
def opened(root: Path, hub: str, workspaces: tuple[Workspace, ...], **settings: Any) -> Iterator[tuple[Opened, ...]]:
    """`workspaces`, made and started by a launcher with `settings`, and removed at the end."""
    for folder in (root, *root.parents[:2]):
        folder.chmod(0o755)
    with launcher(root, IMAGE, HUB_IS_ROOT, hub=hub, **settings) as socket:
        sessions, made = Sessions(socket), []
        try:
            for workspace in workspaces:
                extract = root / "extracts" / workspace.project / "e1"
                extract.mkdir(parents=True, exist_ok=True)
                made.append(sessions.create(workspace, "e1", from_the_hub(workspace)))
                sessions.act(SessionAct.START, workspace)
            yield tuple(Opened(root, *each) for each in zip(workspaces, (one.used_mb for one in made), strict=True))
        finally:
            for workspace in workspaces:
                sessions.act(SessionAct.REMOVE, workspace)


def with_limits(limits: ContainerLimits, **changed: Any) -> ContainerLimits:
    """`limits` with other values for workspaces."""
    return limits.model_copy(update={"workspace": limits.workspace.model_copy(update=changed)})


def from_the_hub(workspace: Workspace) -> Mapping[str, str]:
    """What JupyterHub gives a server."""
    prefix = f"/user/{workspace.person}/{workspace.project}/"
    return {
        "JPY_API_TOKEN": TOKEN,
        "JUPYTERHUB_API_TOKEN": TOKEN,
        "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_CLIENT_ID": f"jupyterhub-user-{workspace.person}-{workspace.project}",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:servers"]',
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{prefix}oauth_callback",
        "JUPYTERHUB_OAUTH_SCOPES": '["access:servers"]',
        "JUPYTERHUB_SERVER_NAME": workspace.project,
        "JUPYTERHUB_SERVICE_PREFIX": prefix,
        "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:8888{prefix}",
        "JUPYTERHUB_USER": workspace.person,
    }
