"""What the edge knows once: language, where the state is, and who acts. Passed down as `ctx.obj`, read nowhere else."""

from __future__ import annotations

import json
import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from bulle.cli.failure import failed
from hub.words import Message, say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from hub.events.log import EventLog
    from hub.workspace import StateLayout

CHANNEL = "command line"
_UNSET = 2**32 - 1  # what the kernel calls nobody's login
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True)
class Settings:
    """`actor` None means the operating system's user. `ran_by` is who started the command, as far as this machine can
    tell; events carry both, since `--as` is what that person says. `keeper` is the socket of the log's keeper, who
    writes the log for the command; without one the command writes it.
    """

    language: str = "en"
    state: Path | None = None
    actor: str | None = None
    ran_by: str = ""
    keeper: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Language from LC_ALL, LC_MESSAGES or LANG, the state's root from BULLE_STATE."""
        spelled = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
        state = environ.get("BULLE_STATE")
        language = "fr" if spelled[:2].lower() == "fr" else "en"
        keeper = environ.get("BULLE_LOG_SOCKET", "")
        return cls(language, Path(state) if state else None, ran_by=_ran_by(environ), keeper=keeper)

    def text(self, message: Message) -> str:
        """The sentence in the reader's language."""
        if self.language == "en":
            return str(message)
        from hub.language import render  # noqa: PLC0415 -- English pages need no catalogue

        return render(message, self.language)

    def print(self, message: Message) -> None:
        """One sentence on standard output."""
        click.echo(self.text(message))

    def print_json(self, value: Mapping[str, Any]) -> None:
        """One JSON document on standard output, `schema` first."""
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))

    def person(self) -> str:
        """Who acts, as it is written into events: `--as`, or the operating system's user."""
        return self.actor or _user(os.getuid())

    def layout(self) -> StateLayout:
        """Where the state is. Raises StopError when nobody said."""
        from hub.workspace import StateLayout  # noqa: PLC0415 -- see above

        if self.state is None:
            raise failed(
                say("Where the enclave keeps its state is not set; give --state DIR or set BULLE_STATE to its folder.")
            )
        return StateLayout(PurePosixPath(self.state.absolute()))

    def log(self, *, create: bool = False) -> EventLog:
        """The event log. Only commands that begin an enclave create one; the others say that there is none."""
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 -- see above

        from hub.events.kept import kept_at, open_log  # noqa: PLC0415 -- see above

        path = Path(self.layout().log)
        if not create and not path.is_file():
            raise failed(
                say(
                    "There is no event log at {path}; `bulle person add` or `bulle source register` begins one.",
                    path=str(path),
                )
            )
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            where = kept_at(self.keeper, path) if self.keeper else path
            return open_log(where, always={"ran_by": self.ran_by} if self.ran_by else None)
        except SQLAlchemyError as error:
            raise failed(say("The event log at {path} cannot be opened as a database.", path=str(path))) from error


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _ran_by(environ: Mapping[str, str]) -> str:
    """Who logged in to this machine and ran this. The kernel's own word where there is one: `sudo` does not change it.

    In a container there is none; whoever started it says it (docker-compose.yml), and is root.
    """
    try:
        login = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        login = _UNSET
    if login != _UNSET:
        return _user(login)
    told = environ.get("BULLE_RAN_BY", "")
    return told if _NAME.fullmatch(told) else _user(os.getuid())
