"""Readers of what our own functions left in an output. Strict: any surprise is no declaration.

Bounds keep a small notebook from becoming much work; they say nothing about disclosure.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from egress.outputs.claimed import Scalar

MAX_LABEL = 100
MAX_NUMBER = 1 << 62

_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


class SurpriseError(Exception):
    """It is not what our own functions leave."""


def is_label(text: object) -> bool:
    """One line of at most MAX_LABEL characters: no control, format (zero-width, direction) or private ones, NFC."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_LABEL or unicodedata.normalize("NFC", text) != text:
        return False
    return all(letter == " " or unicodedata.category(letter)[0] not in "CZ" for letter in text)


def is_column(text: object) -> bool:
    """A column's name: letters without accents, digits, underscores, beginning with a letter."""
    return isinstance(text, str) and _COLUMN.fullmatch(text) is not None


def record(raw: Any, names: set[str]) -> dict[str, Any]:
    """An object with exactly these names."""
    demand(isinstance(raw, dict) and set(raw) == names)
    known: dict[str, Any] = raw
    return known


def items(raw: Any, most: int) -> list[Any]:
    """A list of at most `most` items."""
    demand(isinstance(raw, list) and len(raw) <= most)
    known: list[Any] = raw
    return known


def spelled(raw: Any, most: int, *, least: int = 1) -> str:
    """A text of `least` to `most` characters."""
    demand(isinstance(raw, str) and least <= len(raw) <= most)
    return str(raw).encode("utf-8", "replace").decode("utf-8")  # JSON can spell half a character


def named(raw: Any) -> str:
    """A column's name."""
    demand(is_column(raw))
    return str(raw)


def one_of(known: tuple[str, ...], raw: Any) -> str:
    """One of `known`."""
    demand(isinstance(raw, str) and raw in known)
    return str(raw)


def truth(raw: Any) -> bool:
    """True or false."""
    demand(isinstance(raw, bool))
    return bool(raw)


def count(raw: Any) -> int:
    """A whole number from 0."""
    demand(isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < MAX_NUMBER)
    return int(raw)


def number(raw: Any) -> Scalar:
    """A finite number, or null."""
    if raw is None:
        return None
    demand(isinstance(raw, int | float) and not isinstance(raw, bool))
    demand(math.isfinite(raw) if isinstance(raw, float) else abs(raw) < MAX_NUMBER)
    known: int | float = raw
    return known


def key(raw: Any) -> Scalar:
    """What labels a row: a label, a number, a truth value, or null."""
    if raw is None or isinstance(raw, bool) or is_label(raw):
        known: Scalar = raw
        return known
    return number(raw)


def demand(holds: object) -> None:
    """Raises: SurpriseError where it does not hold."""
    if not holds:
        raise SurpriseError
