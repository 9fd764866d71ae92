"""What a regression may tell at a rho, before anything is drawn: from the spec alone. Pure.

Nobody knows the data, so that the answers are for a plain case that stands in the words beside them: columns of numbers
spread evenly over their published bounds, categories equally frequent, all of them unrelated. There the products of n
rows are n times those of `_even`. What noise moves is told for a coefficient of 0, which is what a test asks about.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from egress.privacy import costs
from egress.privacy.ols import UNIT, Classes, OlsSpec
from egress.privacy.ols_fit import LEAST_FREEDOM, back_of, least_eigenvalue, noise_of
from egress.privacy.result import Foreseen

SIZES = (1_000, 10_000, 100_000)  # rows that an explanation names; rules are in the policies
COEFFICIENT = "coefficient"


def foreseen(spec: OlsSpec, nano_rho: int, confidence: float) -> tuple[Foreseen, ...]:
    """Per coefficient: how far noise alone moves it in so many rows, None where nothing is told; and from how many."""
    tau = costs.scale_for(nano_rho, float(spec.sensitivity)) / UNIT**2
    even, terms = _even(spec), len(spec.terms)
    smallest = float(np.linalg.eigvalsh(even)[0])
    least = max(math.ceil(least_eigenvalue(tau, terms) / smallest), terms + LEAST_FREEDOM)
    inverse = np.linalg.inv(even)
    back, _ = back_of(spec)
    moved = back @ inverse @ noise_of(spec, np.zeros(terms)) @ inverse @ back.T
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * tau * np.sqrt(np.diag(moved))
    return tuple(
        Foreseen(
            name,
            COEFFICIENT,
            groups=tuple((rows, float(width) / rows if rows >= least else None) for rows in SIZES),
            worth_from=least,
        )
        for name, width in zip(spec.terms, reach, strict=True)
    )


def _even(spec: OlsSpec) -> NDArray[np.float64]:
    """The predictors' products, divided by the number of rows, in the plain case."""
    means, squares, slots = [1.0], [1.0], spec.slots[:-1]
    for one in spec.predictors:
        if isinstance(one, Classes):
            share = 1 / len(one.values)
            means += [share] * (len(one.values) - 1)
            squares += [share] * (len(one.values) - 1)
        else:
            means.append(0.0)
            squares.append(1 / 3)
    even = np.outer(means, means)
    for i, slot in enumerate(slots):
        for j, other in enumerate(slots):
            if i == j:
                even[i, j] = squares[i]
            elif slot == other:
                even[i, j] = 0.0
    return even
