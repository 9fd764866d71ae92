"""OpenDP: noise, its privacy map, its accuracy. Only the worker process imports this module.

**Unit.** One person, added or taken away with all rows (OpenDP's "add or remove", no substitution).

**Path.** OpenDP's vector path: for counts and sums the discrete Gaussian on 64-bit integers (`make_gaussian` over
`vector_domain(atom_domain(T=i64))` and `l2_distance`), for quantiles the noisy max (`make_noisy_max` over
`linf_distance`, one pick per cell), both under zero-concentrated DP. The Polars path was not taken:
of what it would add (grouping, clamping, truncation inside OpenDP) the reported soundness bugs are made, and it pins
Polars. What it would prove is proved below instead, for a fixed list of integer statistics over a public grid.

**Sensitivity.** Filter, key, condition and clamp look at one row at a time, and at most k = `rows_per_person` rows of a
person are there (`egress.privacy.vectors`). So two neighbouring files differ by r ≤ k rows of one person, each in one
cell; with a condition of a statistic's own, by fewer. The difference of the two vectors is then at most, in L2:
- ROWS, VALUES: the rows add non-negative integers that sum to r at most; L2 ≤ L1 ≤ k, reached in one cell.
- PERSONS: each cell changes by 0 or 1, and at most min(k, cells) cells are touched: √min(k, cells).
- TOTAL: each row adds an integer of size at most `reach`, absent values add 0; L2 ≤ L1 ≤ k · reach.
Cutting sums to ±2^62 is 1-Lipschitz, place by place. Keys without rows are there with 0.
- QUANTILE: r rows in a cell move its scores by r · w in L∞ (`egress.privacy.scores`, w = `weight`). Each cell is a
  noisy max of its own, and together they cost Σ map(r_c · w) with Σ r_c ≤ k. OpenDP's map is (d/scale)²/2, which is
  superadditive: a² + b² ≤ (a + b)². So the whole grid costs map(k · w) at most, reached with all k rows in one cell.

**Charge.** OpenDP's map of that sensitivity, per statistic, rounded up to whole nano-rho; statistics compose by
addition (zCDP).

**Split.** ρ is split evenly over the statistics; two columns that share a statistic pay for it once. Weights by kind
would have to be blind to the columns, which are no part of what is digested and kept. For a mean whose values lie half
their reach from the centre, sum : count = 2 : 1 would be best: 5 % off its half width, for 22 % more on the count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from typing import Any

from opendp.accuracy import (
    accuracy_to_discrete_gaussian_scale,
    accuracy_to_gaussian_scale,
    discrete_gaussian_scale_to_accuracy,
    gaussian_scale_to_accuracy,
)
from opendp.combinators import make_zCDP_to_approxDP
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_gaussian, make_noisy_max
from opendp.measures import zero_concentrated_divergence
from opendp.metrics import absolute_distance, l2_distance, linf_distance
from opendp.mod import enable_features

from egress.privacy import scores
from egress.privacy.costs import sensitivity as sensitivity  # noqa: PLC0414 -- told on from here
from egress.privacy.spec import DpSpec, Kind, Statistic

# Everything in OpenDP 0.16 stands behind this flag; the two others (user-defined steps, inexact numerics) stay off.
enable_features("contrib")

NANO = 10**9
OPENDP = "0.16."
# OpenDP adds up the discrete tail term by term: exact, but slow for large scales, where the continuous one is as good.
_EXACT_TAIL = 1000.0
# Beyond this, noise beside a sum of 2^62 could leave 64 bits, where OpenDP cuts it.
_MAX_SCALE = 2.0**55


def measurement(scale: float, cells: int) -> Any:
    """OpenDP's discrete Gaussian on vectors of `cells` integers."""
    return make_gaussian(vector_domain(atom_domain(T="i64"), size=cells), l2_distance(T="f64"), scale)


def selection(scale: float) -> Any:
    """OpenDP's noisy max, for the lowest of 64-bit scores."""
    space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64")
    return make_noisy_max(*space, zero_concentrated_divergence(), scale, negate=True)


def charge(scale: float, d_in: float, cells: int) -> int:
    """What one release costs by OpenDP's privacy map, in nano-rho, rounded up."""
    return math.ceil(Fraction(measurement(scale, cells).map(d_in)) * NANO)


def charge_selection(scale: float, d_in: float) -> int:
    """The same for the quantiles of a whole grid; `d_in` is a whole number."""
    return math.ceil(Fraction(selection(scale).map(int(d_in))) * NANO)


