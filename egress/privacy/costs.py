"""What noise costs and how far it reaches, by formula: no OpenDP, no child process, no data. Pure.

The measurement and the proof of `sensitivity` are told in `egress.privacy.measure`. At drawing OpenDP's own privacy map
decides what is charged; tests hold each function here against OpenDP's over wide grids. Never below OpenDP's charge.

- Charge: the discrete Gaussian and OpenDP's noisy max both cost ρ = (d / scale)² / 2 under zCDP (Canonne, Kamath and
  Steinke 2020, theorem 4; OpenDP's maps of `make_gaussian` and `make_noisy_max`), rounded up as OpenDP rounds.
- ε at δ: ε = min over α > 1 of αρ + ln(1/(αδ)) / (α − 1) + ln(1 − 1/α) (the same paper, corollary 13).
- Half width: the smallest h with P(|noise| ≤ h) at the confidence or above.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist

from egress.privacy import scores
from egress.privacy.spec import DpSpec, Kind, Statistic

NANO = 10**9
# The discrete tail is added up term by term where noise is small; above, the continuous one differs by less than 1.
_EXACT_TAIL = 1000.0
# Beyond this, noise beside a sum of 2^62 could leave 64 bits, where OpenDP cuts it.
MAX_SCALE = 2.0**55
# OpenDP looks for the best order from here on; ε from a lower one would be below what it tells.
_LEAST_ORDER = 1.01
_NORMAL = NormalDist()


def sensitivity(statistic: Statistic, rows_per_person: int, cells: int) -> float:
    """The most that one person moves a statistic, never below it: in L2, of a quantile in L∞ of its scores."""
    if statistic.kind is Kind.PERSONS:
        return _root_up(min(rows_per_person, cells))
    if statistic.kind is Kind.QUANTILE:
        return float(rows_per_person * scores.weight(statistic))
    return float(rows_per_person * statistic.reach)  # below 2^53 by the limits of `egress.privacy.read`


def charge(scale: float, d_in: float) -> int:
    """What noise of `scale` on a statistic of sensitivity `d_in` costs, in nano-rho, rounded up."""
    return math.ceil(Fraction(_up(Fraction(d_in) ** 2 / (2 * Fraction(scale) ** 2))) * NANO)


def charge_selection(scale: float, d_in: float) -> int:
    """The same for a noisy max: OpenDP rounds there after each step."""
    quotient = Fraction(_up(Fraction(d_in) / Fraction(scale)))
    return math.ceil(Fraction(_up(quotient**2)) / 2 * NANO)


def cost(statistic: Statistic, scale: float, rows_per_person: int, cells: int) -> int:
    """What `statistic` costs at `scale`, in nano-rho."""
    d_in = sensitivity(statistic, rows_per_person, cells)
    return charge_selection(scale, d_in) if statistic.kind is Kind.QUANTILE else charge(scale, d_in)


def scale_for(nano_rho: int, d_in: float, costs: Callable[[float, float], int] = charge) -> float:
    """The smallest scale, up to rounding, that costs at most `nano_rho`."""
    scale = d_in / math.sqrt(2 * nano_rho / NANO)
    while costs(scale, d_in) > nano_rho:
        scale *= 1 + 2**-40
    return scale


def plan(spec: DpSpec, nano_rho: int) -> list[tuple[float, int]]:
    """Scale and charge of each statistic when `nano_rho` is split evenly. Raises: ValueError when it is too little."""
    share = nano_rho // len(spec.statistics)
    if share < 1:
        raise ValueError("rho")
    planned = []
    for one in spec.statistics:
        d_in = sensitivity(one, spec.rows_per_person, spec.cells)
        costs = charge_selection if one.kind is Kind.QUANTILE else charge
        scale = scale_for(share, d_in, costs)
        if scale > MAX_SCALE:
            raise ValueError("rho")
        planned.append((scale, costs(scale, d_in)))
    return planned


def width(statistic: Statistic, scale: float, confidence: float) -> int:
    """The half width of a statistic's noise in its steps; of a quantile, in rows of its rank."""
    if statistic.kind is Kind.QUANTILE:
        return scores.ranks(scale, statistic, confidence)
    return half_width(scale, confidence)


@lru_cache(maxsize=4096)
def half_width(scale: float, confidence: float) -> int:
    """The noise lies within ± this with probability `confidence` at least."""
    if scale > _EXACT_TAIL:
        return math.ceil(scale * _quantile(confidence))
    inside, reached, half = confidence * _mass(scale), 1.0, 0
    while reached < inside:
        half += 1
        reached += 2 * math.exp(-((half / scale) ** 2) / 2)
    return half


def scale_within(half: float, confidence: float) -> float:
    """The largest scale whose noise lies within ± `half` with probability `confidence`."""
    whole = math.floor(half)
    wide = whole / _quantile(confidence)
    if wide > _EXACT_TAIL or whole > _EXACT_TAIL:
        return wide * (1 - 2**-40)
    low, high = 0.0, (whole + 1) / _quantile(confidence) * 1.5
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _covers(middle, whole, confidence) else (low, middle)
    return low


def epsilon(rho: float, delta: float) -> float:
    """The ε that goes with `rho` at `delta`; never below the exact minimum by more than rounding, which is added."""
    if rho <= 0:
        return 0.0

    def at(log_order: float) -> float:
        less = math.exp(log_order)  # α − 1
        order = 1 + less
        return order * rho - math.log(order * delta) / less + math.log(less / order)

    low, high = math.log(_LEAST_ORDER - 1), math.log(1e12)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(100):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if at(left) < at(right) else (left, high)
    return max(0.0, at((low + high) / 2)) * (1 + 2**-40)


def _covers(scale: float, half: int, confidence: float) -> bool:
    """Whether the discrete Gaussian lies within ± `half` with probability `confidence`."""
    if scale <= 0:
        return True
    inside = 1 + 2 * sum(math.exp(-((at / scale) ** 2) / 2) for at in range(1, half + 1))
    return inside >= confidence * _mass(scale)


def _mass(scale: float) -> float:
    """The sum of exp(−x²/2s²) over all whole x. By Poisson's formula from s = 1 on, where two terms are exact."""
    if scale >= 1:
        return scale * math.sqrt(2 * math.pi) * (1 + 2 * math.exp(-2 * (math.pi * scale) ** 2))
    return 1 + 2 * sum(math.exp(-((at / scale) ** 2) / 2) for at in range(1, 40))


def _quantile(confidence: float) -> float:
    """How many scales the continuous Gaussian needs on both sides."""
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def _root_up(whole: int) -> float:
    root = math.sqrt(whole)
    return root if Fraction(root) ** 2 >= whole else math.nextafter(root, math.inf)


def _up(exact: Fraction) -> float:
    """The smallest double that is not below `exact`."""
    near = exact.numerator / exact.denominator
    return near if Fraction(near) >= exact else math.nextafter(near, math.inf)
