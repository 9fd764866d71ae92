"""A call of bulle.release_text: a text of the researcher's own, written in the source or in a file handed in. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.words import Message, say

TEXT_MIME = "application/vnd.bulle.text+json"
TEXT_SCHEMA = "bulle.text/1"
_KEYS = {"schema", "name", "text", "file", "title"}
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # as the files of a submission are called
Files = Callable[[str], bytes | None]


@dataclass(frozen=True)
class EmittedText:
    """The call as it stood in an output: what hostile code left there. Of `text` and `file`, one is ""."""

    name: str
    text: str
    file: str
    title: str


@dataclass(frozen=True)
class DeclaredText:
    """A text that is asked for. With `file`, `text` is "" until that file is known (`with_file`)."""

    name: str
    text: str
    file: str
    title: str
    cell: int

    @property
    def asked(self) -> str:
        """The call as people read it."""
        given = f"file={self.file!r}" if self.file else "…"
        return f"bulle.release_text({self.name!r}, {given})"

    @property
    def emitted(self) -> EmittedText:
        """What a run of the call leaves."""
        return EmittedText(self.name, "" if self.file else self.text, self.file, self.title)


def text_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """The rule that a text's own words break, and the sentence for its author."""
    text, file = arguments.get("text", ""), arguments.get("file") or ""
    if not isinstance(text, str) or not isinstance(file, str) or bool(text.strip()) is bool(file):
        why = say('Give its text, or a file that is handed in beside the notebook, as in file="notes.txt".')
        return "declaration.text", why
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        return "declaration.text", say("Its text holds half a character: it can be written in no file.")
    if file and not _FILE.fullmatch(file):
        why = say("Its file must be one that is handed in beside the notebook, by its name alone.")
        return "declaration.file", why
    return None


def declared_text(arguments: Mapping[str, object], cell: int) -> DeclaredText:
    """The declaration of a call that nothing is wrong with."""
    file = str(arguments.get("file") or "")
    text = "" if file else str(arguments.get("text", ""))
    return DeclaredText(str(arguments["name"]), text, file, str(arguments.get("title", "")), cell)


def with_file(declared: DeclaredText, read: Files) -> DeclaredText | tuple[str, Message]:
    """`declared` with what its file says, or the rule that it breaks and the sentence. `read` answers the frozen bytes
    of a file of the request, None for one that is not there.
    """
    if not declared.file:
        return declared
    content = read(declared.file)
    if content is None:
        why = say("The request holds no file {file}: hand it in beside the notebook.", file=declared.file)
        return "text.file", why
    try:
        return replace(declared, text=content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "text.file", say("The file {file} is not UTF-8 text.", file=declared.file)


def text_payload(emitted: EmittedText) -> dict[str, Any]:
    """What stands in the cell's output under TEXT_MIME."""
    words = {"name": emitted.name, "text": emitted.text, "file": emitted.file, "title": emitted.title}
    return {"schema": TEXT_SCHEMA, **words}


def read_text(raw: Any) -> EmittedText | None:
    """The declaration in an output, or None for anything that `text_payload` does not write. Never raises."""
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != TEXT_SCHEMA:
        return None
    texts = [raw[key] for key in ("name", "text", "file", "title")]
    if not all(isinstance(text, str) for text in texts) or not (texts[0] + texts[2] + texts[3]).isprintable():
        return None
    return EmittedText(*texts)