def cost(statistic: Statistic, scale: float, rows_per_person: int, cells: int) -> int:
    """What `statistic` costs at `scale`, in nano-rho: OpenDP's map of the proved sensitivity."""
    d_in = sensitivity(statistic, rows_per_person, cells)
    return charge_selection(scale, d_in) if statistic.kind is Kind.QUANTILE else charge(scale, d_in, cells)


def scale_for(nano_rho: int, d_in: float, cells: int) -> float:
    """The smallest scale, up to rounding, that costs at most `nano_rho`."""
    return _cheapest(nano_rho, d_in, lambda scale: charge(scale, d_in, cells))


def _cheapest(nano_rho: int, d_in: float, costs: Callable[[float], int]) -> float:
    scale = d_in / math.sqrt(2 * nano_rho / NANO)  # both maps are (d/scale)²/2
    while costs(scale) > nano_rho:
        scale *= 1 + 2**-40
    return scale


def half_width(scale: float, confidence: float) -> int:
    """The noise lies within ± this with probability `confidence` at least."""
    alpha = 1 - confidence
    if scale <= _EXACT_TAIL:
        return max(0, math.ceil(float(discrete_gaussian_scale_to_accuracy(scale, alpha))) - 1)
    return math.ceil(float(gaussian_scale_to_accuracy(scale, alpha)))


def scale_within(half: float, confidence: float) -> float:
    """The largest scale whose noise lies within ± `half` with probability `confidence`."""
    alpha = 1 - confidence
    if half <= _EXACT_TAIL:
        scale = accuracy_to_discrete_gaussian_scale(float(math.floor(half) + 1), alpha)
    else:
        scale = accuracy_to_gaussian_scale(float(half), alpha)
    return float(scale) * (1 - 2**-30)  # OpenDP's search ends on the edge itself, on either side of it


def epsilon(rho: float, delta: float) -> float:
    """The epsilon that goes with `rho` at `delta`, by OpenDP's conversion."""
    if rho <= 0:
        return 0.0
    unit = make_gaussian(atom_domain(T="f64", nan=False), absolute_distance(T="f64"), 1.0)  # its map is d²/2
    d_in = math.nextafter(math.sqrt(2 * rho), math.inf)
    converted: Any = make_zCDP_to_approxDP(unit)
    return float(converted.map(d_in).epsilon(delta))


def plan(spec: DpSpec, nano_rho: int) -> list[tuple[float, int]]:
    """Scale and charge of each statistic when `nano_rho` is split evenly. Raises: ValueError when it is too little."""
    share = nano_rho // len(spec.statistics)
    if share < 1:
        raise ValueError("rho")
    planned = []
    for one in spec.statistics:
        costs = partial(_cost_at, one, spec)
        scale = _cheapest(share, sensitivity(one, spec.rows_per_person, spec.cells), costs)
        if scale > _MAX_SCALE:
            raise ValueError("rho")
        planned.append((scale, costs(scale)))
    return planned


def _cost_at(statistic: Statistic, spec: DpSpec, scale: float) -> int:
    return cost(statistic, scale, spec.rows_per_person, spec.cells)


def width(statistic: Statistic, scale: float, confidence: float) -> int:
    """The half width of a statistic's noise in its steps; of a quantile, in rows of its rank."""
    if statistic.kind is Kind.QUANTILE:
        return scores.ranks(scale, statistic, confidence)
    return half_width(scale, confidence)


def noisy(vector: Sequence[int], scale: float) -> list[int]:
    """One draw."""
    return [int(value) for value in measurement(scale, len(vector))(list(vector))]


def chosen(counts: Sequence[int], statistic: Statistic, scale: float) -> list[int]:
    """One draw of a quantile: per cell the position of a candidate. `counts`: every (cell, candidate), in order."""
    pick, many = selection(scale), len(statistic.candidates)
    cells = (counts[at : at + many] for at in range(0, len(counts), many))
    return [int(pick(scores.scores(cell, statistic.share))) for cell in cells]


def drawn(statistic: Statistic, vector: Sequence[int], scale: float) -> list[int]:
    """One draw of any statistic: one integer per cell."""
    return chosen(vector, statistic, scale) if statistic.kind is Kind.QUANTILE else noisy(vector, scale)


def smoke() -> None:
    """Whether this is the OpenDP that was looked into, and charges what it charged. Raises: ValueError("version").

    Its soundness was tried on this version only; another one is looked into first (tests/egress/privacy).
    """
    told = (charge(2.0, 3.0, 4), charge_selection(2.0, 3.0))
    if not version("opendp").startswith(OPENDP) or not all(1_125_000_000 <= one <= 1_125_000_002 for one in told):
        raise ValueError("version")
