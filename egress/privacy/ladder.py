"""A preview in numbers to act on: means by the size of a group, the least group worth telling, steps of rho. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from egress.privacy import costs
from egress.privacy.answer import NANO, ColumnAccuracy, Noise, accuracies
from egress.privacy.intervals import Noisy, ratio
from egress.privacy.preview import Preview, noise_at
from egress.privacy.spec import DpSpec, OutputColumn, Shape
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Refusal

# Sizes of groups, and a share of a count, that an explanation names; rules are in the policies.
SIZES = (100, 1_000, 10_000)
WORTH = 0.10
# A tester's errors about absent persons, as statistics counts them.
WRONG = 0.05
_STEPS = (1, 2, 5)
_DECADES = 3
_DELTAS = tuple(10.0**power for power in range(-9, 0))


@dataclass(frozen=True)
class Rung:
    """What one rho gives; `columns` in the order of the preview's."""

    rho: Decimal
    epsilon: float
    columns: tuple[ColumnAccuracy, ...]


def ladder(seen: Preview, rules: DisclosureRules) -> tuple[Rung, ...]:
    """1, 2, 5 times powers of ten up to the source's cap, and the asked rho among them, upwards."""
    cap = rules.privacy.value.source_cap_rho
    top = cap.adjusted()
    values = {Decimal(step).scaleb(top - down) for down in range(_DECADES + 1) for step in _STEPS}
    steps = sorted({value for value in values if value <= cap and value * NANO >= 1} | {cap, seen.rho})
    rungs = []
    for rho in steps:
        noise = noise_at(seen.spec, rules, int(rho * NANO))
        if not isinstance(noise, Refusal):
            told = accuracies(seen.spec, noise)
            rungs.append(Rung(rho, noise.epsilon, tuple(one for one in told if one.shape is not Shape.KEY)))
    return tuple(rungs)


def by_size(spec: DpSpec, noise: Noise, column: OutputColumn) -> tuple[tuple[int, float | None], ...]:
    """About how far a mean or share is off in groups of so many; None where its count cannot be told from 0.

    By the interval of a drawn table (`egress.privacy.intervals`), where the noise happens to be 0 and the exact value
    lies where that interval is widest: in the middle of its bounds, or on one of them.
    """
    above, below = (spec.statistics[at] for at in column.uses)
    unit = Decimal(1).scaleb(above.exponent) * column.scale
    if column.shape is Shape.MEAN:
        least, most = Decimal(above.low - above.centre), Decimal(above.high - above.centre)
    else:
        whole = Decimal(1).scaleb(below.exponent)
        unit /= whole
        least, most = Decimal(0), whole / Decimal(1).scaleb(above.exponent)
    middles = (least, (least + most) / 2, most)
    scales = [noise.scales[at] for at in column.uses]
    found: list[tuple[int, float | None]] = []
    for size in SIZES:
        halves = []
        for middle in middles:
            parts = Noisy(int(size * middle), scales[0]), Noisy(size, scales[1])
            told = ratio(*parts, noise.confidence, least, most)
            halves.append(None if told is None else max(told.high - told.value, told.value - told.low) * unit)
        known = [half for half in halves if half is not None]
        found.append((size, float(max(known)) if len(known) == len(halves) else None))
    return tuple(found)


def worth_telling(column: ColumnAccuracy) -> int | None:
    """From how large a count on noise is at most a tenth of it, at the rules' confidence; None for other columns."""
    if column.shape is not Shape.COUNT or column.half_width is None:
        return None
    return math.ceil(Decimal(str(column.half_width)) / Decimal(str(WORTH)))


def found_out(rho: float) -> float:
    """At most this share of the persons who are there is recognised by whoever is wrong on WRONG of those who are not.

    True of every (ε, δ) that follows from ρ: power ≤ e^ε · wrong + δ, and 1 − power ≥ e^−ε · (1 − wrong − δ)
    (Kairouz, Oh and Viswanath 2015, theorem 2.1). The smallest over some δ. Of one table alone; without any: WRONG.
    """
    most = 1.0
    for delta in _DELTAS:
        epsilon = costs.epsilon(rho, delta)
        direct = WRONG * math.exp(min(epsilon, 50.0)) + delta
        most = min(most, direct, 1 - math.exp(-epsilon) * (1 - WRONG - delta))
    return max(WRONG, most)
