"""The extract that a pre-flight works on, and the rules that govern it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hub.extracts.manifest import Manifest
from hub.policy.files import read_rules
from hub.policy.model import DisclosureRules
from hub.words import Message, say

DEFAULT_RULES = "health-fr"


class ContextError(Exception):
    """No pre-flight is possible; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Context:
    """`folder` holds the extract that `manifest` describes."""

    folder: Path
    manifest: Manifest
    rules: DisclosureRules


def open_context(folder: Path, rules: str | None = None) -> Context:
    """The extract in `folder`, under `rules`, else the manifest's, else health-fr.

    Raises: ExtractError or PolicyFileError, with sentences.
    """
    from hub.extracts.reader import open_extract  # noqa: PLC0415 -- Parquet and DuckDB, when there is an extract

    extract = open_extract(folder)
    return Context(extract.path, extract.manifest, read_rules(rules or extract.manifest.rules or DEFAULT_RULES))


def workspace_context() -> Context:
    """The extract of this workspace. Raises: ContextError when there is none; see `open_context`."""
    return open_context(workspace_extract())


def workspace_extract() -> Path:
    """Where this workspace's extract stands. Raises: ContextError."""
    folder = os.environ.get("BULLE_EXTRACT")
    if not folder:
        raise ContextError(say("There is no extract here: the variable BULLE_EXTRACT does not name its folder."))
    return Path(folder)
