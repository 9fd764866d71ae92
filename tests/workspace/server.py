"""A workspace's own server on this machine: JupyterLab with the image's configuration, without container and hub."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "images/workspace/jupyter"
TOKEN = "a-token-of-the-test"


@dataclass(frozen=True)
class Server:
    """One that answers at `url`; its home is `home`."""

    url: str
    home: Path

    def ask(self, method: str, path: str, body: Any = None, language: str = "en") -> httpx.Response:
        """An authenticated request."""
        content = None if method == "GET" else json.dumps(body)
        headers = {
            "Authorization": f"token {TOKEN}",
            "Content-Type": "application/json",
            "Accept-Language": language,
        }
        return httpx.request(method, f"{self.url}{path}", content=content, headers=headers, timeout=60)


@contextmanager
def served(folder: Path, environment: Mapping[str, str], *options: str) -> Iterator[Server]:
    """A server whose home is `folder/home`, with `environment` beside its own."""
    home = folder / "home"
    home.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "JUPYTER_CONFIG_DIR": str(CONFIGURATION),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}", *options),
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **settings, **environment}, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}/", home)
    try:
        for _ in range(600):
            assert process.poll() is None, (folder / "server.log").read_text()[-4000:]
            try:
                httpx.get(f"{server.url}api/status", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)
