"""Texts as a reader sees them: one spelling for each sign, so that a disguised number or word is found all the same.

Unicode writes 5 in dozens of ways, and a letter with nothing between it and the next or a mark that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that pass for digits, in Latin, Greek and Cyrillic; only looked at among digits.
_LOOKALIKES = str.maketrans(
    {"O": "0", "o": "0", "Ο": "0", "ο": "0", "О": "0", "о": "0"}
    | {"I": "1", "l": "1", "|": "1", "Ι": "1", "І": "1", "і": "1", "ı": "1"}
    | {"З": "3", "з": "3", "Ʒ": "3", "б": "6"}
)
_AMONG_DIGITS = re.compile(r"[\dOoΟοОоIl|ΙІіıЗзƷб][\dOoΟοОоIl|ΙІіıЗзƷб .\-/]{6,}")


# Letters and marks by their category that leave no ink: fillers, joiners, selectors of a shape, a pattern of no dots.
_INKLESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def is_unseen(sign: str) -> bool:
    """Whether a reader does not see `sign`: controls, what turns the direction of reading, what has no width or ink."""
    return unicodedata.category(sign) in _UNSEEN or _INKLESS.match(sign) is not None


def all_seen(text: str) -> bool:
    """A quick yes for nearly every text; where it is no, each sign must be asked."""
    return text.isprintable() and (text.isascii() or _INKLESS.search(text) is None)


def visible(text: str) -> str:
    """`text` in compatibility form (NFKC), without marks of no width, with every digit as 0 to 9."""
    if text.isascii() and text.isprintable():
        return text
    shown = unicodedata.normalize("NFKC", text)
    kept = (sign for sign in shown if unicodedata.category(sign) not in {"Cf", "Cc", "Mn", "Me"})
    return "".join(_digit(sign) for sign in kept)


def unmasked(text: str) -> str:
    """`visible(text)`, with letters that pass for digits as digits where most of their neighbours are digits."""
    return _AMONG_DIGITS.sub(_digits, visible(text))


def is_plain_text(text: str) -> bool:
    """Whether `text` is written the one plain way: NFKC, no control, no invisible and no direction-turning mark."""
    if unicodedata.normalize("NFKC", text) != text or text != text.strip() or "  " in text:
        return False
    return all(sign == " " or unicodedata.category(sign)[0] not in "CZ" for sign in text)


def _digit(sign: str) -> str:
    value = unicodedata.digit(sign, None)
    return sign if value is None else str(value)


def _digits(found: re.Match[str]) -> str:
    text = found.group()
    signs = [sign for sign in text if sign not in " .-/"]
    return text.translate(_LOOKALIKES) if 2 * sum(sign.isdigit() for sign in signs) > len(signs) else text
