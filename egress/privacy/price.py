"""The disclosure price of an exact table: what its counts would cost as noisy ones, exact enough for the policy.

OpenDP can give an exact table no epsilon: it is infinite. What it can give is the smallest rho at which noise on each
count stays within a share of the median cell. A large one means that the table is about individuals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from egress.checks.model import Audience, Finding, Outcome, Risk
from egress.privacy.answer import NANO
from egress.privacy.child import ask
from egress.privacy.failure import PrivacyError
from egress.privacy.spec import Kind
from hub.policy.model import DisclosureRules
from hub.words import Value, say

# How many cells a finding points at.
_DRIVING = 10


@dataclass(frozen=True)
class Price:
    """`rho` and `epsilon` (at `delta`) of the DP twin. `cells` are positions in the counts: the smallest, first.

    It depends on data: for checkers only, never for authors, never in an export.
    """

    rho: float
    epsilon: float
    delta: float
    scale: float
    cells: tuple[int, ...]


def price(
    counts: Sequence[int], rows_per_person: int | None, rules: DisclosureRules, *, persons: bool = False
) -> Price | None:
    """The price of counts of rows, or with `persons` of distinct persons; None when it cannot be told.

    It cannot without a bound on one person's rows, without cells, or with a negative count.
    Raises: PrivacyError.
    """
    if rows_per_person is None or rows_per_person < 1 or not counts or min(counts) < 0:
        return None
    asked, privacy = rules.price.value, rules.privacy.value
    told = ask(
        {
            "act": "price",
            "kind": str(Kind.PERSONS if persons else Kind.ROWS),
            "rows_per_person": rows_per_person,
            "cells": len(counts),
            "half": asked.accuracy * median(counts),
            "confidence": asked.confidence,
            "delta": privacy.delta,
        }
    )
    try:
        rho, epsilon, scale = int(told["nano_rho"]) / NANO, float(told["epsilon"]), float(told["scale"])
    except (KeyError, TypeError, ValueError):
        raise PrivacyError(say("The privacy worker gave no usable answer; the price is not known.")) from None
    middle = median(counts)
    driving = sorted((place for place, count in enumerate(counts) if count <= middle), key=lambda at: (counts[at], at))
    return Price(rho, epsilon, privacy.delta, scale, tuple(driving[:_DRIVING]))


def price_finding(found: Price | None, rules: DisclosureRules, where: str, column: int) -> Finding:
    """What checkers are told; `column` is the count's position in the exact table. No price means review."""
    limit = rules.price.value.max_rho
    if found is None:
        return Finding(
            "disclosure_price",
            Risk.INDIVIDUALS,
            Outcome.REVIEW,
            where,
            say("The disclosure price of this column is not known: nothing bounds the rows of one person."),
            audience=Audience.CHECKER,
        )
    above = found.rho > limit
    told: dict[str, Value] = {
        "rho": f"{found.rho:.2g}",
        "epsilon": f"{found.epsilon:.2g}",
        "delta": f"{found.delta:g}",
        "limit": limit,
    }
    return Finding(
        "disclosure_price",
        Risk.INDIVIDUALS,
        Outcome.REVIEW if above else Outcome.PASS,
        where,
        say(
            "Disclosure price rho {rho} (epsilon {epsilon} at delta {delta}), above the limit {limit}: "
            "this column says much about single persons, in the cells named first.",
            **told,
        )
        if above
        else say("Disclosure price rho {rho} (epsilon {epsilon} at delta {delta}), within the limit {limit}.", **told),
        cells=tuple((place, column) for place in found.cells) if above else (),
        audience=Audience.CHECKER,
    )
