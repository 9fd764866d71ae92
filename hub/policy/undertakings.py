"""The texts that people sign: `policies/undertakings/*.toml`, each in both languages."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from hub.policy.base import Frozen, Name, Text, Title
from hub.policy.files import PolicyFileError, policies_dir, read_toml
from hub.policy.standing import Required
from hub.words import say

Long = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000)]


class Texts(Frozen):
    """The same text in both languages; paragraphs are parted by empty lines."""

    en: Long
    fr: Long


class Undertaking(Frozen):
    """One version of one text. A change of the text needs the next version."""

    name: Name
    version: int = Field(ge=1)
    applies_from: date = Field(description="who signed an earlier version has until the day before")
    valid_days: int = Field(ge=1, description="for which a signature counts")
    source: Text
    title: Title
    text: Texts

    @property
    def digest(self) -> str:
        """SHA-256 of what is signed: name, version, titles, texts."""
        signed = [self.name, self.version, self.title.model_dump(), self.text.model_dump()]
        return hashlib.sha256(json.dumps(signed, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def required(self) -> Required:
        """What is asked of people."""
        return Required(
            name=self.name,
            version=self.version,
            digest=self.digest,
            title=self.title,
            applies_from=self.applies_from,
            valid_days=self.valid_days,
        )


def read_undertakings(folder: Path | None = None) -> tuple[Undertaking, ...]:
    """The texts in `folder`/undertakings (default: the shipped policies), by name.

    Raises: PolicyFileError, also where there is none or two have one name: missing policy means no.
    """
    place = (folder or policies_dir()) / "undertakings"
    found = tuple(read_toml(path, Undertaking) for path in sorted(place.glob("*.toml")))
    if not found:
        raise PolicyFileError((say("{folder} holds no undertaking; people sign at least one.", folder=str(place)),))
    if len({each.name for each in found}) < len(found):
        raise PolicyFileError((say("Two files in {folder} have one name.", folder=str(place)),))
    return tuple(sorted(found, key=lambda each: each.name))
