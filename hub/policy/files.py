"""Reads policies: TOML to frozen values, each mistake named with its file, its key and what was expected."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hub.policy.model import DataPermit, DisclosureRules, Frozen, Title
from hub.words import Message, say

M = TypeVar("M", bound=BaseModel)

MAX_POLICY_BYTES = 1_000_000
MAX_DOTS = 100  # in one key, or between two commas of a text
_BETWEEN_KEYS = re.compile(r"[=,\[\]{}#\n]")


class PolicyFileError(Exception):
    """A policy file that cannot be used. `messages` has one sentence per mistake."""

    def __init__(self, messages: tuple[Message, ...]) -> None:
        super().__init__("\n".join(str(message) for message in messages))
        self.messages = messages


class Purpose(Frozen):
    """One purpose code: whether data may be used for it, and why."""

    title: Title
    allowed: bool
    source: str


class Purposes(Frozen):
    """`purposes.toml`."""

    purposes: dict[str, Purpose]


def policies_dir() -> Path:
    """The shipped policies: inside the wheel, or beside the code in a checkout."""
    shipped = Path(__file__).parent / "shipped"
    return shipped if shipped.is_dir() else Path(__file__).parents[2] / "policies"


def read_toml(path: Path, model: type[M]) -> M:
    """The value in the TOML file at `path`.

    Raises: PolicyFileError, with a sentence per mistake that names the file and the key.
    """
    try:
        if path.stat().st_size > MAX_POLICY_BYTES:
            raise PolicyFileError((say("{file} is larger than any policy file may be.", file=path.name),))
        content = path.read_bytes()
    except OSError as error:
        raise PolicyFileError(
            (say("{file} cannot be read: {why}.", file=str(path), why=error.strerror or "I/O error"),)
        ) from error
    return parse_toml(content, path.name, model)


def parse_toml(content: bytes, name: str, model: type[M]) -> M:
    """The value in a TOML file's content, whoever sent it. Raises: PolicyFileError, as above; `name` is the file's."""
    try:
        text = content.decode("utf-8")
        _plain_keys(text, name)
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and lists in lists in lists
        why = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise PolicyFileError((say("{file} is not valid TOML: {why}.", file=name, why=why[:200]),)) from error
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise PolicyFileError(tuple(_sentence(name, item) for item in error.errors(include_url=False))) from error


def _plain_keys(text: str, name: str) -> None:
    """Refuse keys of very many parts before they are read: the time that they take grows with their square."""
    for piece in _BETWEEN_KEYS.split(text.replace(" ", "").replace("\t", "").replace("..", "")):
        if piece.count(".") > MAX_DOTS:
            raise PolicyFileError((say("{file} has a key of more than {most} parts.", file=name, most=MAX_DOTS),))


def _sentence(name: str, error: object) -> Message:
    detail = dict(error)  # type: ignore[call-overload]  # pydantic's ErrorDetails
    key = ".".join(str(part) for part in detail["loc"]) or "(whole file)"
    if detail["type"] == "extra_forbidden":
        return say("{file}: the key {key} is not known; remove it or correct its spelling.", file=name, key=key)
    if detail["type"] == "missing":
        return say("{file}: the key {key} is missing.", file=name, key=key)
    why = str(detail["msg"]).removeprefix("Value error, ")
    return say("{file}: {key}: {why}.", file=name, key=key, why=why.rstrip("."))


def read_rules(name_or_file: str, folder: Path | None = None) -> DisclosureRules:
    """The rules at a path (it ends in .toml), or the rules called so in `folder` (default: the shipped ones).

    Raises: PolicyFileError; there is no fallback for rules that are not there.
    """
    if name_or_file.endswith(".toml"):
        return read_toml(Path(name_or_file), DisclosureRules)
    rules = (folder or policies_dir()) / "rules"
    known = sorted(path.stem for path in rules.glob("*.toml"))
    if name_or_file not in known:
        raise PolicyFileError(
            (say("There are no rules called {name}; known are: {known}.", name=name_or_file, known=", ".join(known)),)
        )
    return read_toml(rules / f"{name_or_file}.toml", DisclosureRules)


def read_permit(path: Path) -> DataPermit:
    """The permit in the TOML file at `path`. Raises: PolicyFileError."""
    return read_toml(path, DataPermit)


def read_purposes(folder: Path | None = None) -> Purposes:
    """The purpose codes of `purposes.toml`. Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "purposes.toml", Purposes)
