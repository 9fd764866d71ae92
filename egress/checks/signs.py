"""What in a text its reader does not see: signs of no width, letters of other alphabets that look alike, spacing.

Each can spell something between the lines. None is refused for it: an accent, a name, a table drawn with spaces may be
meant; whoever reads the text is told where to look.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from egress.checks.plain import is_unseen
from hub.words import Message, say

# Cyrillic and Greek letters that a reader takes for Latin ones.
_ALIKE = frozenset("АВЕКМНОРСТУХЅІЈаеорсухѕіјԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧορνυικ")
_WORD = re.compile(r"[^\W\d_]+")
_RUNS = re.compile(r"\S[ \t]{2,}\S")
_USUAL_SPACES = " \u00a0\u202f"  # French typography has two that do not break
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def notes(text: str, *, prose: bool) -> Iterator[tuple[str, Message]]:
    """Where, and what to look for, of each kind once. `prose`: not code, where spaces align what follows."""
    lines = text.split("\n")
    for told, meant in _KINDS:
        found = [number for number, line in enumerate(lines, start=1) if meant(line, prose)]
        if found:
            yield f"line {found[0]}", Message(told.text, {"lines": len(found)})


def _turns(line: str, prose: bool) -> bool:  # noqa: FBT001 -- one shape for all kinds
    del prose
    return not _TURNS.isdisjoint(line)


def _hides(line: str, prose: bool) -> bool:  # noqa: FBT001 -- see above
    del prose
    return any(is_unseen(sign) and sign not in _TURNS and sign not in "\t\r" for sign in line)


def _mixes(line: str, prose: bool) -> bool:  # noqa: FBT001 -- see above
    del prose
    return not line.isascii() and any(_is_mixed(word) for word in _WORD.findall(line))


def _is_mixed(word: str) -> bool:
    """Latin letters beside letters of another alphabet that look like Latin ones."""
    latin = any(unicodedata.name(sign, "").startswith("LATIN") for sign in word)
    return latin and not _ALIKE.isdisjoint(word)


def _spaces(line: str, prose: bool) -> bool:  # noqa: FBT001 -- see above
    odd = any(unicodedata.category(sign) == "Zs" and sign not in _USUAL_SPACES for sign in line)
    return odd or line.rstrip("\r") != line.rstrip() or (prose and _RUNS.search(line) is not None)


_KINDS: tuple[tuple[Message, Callable[[str, bool], bool]], ...] = (
    (
        say("Signs that turn the direction of reading stand in {lines} lines: what is read is not what is written."),
        _turns,
    ),
    (
        say(
            "Signs that nobody sees stand in {lines} lines; they are spelled out where the text is shown, and leave so."
        ),
        _hides,
    ),
    (say("Words in {lines} lines mix alphabets whose letters look alike: that can spell something."), _mixes),
    (say("Spaces at the end, several in a row or unusual ones, in {lines} lines: that can spell something."), _spaces),
)
