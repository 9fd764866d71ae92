"""What JupyterLab's own pages may ask of a workspace's server beside Jupyter's routes (images/workspace/lab).

`bulle/data` and `bulle/notices` are files as the enclave laid them. `bulle/outputs` and `bulle/submit` are `bulle`, run
as a kernel would run it: as the same user, with no token, with nothing that the person's own cells could not do. This
process, which holds the hub's token, reads no file that a researcher names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

SECONDS = 60.0  # wall clock of one `bulle`
MOST_BYTES = 100_000  # of a question
# What `bulle` needs to know; everything else of this process's environment stays here.
PASSED_ON = ("BULLE_EXTRACT", "BULLE_OUTBOX", "BULLE_PROJECT", "HOME", "PATH")
_ONE_AT_A_TIME = asyncio.Semaphore(1)


class LaidFile(APIHandler):
    """A file that the enclave laid, as it is."""

    def initialize(self, file: Path) -> None:
        self._file = file

    @authenticated
    def get(self) -> None:
        try:
            self.finish(self._file.read_bytes())
        except FileNotFoundError:
            self.finish("null")


class Notices(LaidFile):
    """Asked every few seconds: no sign that somebody uses the workspace."""

    _track_activity = False


class Outputs(APIHandler):
    """The outputs that a notebook declares."""

    @authenticated
    async def get(self) -> None:
        notebook = self.get_query_argument("notebook")
        self.finish(await bulle(self, ["outputs", "--json", "--", in_home(notebook)]))


class Submit(APIHandler):
    """Hands a notebook in."""

    @authenticated
    async def post(self) -> None:
        if len(self.request.body) > MOST_BYTES:
            raise HTTPError(413, "This is more than a submission says.")
        asked = self.get_json_body()
        try:
            arguments = submission(asked)
        except (KeyError, TypeError, AttributeError) as error:
            raise HTTPError(400, "This is no submission.") from error
        self.finish(await bulle(self, arguments))


def submission(asked: Any) -> list[str]:
    """The command line that hands in what was asked. Raises: KeyError, TypeError, AttributeError."""
    notebook, again = asked["notebook"], asked.get("again")
    arguments = ["--json", "--title", str(asked["title"])]
    for name, text in asked["descriptions"].items():
        arguments += ["--describe", f"{name}={text}"]
    folder = notebook.rpartition("/")[0]
    for name in asked["files"]:
        arguments += ["--with", in_home(f"{folder}/{name}" if folder else name)]
    if again is None:
        return ["submit", *arguments, "--", in_home(notebook)]
    return ["resubmit", *arguments, "--answer", str(again["answer"]), "--", str(again["request"]), in_home(notebook)]


def in_home(path: str) -> str:
    """The path as a program in the home would write it; never an option, and never one of this process's own files."""
    return f"./{path.lstrip('/')}"


async def bulle(handler: APIHandler, arguments: list[str]) -> str:
    """What `bulle request` answered. Raises: HTTPError 400 with its sentence, 504 when it took too long."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    language = "fr" if handler.request.headers.get("Accept-Language", "").startswith("fr") else "en"
    async with _ONE_AT_A_TIME:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "bulle", "request", *arguments),
            cwd=handler.settings["server_root_dir"],
            env={**environment, "LANG": language},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said, complained = await asyncio.wait_for(process.communicate(), SECONDS)
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise HTTPError(504, "It took too long; try again.") from error
    if process.returncode != 0:
        raise HTTPError(400, " ".join(complained.decode("utf-8", "replace").split())[:1000])
    return said.decode("utf-8", "replace")


def add_routes(server: ServerApp) -> None:
    """The four routes; the edge passes on these and no others (images/doors/routes.conf)."""
    base = server.web_app.settings["base_url"]
    extract = Path(os.environ.get("BULLE_EXTRACT", "/data"))
    notices = Path(os.environ.get("BULLE_NOTICES", "/notices"))
    routes = (
        ("data", LaidFile, {"file": extract / "manifest.json"}),
        ("notices", Notices, {"file": notices / "notices.json"}),
        ("outputs", Outputs, {}),
        ("submit", Submit, {}),
    )
    server.web_app.add_handlers(
        ".*$", [(url_path_join(base, "bulle", name), handler, settings) for name, handler, settings in routes]
    )


def _load_jupyter_server_extension(server: ServerApp) -> None:
    add_routes(server)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workspace_lab"}]
