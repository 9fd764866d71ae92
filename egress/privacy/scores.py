"""How far each candidate is from being the asked quantile, in whole numbers computed from counts. Pure.

Of one cell: c_j values lie nearest to candidate j; L_j and G_j lie below and above it, N in all. Candidate j is a
quantile at share p/q when at most p/q of the values lie below it and at most 1 − p/q above. Its score says by how many
rows, times q, it misses that rank:

    score_j = max(0, (q−p)·L_j − p·(N − L_j), p·G_j − (q−p)·(N − G_j))

One candidate at least has score 0 (the quantile of the rounded values). OpenDP picks a low score (`measure`).

**What one row moves**: put into a cell it raises N by one, and for each candidate either L, G or c. Each of the two
terms then moves by p or by q−p at most, and a maximum of terms moves by no more than they do: a row moves each score by
max(p, q−p) at most, so r rows of a person in one cell by r·max(p, q−p), in L∞.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from egress.privacy.spec import Statistic

# Scores are 64-bit in OpenDP. Cutting them there moves no two of them further apart.
_LIMIT = 2**62


def weight(statistic: Statistic) -> int:
    """The most that one row moves a score."""
    part, whole = statistic.share
    return max(part, whole - part)


def scores(counts: Sequence[int], share: tuple[int, int]) -> list[int]:
    """One score per candidate of one cell; 0 is best."""
    part, whole = share
    total, below, found = sum(counts), 0, []
    for count in counts:
        above = total - below - count
        low = (whole - part) * below - part * (total - below)
        high = part * above - (whole - part) * (total - above)
        found.append(min(_LIMIT, max(0, low, high)))
        below += count
    return found


def ranks(scale: float, statistic: Statistic, confidence: float) -> int:
    """By how many rows the pick misses its rank at most, with probability `confidence`.

    The exponential mechanism picks one candidate of score t or more with probability (m − 1)·exp(−t/scale) at most, as
    one of the m candidates has score 0.
    """
    others = len(statistic.candidates) - 1
    if others < 1:
        return 0
    worst = math.ceil(scale * math.log(others / (1 - confidence))) - 1
    return max(0, -(-worst // statistic.share[1]))
