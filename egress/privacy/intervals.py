"""Where an exact number lies, from noisy ones; and how many digits of them say anything. Pure post-processing.

**Counts and sums**: noisy ± half width. An exact count is no less than 0, and so is a sum of values that are none of
them negative: there the interval ends at 0. The noisy number itself stays as it was drawn.

**Ratios** (means and shares) by Fieller: the ratio m of exact sum S and count N is among those for which s − m·n is
no larger than its noise, which has standard deviation √(σs² + m²·σn²): one statement about one noise, so one
confidence, where two intervals beside each other would need (1+confidence)/2 each and be up to 1.6 times as wide.
Half a unit is added to each σ, as whole numbers are drawn and not the normal ones of the formula
(the tests add up the exact probabilities). A count that could be noise around 0 gives no ratio.

**Digits**: a number is rounded to the second digit of its half width; an interval's ends are rounded away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from statistics import NormalDist

# A half width of 53 says as much as one of 53.4: an interval is an estimate of width, not of a value.
_DIGITS = 2
_PRECISION = 60


@dataclass(frozen=True)
class Estimate:
    """A noisy number and where the exact one lies: [`low`, `high`]."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Noisy:
    """One noisy integer, in steps, and the scale (standard deviation) of its noise."""

    value: int
    scale: float


def around(value: Decimal, half: Decimal, floor: Decimal | None = None, ceiling: Decimal | None = None) -> Estimate:
    """`value` ± `half`, less what no exact number can be."""
    return Estimate(value, _within(value - half, floor, ceiling), _within(value + half, floor, ceiling))


def ratio(
    above: Noisy, below: Noisy, confidence: float, least: Decimal | None, most: Decimal | None
) -> Estimate | None:
    """`above` / `below`, where the exact ratio is known to be within [`least`, `most`]; None: no such bound.

    None when the noisy count cannot be told from 0 at `confidence`, or is none.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        z = Decimal(NormalDist().inv_cdf((1 + confidence) / 2))
        spread = [(z * (Decimal(one.scale) + Decimal("0.5"))) ** 2 for one in (above, below)]
        s, n = Decimal(above.value), Decimal(below.value)
        room = n * n - spread[1]
        if n < 1 or room <= 0:
            return None
        # the roots of (s - m n)² = z² (σs² + m² σn²)
        root = (s * s * spread[1] + spread[0] * room).sqrt()
        ends = sorted(((s * n - root) / room, (s * n + root) / room))
        value, low, high = (_within(one, least, most) for one in (s / n, *ends))
    return Estimate(value, low, high)


def printed(
    found: Estimate, step: Decimal | None, floor: Decimal | None = None, ceiling: Decimal | None = None
) -> Estimate:
    """`found` with the digits that its interval supports, and no finer than `step`."""
    half = max(found.high - found.value, found.value - found.low)
    if half <= 0:
        return found
    finest = half.adjusted() - _DIGITS + 1
    place = Decimal(1).scaleb(finest if step is None else max(finest, step.adjusted()))
    ends = (
        (found.value, ROUND_HALF_EVEN),
        (found.low, ROUND_FLOOR),
        (found.high, ROUND_CEILING),
    )
    return Estimate(*(_within(_rounded(one, place, how), floor, ceiling) for one, how in ends))


def _rounded(value: Decimal, place: Decimal, how: str) -> Decimal:
    with localcontext() as context:
        context.prec = _PRECISION
        return (value / place).to_integral_value(how) * place


def _within(value: Decimal, floor: Decimal | None, ceiling: Decimal | None) -> Decimal:
    raised = value if floor is None else max(floor, value)
    return raised if ceiling is None else min(ceiling, raised)
