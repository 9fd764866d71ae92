"""Hands a study in: a folder in the outbox with the notebook, its helper files and a `submission.json`."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from bulle.reader import language
from egress.outputs.charts import DeclaredChart
from egress.outputs.declarations import DeclarationProblem, declarations
from egress.outputs.model import Unreadable
from egress.outputs.notebook import read_notebook
from egress.store.submission import FOLDER_ENDING, SCHEMA, SUBMISSION, Submission
from hub.language import render
from hub.words import Message, say


class SubmissionError(Exception):
    """The study could not be handed in; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def submit(  # noqa: PLR0913 -- what a researcher may say, each by its name
    notebook: str,
    with_files: Sequence[str] = (),
    title: str = "",
    *,
    descriptions: Mapping[str, str] | None = None,
    request: str | None = None,
    answer: str | None = None,
) -> None:
    """Ask for the release of what `notebook` declares; `with_files` are the helper files it needs beside it.

    `descriptions` say of each output, by its name, what it shows: who checks it reads that first. With `request`,
    the name of one that came back, this is its next turn, and `answer` says what was changed.
    """
    if os.environ.get("BULLE_RERUN") == "1":
        return  # a notebook that hands itself in does so once, not in its re-run
    try:
        written = write_submission(
            _outbox(),
            Path(notebook),
            [Path(file) for file in with_files],
            title,
            descriptions or {},
            Again.of(request, answer),
        )
    except SubmissionError as error:
        print(render(error.message, language()))
        return
    print(render(say("Handed in as {name}.", name=written.name), language()))


def _outbox() -> Path:
    outbox = os.environ.get("BULLE_OUTBOX")
    if not outbox:
        raise SubmissionError(say("This is not a workspace: BULLE_OUTBOX is not set; use `bulle request submit`."))
    return Path(outbox)


@dataclass(frozen=True)
class Again:
    """Which request is submitted again, and what was changed."""

    request: str
    answer: str

    @classmethod
    def of(cls, request: str | None, answer: str | None) -> Again | None:
        """None for a new request."""
        return None if request is None and answer is None else cls(request or "", answer or "")


def declared_outputs(notebook: bytes) -> Mapping[str, str]:
    """The names of the outputs that a notebook's source declares, with their titles; none where it cannot be read."""
    read = read_notebook(notebook, len(notebook))
    if isinstance(read, Unreadable):
        return {}
    return {
        item.name: getattr(item, "title", "")
        for item in declarations(read)
        if item.name is not None
        and not isinstance(item, DeclarationProblem | DeclaredChart)  # a chart is part of its table
    }


def write_submission(  # noqa: PLR0913, PLR0917 -- the parts of a submission, in the order of the command line
    outbox: Path,
    notebook: Path,
    files: Sequence[Path] = (),
    title: str = "",
    descriptions: Mapping[str, str] = MappingProxyType({}),
    again: Again | None = None,
) -> Path:
    """Write `<UTC time>-<8 hex>.request/` into `outbox`; its path. It appears there whole or not at all.

    Raises: SubmissionError with one sentence; nothing is left behind then.
    """
    submission = _submission(notebook, files, title, descriptions, again)
    identity = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    draft, target = outbox / f".{identity}.draft", outbox / f"{identity}{FOLDER_ENDING}"
    try:
        draft.mkdir(mode=0o755)
        for path in (notebook, *files):
            _copy(path, draft / path.name)
        (draft / SUBMISSION).write_bytes(submission.to_bytes())
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise SubmissionError(_FULL) from error
        why = error.strerror or "I/O error"
        raise SubmissionError(say("{file} could not be handed in: {why}.", file=notebook.name, why=why)) from error
    except SubmissionError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def _submission(
    notebook: Path, files: Sequence[Path], title: str, descriptions: Mapping[str, str], again: Again | None
) -> Submission:
    names = [path.name for path in files]
    _all_described(notebook, descriptions)
    said: dict[str, object] = {} if again is None else {"request": again.request, "answer": again.answer}
    said |= {"notebook": notebook.name, "files": names, "title": title, "descriptions": dict(descriptions)}
    try:
        return Submission.model_validate({"schema": SCHEMA, **said})
    except ValidationError as error:
        wrong = {item["loc"][0] for item in error.errors() if item["loc"]}
        if wrong == {"title"}:
            raise SubmissionError(say("The title must be one line of at most 120 characters.")) from error
        if wrong & {"request", "answer"}:
            raise SubmissionError(_ANSWER) from error
        if wrong == {"descriptions"}:
            raise SubmissionError(_DESCRIBE) from error
        message = say("File names must differ and hold letters, digits, dots, hyphens and underscores only.")
        raise SubmissionError(message) from error


def _all_described(notebook: Path, descriptions: Mapping[str, str]) -> None:
    """What the service would send back is said here already; a file that is not there is said later."""
    names = declared_outputs(notebook.read_bytes()) if notebook.is_file() else {}
    missing = [name for name in names if not descriptions.get(name, "").strip()]
    if missing:
        raise SubmissionError(
            say("Say of every output what it shows: descriptions= lacks {outputs}.", outputs=", ".join(missing))
        )


_FULL = say(
    "The outbox is full, so nothing was handed in. Remove folders of requests that were taken in from /outbox, then "
    "hand in again."
)
_ANSWER = say(
    "To submit a request again, name it as the pages do, and say in at most 500 characters of plain text what was "
    "changed: request= and answer=, or bulle request resubmit."
)
_DESCRIBE = say(
    "Describe each output by its name, in a sentence or two of at most 500 characters of plain text: descriptions= of "
    "bulle.submit, or --describe NAME=TEXT."
)


def _copy(path: Path, target: Path) -> None:
    if not path.is_file():
        raise SubmissionError(say("There is no file {file}.", file=str(path)))
    target.write_bytes(path.read_bytes())
