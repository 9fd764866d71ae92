"""Where people are told of news by e-mail, and in which language: outside the event log, so that it can be erased.

One file per person. The hub writes it, as the site's directory knows the person, at each login; the process that mails
only reads it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from hub.atomic import write_whole
from hub.policy.base import Frozen

Language = Literal["en", "fr"]
READABLE = 0o644  # who mails is another user; the folder shuts out everybody else
MOST_ADDRESS = 254  # RFC 5321 4.5.3.1.3
# As browsers take an address (HTML, "valid e-mail address"): ASCII, no quotes, no comment, nothing that ends a header.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


def address_in(text: str) -> str:
    """`text` where it is an address that can be written to; else "". What a directory answers is hostile input."""
    return text if len(text) <= MOST_ADDRESS and _ADDRESS.fullmatch(text) else ""


class Mailbox(Frozen):
    """One person's. `language`: the directory's or the browser's at the last login; `chosen`: the person's own word."""

    address: str = ""
    language: Language = "en"
    chosen: Literal["", "en", "fr"] = ""
    wanted: bool = Field(default=True, description="whether the person is told of news by e-mail")

    @property
    def reads(self) -> Language:
        """The language of what is written to it."""
        return self.chosen or self.language

    @property
    def takes_mail(self) -> bool:
        """Whether there is somebody to write to."""
        return self.wanted and address_in(self.address) != ""


class Mailboxes:
    """The folder of them. Blocking. Names of persons are checked patterns that can be names of files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, person: str) -> Mailbox | None:
        """The person's; None where there is none, or none that can be read."""
        try:
            return Mailbox.model_validate_json(self._place(person).read_bytes())
        except (OSError, ValidationError):
            return None

    def all(self) -> Mapping[str, Mailbox]:
        """Every one that can be read, by person."""
        found = {path.stem: self.of(path.stem) for path in sorted(self._folder.glob("[a-z]*.json"))}
        return {person: box for person, box in found.items() if box is not None}

    def told(self, person: str, address: str, language: str) -> None:
        """Keep what the directory says now; what the person chose stays. Raises: OSError, ValidationError."""
        self._keep(person, {"address": address_in(address), "language": language})

    def choose(self, person: str, language: str, *, wanted: bool) -> None:
        """Keep what the person chooses; "" is no language of their own. Raises: OSError, ValidationError."""
        self._keep(person, {"chosen": language, "wanted": wanted})

    def keep_only(self, persons: Collection[str]) -> None:
        """Erase those of people who are not among `persons` any more. Raises: OSError."""
        for path in self._folder.glob("*.json"):
            if path.stem not in persons:
                with suppress(FileNotFoundError):
                    path.unlink()

    def _keep(self, person: str, changes: dict[str, object]) -> None:
        before = self.of(person) or Mailbox()
        after = Mailbox.model_validate(before.model_dump() | changes)
        write_whole(self._place(person), after.model_dump_json().encode(), READABLE)

    def _place(self, person: str) -> Path:
        return self._folder / f"{person}.json"
