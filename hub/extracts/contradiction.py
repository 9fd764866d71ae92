"""Where data and their catalogue do not agree: a table, a column, a count and a sentence; never a value."""

from __future__ import annotations

from dataclasses import dataclass

from hub.words import Message


@dataclass(frozen=True)
class Contradiction:
    """`count` is of rows, or of persons for rows_per_person; None where a thing is missing altogether."""

    table: str
    column: str | None
    rule: str
    count: int | None
    why: Message

    def to_dict(self, sentence: str) -> dict[str, object]:
        """One entry of `contradictions` in `bulle.pack/1`; `sentence` is `why` in the reader's language."""
        return {"table": self.table, "column": self.column, "rule": self.rule, "count": self.count, "why": sentence}


class PackError(Exception):
    """The data contradict the catalogue: all contradictions at once."""

    def __init__(self, contradictions: tuple[Contradiction, ...]) -> None:
        super().__init__("\n".join(str(each.why) for each in contradictions))
        self.contradictions = contradictions


class PackInputError(Exception):
    """A file or folder cannot be used at all: not there, not Parquet, not empty, no room."""

    def __init__(self, *messages: Message) -> None:
        super().__init__("\n".join(str(message) for message in messages))
        self.messages = messages


def shown(text: str) -> str:
    """A name from outside, fit for one line of a terminal."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return plain if len(plain) <= 80 else plain[:77] + "..."
