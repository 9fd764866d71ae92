"""Hands a study in: a folder in the outbox with the notebook, its helper files and a `submission.json`."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bulle.reader import language
from egress.store.submission import FOLDER_ENDING, SCHEMA, SUBMISSION, Submission
from hub.language import render
from hub.words import Message, say


class SubmissionError(Exception):
    """The study could not be handed in; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def submit(notebook: str, with_files: Sequence[str] = (), title: str = "") -> None:
    """Ask for the release of what `notebook` declares; `with_files` are the helper files it needs beside it."""
    if os.environ.get("BULLE_RERUN") == "1":
        return  # a notebook that hands itself in does so once, not in its re-run
    try:
        written = write_submission(_outbox(), Path(notebook), [Path(file) for file in with_files], title)
    except SubmissionError as error:
        print(render(error.message, language()))
        return
    print(render(say("Handed in as {name}.", name=written.name), language()))


def _outbox() -> Path:
    outbox = os.environ.get("BULLE_OUTBOX")
    if not outbox:
        raise SubmissionError(say("This is not a workspace: BULLE_OUTBOX is not set; use `bulle request submit`."))
    return Path(outbox)


def write_submission(outbox: Path, notebook: Path, files: Sequence[Path] = (), title: str = "") -> Path:
    """Write `<UTC time>-<8 hex>.request/` into `outbox`; its path. It appears there whole or not at all.

    Raises: SubmissionError with one sentence; nothing is left behind then.
    """
    submission = _submission(notebook, files, title)
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
        why = error.strerror or "I/O error"
        raise SubmissionError(say("{file} could not be handed in: {why}.", file=notebook.name, why=why)) from error
    except SubmissionError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def _submission(notebook: Path, files: Sequence[Path], title: str) -> Submission:
    names = [path.name for path in files]
    try:
        return Submission.model_validate({"schema": SCHEMA, "notebook": notebook.name, "files": names, "title": title})
    except ValidationError as error:
        if {item["loc"][:1] for item in error.errors()} == {("title",)}:
            raise SubmissionError(say("The title must be one line of at most 120 characters.")) from error
        message = say("File names must differ and hold letters, digits, dots, hyphens and underscores only.")
        raise SubmissionError(message) from error


def _copy(path: Path, target: Path) -> None:
    if not path.is_file():
        raise SubmissionError(say("There is no file {file}.", file=str(path)))
    target.write_bytes(path.read_bytes())
