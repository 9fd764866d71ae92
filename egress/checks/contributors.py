"""Who makes up a total: the whole and its two largest parts, by person or by contributing unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egress.query.evidence import MeasureEvidence


@dataclass(frozen=True)
class Contributions:
    """Absolute values, so that a negative contribution hides nobody (ABS)."""

    total: float
    largest: float
    second: float

    def dominated(self, n: int, share: float) -> bool:
        """Whether the `n` largest (1 or 2) make more than `share`. What is no number is dominated."""
        largest = self.largest + (self.second if n == 2 else 0.0)
        return not largest <= share * self.total

    def estimable(self, ratio: float) -> bool:
        """Whether what is left without the two largest is less than `ratio` of the largest.

        An empty total shows nobody. What is no number is estimable.
        """
        if self.total == 0 and self.largest == 0:
            return False
        return not self.total - self.largest - self.second >= ratio * self.largest


def by_person(known: MeasureEvidence) -> Contributions:
    return Contributions(known.total, known.largest, known.second)


def by_unit(known: MeasureEvidence) -> Contributions | None:
    """None where units are not known."""
    if known.unit_total is None or known.unit_largest is None or known.unit_second is None:
        return None
    return Contributions(known.unit_total, known.unit_largest, known.unit_second)


def weighted(records: Iterable[tuple[float, float]]) -> Contributions:
    """The contributions of (value, weight) records of a survey (Handbook on SDC, 2nd ed., ch. 4, sampling weights).

    A record with weight 4 stands for four contributors of its value, so that it may be the largest and the second.
    """
    used: Sequence[tuple[float, float]] = [(abs(value), weight) for value, weight in records if weight > 0]
    tops = sorted((value for value, weight in used for _ in range(2 if weight >= 2 else 1)), reverse=True)
    largest, second = (*tops[:2], 0.0, 0.0)[:2]
    return Contributions(sum(value * weight for value, weight in used), largest, second)


def ratio_of_dominance(share: float) -> float:
    """The p of the p % rule that protects at least as much as (2, k) dominance with k = `share`: (1 - k) / k.

    Handbook on SDC, 2nd ed., ch. 4: p = 100 (100 - k) / k. No value is estimated more closely than that under (2, k).
    """
    return (1 - share) / share
