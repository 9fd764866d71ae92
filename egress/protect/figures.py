"""Numbers as a file spells them: plain decimals, one spelling per file, nothing guessed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from egress.protect.unusable import UnusableError
from hub.words import Message, say

# Whole numbers beyond this are not exact as floating-point numbers.
LARGEST = 1e15
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NO_NUMBER = frozenset({"nan", "na", "n/a", "null", "none", "inf", "infinity", "+inf", "-inf", "-infinity", "∞", "-∞"})


@dataclass
class Figures:
    """Reads the numbers of one file. A decimal comma is read where commas do not separate columns, and only commas."""

    file: str
    separator: str
    decimals: dict[str, int] = field(default_factory=dict)
    _marks: set[str] = field(default_factory=set)

    def read(self, line: int, column: str, text: str) -> float:
        """Raises: UnusableError."""
        if text.casefold() in _NO_NUMBER:
            raise self._wrong(say("{file}, line {line}: {column} is not a finite number.", **self._at(line, column)))
        if not _PLAIN.fullmatch(text) or ("," in text and self.separator == ","):
            raise self._wrong(
                say(
                    "{file}, line {line}: {column} is not a plain number (no units, spaces or thousands separators).",
                    **self._at(line, column),
                )
            )
        mark = "," if "," in text else "." if "." in text else ""
        if mark:
            self._mark(line, column, mark)
            digits = len(text.partition(mark)[2].lower().partition("e")[0])
            self.decimals[column] = max(self.decimals.get(column, 0), digits)
        value = float(text.replace(",", "."))
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise self._wrong(
                say(
                    "{file}, line {line}: {column} is larger than can be computed with exactly.",
                    **self._at(line, column),
                )
            )
        return value

    def count(self, line: int, column: str, text: str) -> float:
        """A number of persons or units: whole, not negative. Raises: UnusableError."""
        value = self.read(line, column, text)
        if value < 0:
            raise self._wrong(say("{file}, line {line}: {column} is a negative count.", **self._at(line, column)))
        if value != int(value):
            raise self._wrong(say("{file}, line {line}: {column} is not a whole number.", **self._at(line, column)))
        return value

    def _mark(self, line: int, column: str, mark: str) -> None:
        self._marks.add(mark)
        if len(self._marks) > 1:
            raise self._wrong(
                say(
                    "{file}, line {line}: {column} has another decimal mark than the numbers before it.",
                    **self._at(line, column),
                )
            )

    def _at(self, line: int, column: str) -> dict[str, str | int]:
        return {"file": self.file, "line": line, "column": column}

    @staticmethod
    def _wrong(message: Message) -> UnusableError:
        return UnusableError(message)
