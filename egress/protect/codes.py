"""Names of categories as a file spells them: what a reader takes for one name must be spelled in one way."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from egress.protect.unusable import UnusableError
from hub.words import say

MAX_LENGTH = 200
# Invisible, direction-changing, private, unassigned, and line-breaking characters.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def folded(code: str) -> str:
    """What a reader takes `code` for: compatible characters, case and spaces do not tell names apart."""
    return " ".join(unicodedata.normalize("NFKC", code).casefold().split())


def soundly_spelled(file: str, line: int, column: str, code: str) -> None:
    """Raises: UnusableError for a name that cannot be told from another one by eye, or holds what cannot be seen."""
    if code == "":
        raise UnusableError(
            say("{file}, line {line}: the column {column} is empty.", file=file, line=line, column=column)
        )
    if len(code) > MAX_LENGTH:
        raise UnusableError(
            say(
                "{file}, line {line}: a name of more than {limit} characters in the column {column}.",
                file=file,
                line=line,
                column=column,
                limit=MAX_LENGTH,
            )
        )
    hidden = next((letter for letter in code if unicodedata.category(letter) in _HIDDEN), None)
    if hidden is not None:
        raise UnusableError(
            say(
                "{file}, line {line}: the name in the column {column} holds the invisible character U+{letter}.",
                file=file,
                line=line,
                column=column,
                letter=f"{ord(hidden):04X}",
            )
        )
    if not code.isascii() and len(_scripts(code)) > 1:
        raise UnusableError(
            say(
                "{file}, line {line}: the name in the column {column} mixes letters of two alphabets.",
                file=file,
                line=line,
                column=column,
            )
        )


def distinct(file: str, column: str, first_line: Mapping[str, int]) -> None:
    """Raises: UnusableError when two names of one column (name: its first line) are read as the same."""
    seen: dict[str, int] = {}
    for code, line in first_line.items():
        other = seen.setdefault(folded(code), line)
        if other != line:
            raise UnusableError(
                say(
                    "{file}: the column {column} spells one name in two ways, in lines {first} and {second}.",
                    file=file,
                    column=column,
                    first=other,
                    second=line,
                )
            )


def _scripts(code: str) -> set[str]:
    names = (unicodedata.name(letter, "") for letter in code if letter.isalpha())
    return {script for name in names for script in _SCRIPTS if name.startswith(script)}
