"""How numbers are printed for people, and hostile text made visible. Pure."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from babel.numbers import get_decimal_symbol, get_group_symbol

from egress.checks.plain import all_seen, is_unseen

_marks = cache(lambda language: (get_group_symbol(language), get_decimal_symbol(language)))
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
        mantissa = _spelled(float(digits), language, 3, grouped=False)
        return f"{mantissa}·10{str(int(power)).translate(_SUPERSCRIPTS)}".removeprefix("1·")
    return _spelled(value, language, 6, grouped=size >= 10_000 if grouped is None else grouped)


def _spelled(value: float | Decimal, language: str, digits: int, *, grouped: bool) -> str:
    """As Babel spells it by `#,##0.######`, from the same marks: its patterns are ten times as slow, and a page has
    thousands of numbers.
    """
    exact = Decimal(str(value)) if isinstance(value, float) else value
    whole, _, part = (f"{exact:,.{digits}f}" if grouped else f"{exact:.{digits}f}").partition(".")
    group, point = _marks(language)
    part = part.rstrip("0")
    return f"{whole.replace(',', group)}{point}{part}" if part else whole.replace(",", group)


def visible(text: str) -> str:
    """`text` with what a reader cannot see spelled out: controls, and marks that turn the direction of reading."""
    if all_seen(text):
        return text
    return "".join(character if _shows(character) else f"⟨U+{ord(character):04X}⟩" for character in text)


def _shows(character: str) -> bool:
    return character in "\n\t" or not is_unseen(character)
