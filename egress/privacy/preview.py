"""What a DP release costs and how exact it is, before anything is drawn. Pure: no data, no OpenDP, no process.

The worker plans with OpenDP's own map when it draws, and never charges more than is said here (`egress.privacy.costs`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from egress.privacy import costs
from egress.privacy.answer import NANO, ColumnAccuracy, Noise, accuracies, notes_of
from egress.privacy.failure import TOO_LITTLE
from egress.privacy.spec import DpSpec, Kind, Shape
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Refusal
from hub.words import Message, say

# Without a wish, a table takes a twentieth of its source's cap: a fixed share carries no message of its author.
DEFAULT_SHARE = 20
_COUNTED = frozenset({Kind.ROWS, Kind.PERSONS, Kind.VALUES})


@dataclass(frozen=True)
class Preview:
    """Cost and accuracy of a DP release. Nothing of it depends on data. `noise.nano_rho` is the charge."""

    spec: DpSpec
    noise: Noise
    columns: tuple[ColumnAccuracy, ...]
    cells: int
    notes: tuple[Message, ...]

    @property
    def rho(self) -> Decimal:
        return Decimal(self.noise.nano_rho) / NANO


def preview(
    spec: DpSpec, rules: DisclosureRules, rho: Decimal | None = None, *, within: float | None = None
) -> Preview | Refusal:
    """What `spec` would cost at `rho`, or to have each count off by at most `within` at the rules' confidence.

    Without either: at a twentieth of the source's cap.
    """
    cap = rules.privacy.value.source_cap_rho
    if within is not None:
        found = rho_within(spec, rules, within)
        if isinstance(found, Refusal):
            return found
        rho = found
        if rho > cap:
            told = {"within": f"{within:g}", "rho": f"{rho:.3g}", "cap": str(cap)}
            return Refusal(
                "dp.within",
                say(
                    "Counts off by at most {within} would cost rho {rho}, and this source has {cap} in all; "
                    "ask for less exact ones, or for fewer columns.",
                    **told,
                ),
            )
    wanted = wanted_rho(rules, rho)
    if isinstance(wanted, Refusal):
        return wanted
    noise = noise_at(spec, rules, int(wanted * NANO))
    if isinstance(noise, Refusal):
        return noise
    columns = tuple(column for column in accuracies(spec, noise) if column.shape is not Shape.KEY)
    return Preview(spec, noise, columns, spec.cells, notes_of(spec))


def wanted_rho(rules: DisclosureRules, rho: Decimal | None) -> Decimal | Refusal:
    """What a release at `rho` costs, in whole nano-rho; a twentieth of the source's cap without a wish."""
    cap = rules.privacy.value.source_cap_rho
    wanted = cap / DEFAULT_SHARE if rho is None else rho
    if not wanted.is_finite() or wanted <= 0 or wanted > cap or wanted * NANO != (wanted * NANO).to_integral_value():
        return Refusal(
            "dp.rho",
            say("rho is a number above 0, with at most 9 decimals, and at most {cap} for this source.", cap=str(cap)),
        )
    return wanted


def noise_at(spec: DpSpec, rules: DisclosureRules, nano_rho: int) -> Noise | Refusal:
    """The noise of each statistic when `nano_rho` is spent."""
    privacy = rules.privacy.value
    try:
        scales = [scale for scale, _ in costs.plan(spec, nano_rho)]
    except ValueError:
        return Refusal("dp.rho", TOO_LITTLE)

    def widths(confidence: float) -> tuple[int, ...]:
        return tuple(costs.width(one, scale, confidence) for one, scale in zip(spec.statistics, scales, strict=True))

    epsilon = costs.epsilon(nano_rho / NANO, privacy.delta)
    joint = widths((1 + privacy.confidence) / 2)
    return Noise(nano_rho, epsilon, privacy.delta, privacy.confidence, tuple(scales), widths(privacy.confidence), joint)


def rho_within(spec: DpSpec, rules: DisclosureRules, within: float) -> Decimal | Refusal:
    """The smallest rho at which no count of `spec` is off by more than `within`; of a mean or share, the one below."""
    counted = _counted(spec)
    if not counted:
        return Refusal("dp.within", say("This table holds no count; say how much rho to spend instead."))
    if not math.isfinite(within) or within < 1:
        return Refusal("dp.within", say("How far a count may be off is a number from 1 on."))
    confidence = rules.privacy.value.confidence
    ones = [spec.statistics[at] for at in counted]
    scale = costs.scale_within(within, confidence)
    share = max(costs.cost(one, scale, spec.rows_per_person, spec.cells) for one in ones)
    while any(costs.half_width(_scale(spec, at, share), confidence) > within for at in counted):
        share += 1 + (share >> 30)
    return Decimal(share * len(spec.statistics)) / NANO


def _scale(spec: DpSpec, at: int, share: int) -> float:
    return costs.scale_for(share, costs.sensitivity(spec.statistics[at], spec.rows_per_person, spec.cells))


def _counted(spec: DpSpec) -> Sequence[int]:
    """The statistics behind columns of counts; without any, those that means and shares are divided by."""
    for shapes, place in (((Shape.COUNT,), 0), ((Shape.MEAN, Shape.SHARE), 1)):
        found = {column.uses[place] for column in spec.columns if column.shape in shapes}
        counts = sorted(at for at in found if spec.statistics[at].kind in _COUNTED)
        if counts:
            return counts
    return ()
