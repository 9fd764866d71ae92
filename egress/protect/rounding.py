"""Rounding: counts to a base, numbers to significant digits. Digits beyond those that are known carry one person.

Under every protection averages, standard deviations, quantiles and sums of fractions leave with the rules' significant
digits, because the rest of a float is a channel and its last digits depend on the order of addition. Counts and sums
of whole numbers are exact, except under `round`: counts (also sums of 0/1) to the base, whole sums to the digits.
"""

from __future__ import annotations

from decimal import Decimal

from egress.checks.model import Protection
from egress.query.model import Aggregate, Measure
from egress.query.table import Value
from hub.policy.model import DisclosureRules

_COUNTS = frozenset({Aggregate.COUNT_ROWS, Aggregate.COUNT_PERSONS, Aggregate.COUNT_VALUES})


def to_base(value: int, base: int) -> int:
    """The nearest multiple of `base`; halves go up."""
    return (2 * value + base) // (2 * base) * base


def to_digits(value: float, digits: int) -> float:
    """`value` with `digits` significant digits."""
    return float(f"{value:.{digits - 1}e}")


def is_count(measure: Measure) -> bool:
    return measure.aggregate in _COUNTS or (measure.aggregate is Aggregate.SUM and measure.binary)


def rounded(value: Value | None, measure: Measure, protection: Protection, rules: DisclosureRules) -> Value | None:
    """`value` as it leaves."""
    if value is None or isinstance(value, bool | str) or not isinstance(value, int | float | Decimal):
        return value
    if is_count(measure):
        return to_base(int(value), rules.rounding_base.value) if protection is Protection.ROUND else int(value)
    digits = rules.significant_digits.value
    if measure.aggregate is Aggregate.SUM and isinstance(value, int):
        return int(to_digits(value, digits)) if protection is Protection.ROUND else value
    return to_digits(float(value), digits)
