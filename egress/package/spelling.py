"""How numbers are printed for people, and hostile text made visible. Pure."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import parse_pattern

_pattern, _locale = cache(parse_pattern), cache(Locale.parse)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: object, language: str, *, grouped: bool | None = None) -> str:
    """A number as tables print it: in threes from five digits on, or as `grouped` says: years stay years."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (int, float, Decimal)):
        return visible(str(value))
    size = abs(float(value))
    if 0 < size < 1e-4:
        digits, _, power = f"{value:.3e}".partition("e")
        mantissa = _spelled(float(digits), "0.###", language)
        return f"{mantissa}·10{str(int(power)).translate(_SUPERSCRIPTS)}".removeprefix("1·")
    pattern = "#,##0.######" if (size >= 10_000 if grouped is None else grouped) else "0.######"
    return _spelled(value, pattern, language)


def _spelled(value: float | Decimal, pattern: str, language: str) -> str:
    # A page has thousands of numbers: Babel's own function reads pattern and locale anew for each.
    return str(_pattern(pattern).apply(value, _locale(language)))


def visible(text: str) -> str:
    """`text` with what a reader cannot see spelled out: controls, and marks that turn the direction of reading."""
    return "".join(character if _shows(character) else f"⟨U+{ord(character):04X}⟩" for character in text)


def _shows(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
