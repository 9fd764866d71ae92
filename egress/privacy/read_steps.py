"""Bounds of a number column in whole steps, and the public candidates of its quantiles. Pure; public facts only."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from egress.privacy.refused import NoSpecError
from hub.catalogue.model import Column, ColumnType
from hub.words import say

# Sums are kept in whole steps. Above this, the rows of one person could leave the whole numbers that a double holds.
_MAX_REACH = 10**12
# A number column is summed in steps of its bounds' width over ten million to a million: rounding to a step is
# thousands of times smaller than any noise that a person's whole range asks for.
_STEPS = 6
# Candidates are scored one by one; with so many a quantile is told to two significant digits.
_MAX_CANDIDATES = 1_000
_DECADES = 3


def steps(name: str, column: Column) -> tuple[int, int, int]:
    """The step's exponent, and the bounds in whole steps, outwards. Raises: NoSpecError."""
    if column.type not in {ColumnType.INTEGER, ColumnType.NUMBER} or column.bounds is None:
        raise NoSpecError(
            "bounds",
            say("The catalogue gives no bounds of {column}; without them no noise is large enough.", column=name),
        )
    low, high = (Decimal(str(bound)) for bound in column.bounds)
    if not (low.is_finite() and high.is_finite()) or low >= high:
        raise NoSpecError("bounds", say("The bounds of {column} leave it no two values.", column=name))
    exponent = 0 if column.type is ColumnType.INTEGER else (high - low).adjusted() - _STEPS
    step = Decimal(1).scaleb(exponent)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    if max(abs(first), abs(last)) > _MAX_REACH:
        raise NoSpecError("bounds", say("The bounds of {column} are too wide for a DP sum.", column=name))
    return exponent, first, last


def candidates(name: str, column: Column) -> tuple[int, int, int, tuple[int, ...]]:
    """Exponent, bounds and candidates in steps, sorted, at most some thousand. Raises: NoSpecError.

    Every whole number within narrow bounds; else the bounds, the breaks, and the numbers of two significant digits
    between them. Far from 0, where two digits tell little apart, two hundred evenly spread numbers.
    """
    exponent, low, high = steps(name, column)
    if column.type is ColumnType.INTEGER and high - low < _MAX_CANDIDATES:
        return exponent, low, high, tuple(range(low, high + 1))
    found = {low, high}
    step = Decimal(1).scaleb(exponent)
    for published in column.breaks or ():
        if isinstance(published, int | float):
            found.add(int((Decimal(str(published)) / step).to_integral_value(ROUND_HALF_EVEN)))
    if 10 * min(abs(low), abs(high)) > high - low and (low > 0) == (high > 0):
        found |= {low + (high - low) * part // 200 for part in range(200)}
    else:
        found |= _two_digits(max(abs(low), abs(high)))
    return exponent, low, high, tuple(sorted(each for each in found if low <= each <= high))


def _two_digits(largest: int) -> set[int]:
    """0 and the numbers of two significant digits in the upper decades, on both sides."""
    top = len(str(largest)) - 1
    found = {0}
    for power in range(max(0, top - _DECADES), top + 1):
        for digits in range(10, 100):
            whole, rest = divmod(digits * 10**power, 10)
            if not rest:
                found |= {whole, -whole}
    return found
