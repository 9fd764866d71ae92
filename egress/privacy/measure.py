"""OpenDP: noise, its privacy map, its accuracy. Only the worker process imports this module.

**Unit.** One person, added or taken away with all rows (OpenDP's "add or remove", no substitution).

**Path.** OpenDP's vector path: the discrete Gaussian on 64-bit integers (`make_gaussian` over
`vector_domain(atom_domain(T=i64))` and `l2_distance`), under zero-concentrated DP. The Polars path was not taken:
of what it would add (grouping, clamping, truncation inside OpenDP) the reported soundness bugs are made, and it pins
Polars. What it would prove is proved below instead, for a fixed list of integer statistics over a public grid.

**Sensitivity.** Filter, key and clamp look at one row at a time, and at most k = `rows_per_person` rows of a person are
kept by a rule that sees only that person's rows and a salt (`egress.privacy.vectors`). So two neighbouring files
give kept rows that differ by r ≤ k rows of one person, for every salt; a mixture over the salt, which is independent of
the data, keeps zCDP. Each kept row lies in one cell. The difference of the two vectors is then at most, in L2:
- ROWS, VALUES: the rows add non-negative integers that sum to r at most; L2 ≤ L1 ≤ k, reached in one cell.
- PERSONS: each cell changes by 0 or 1, and at most min(k, cells) cells are touched: √min(k, cells).
- TOTAL: each row adds an integer of size at most `reach`, absent values add 0; L2 ≤ L1 ≤ k · reach.
Cutting sums to ±2^62 is 1-Lipschitz, place by place. Keys without rows are there with 0.

**Charge.** OpenDP's map of that sensitivity, per statistic, rounded up to whole nano-rho; statistics compose by
addition (zCDP). ρ is split evenly over the statistics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from opendp.accuracy import (
    accuracy_to_discrete_gaussian_scale,
    accuracy_to_gaussian_scale,
    discrete_gaussian_scale_to_accuracy,
    gaussian_scale_to_accuracy,
)
from opendp.combinators import make_zCDP_to_approxDP
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_gaussian
from opendp.metrics import absolute_distance, l2_distance
from opendp.mod import enable_features

from egress.privacy.spec import DpSpec, Kind, Statistic

# Everything in OpenDP 0.16 stands behind this flag; the two others (user-defined steps, inexact numerics) stay off.
enable_features("contrib")

NANO = 10**9
# OpenDP adds up the discrete tail term by term: exact, but slow for large scales, where the continuous one is as good.
_EXACT_TAIL = 1000.0
# Beyond this, noise beside a sum of 2^62 could leave 64 bits, where OpenDP cuts it.
_MAX_SCALE = 2.0**55


def sensitivity(statistic: Statistic, rows_per_person: int, cells: int) -> float:
    """The L2 bound proved above, never below it."""
    if statistic.kind is Kind.PERSONS:
        return _root_up(min(rows_per_person, cells))
    return float(rows_per_person * statistic.reach)  # below 2^53 by the limits of `egress.privacy.read`


def _root_up(whole: int) -> float:
    root = math.sqrt(whole)
    return root if Fraction(root) ** 2 >= whole else math.nextafter(root, math.inf)


def measurement(scale: float, cells: int) -> Any:
    """OpenDP's discrete Gaussian on vectors of `cells` integers."""
    return make_gaussian(vector_domain(atom_domain(T="i64"), size=cells), l2_distance(T="f64"), scale)


def charge(scale: float, d_in: float, cells: int) -> int:
    """What one release costs by OpenDP's privacy map, in nano-rho, rounded up."""
    return math.ceil(Fraction(measurement(scale, cells).map(d_in)) * NANO)


def scale_for(nano_rho: int, d_in: float, cells: int) -> float:
    """The smallest scale, up to rounding, that costs at most `nano_rho`."""
    scale = d_in / math.sqrt(2 * nano_rho / NANO)
    while charge(scale, d_in, cells) > nano_rho:
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
        d_in = sensitivity(one, spec.rows_per_person, spec.cells)
        scale = scale_for(share, d_in, spec.cells)
        if scale > _MAX_SCALE:
            raise ValueError("rho")
        planned.append((scale, charge(scale, d_in, spec.cells)))
    return planned


def noisy(vector: Sequence[int], scale: float) -> list[int]:
    """One draw."""
    return [int(value) for value in measurement(scale, len(vector))(list(vector))]
