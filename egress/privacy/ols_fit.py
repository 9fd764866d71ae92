"""Coefficients from noisy cross products: post-processing, it sees no data. Pure.

With N the noisy products in units of UNIT², A = N_xx and b = N_xy, the estimate is β = A⁻¹b. To first order it differs
from the truth by A⁻¹(Xᵀε + e_xy - E_xx β): sampling, and noise of known variance in the products. So its covariance is
σ² A⁻¹ + A⁻¹ V A⁻¹ with V = τ² Σ g gᵀ, g the effect of each released product on e_xy - E_xx β (the delta method, as in
Ferrando, Wang and Sheldon 2022, and Evans and King 2023, for sufficient statistics). σ² comes from the noisy residual
sum of squares, and is never below 0. Second-order bias is kept small by the gate: A's smallest eigenvalue must stand
well above what noise alone does to it. Errors are the classical ones: rows of one person are taken as independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from egress.privacy.ols import UNIT, Classes, OlsSpec

# The smallest eigenvalue over the size of the noise (about τ · 2√p): below it, higher orders than the first one count.
_ABOVE_NOISE = 5.0
# Fewer degrees of freedom are no regression, whatever noise says.
LEAST_FREEDOM = 10


@dataclass(frozen=True)
class Fit:
    """On the columns' own scale; `rows` is noisy. `low` and `high` hold noise and sampling, at `confidence`."""

    terms: tuple[str, ...]
    estimates: tuple[float, ...]
    errors: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: float
    residual_error: float
    confidence: float


def fit(spec: OlsSpec, noisy: Sequence[int], scale: float, confidence: float) -> Fit | None:
    """None when noise drowns the products: then no coefficient is told. Decided by noisy numbers only."""
    size, tau = len(spec.slots), scale / UNIT**2
    matrix = _matrix(spec, noisy)
    a, b, last = matrix[:-1, :-1], matrix[:-1, -1], size - 1
    rows, terms = float(matrix[0, 0]), size - 1
    needed = max(least_eigenvalue(tau, terms), 1e-9 * rows)
    if rows - terms < LEAST_FREEDOM or not float(np.linalg.eigvalsh(a)[0]) > needed:
        return None
    inverse = np.linalg.inv(a)
    beta = inverse @ b
    variance = max(0.0, float(matrix[last, last] - beta @ b)) / (rows - terms)
    covariance = variance * inverse + tau**2 * inverse @ noise_of(spec, beta) @ inverse
    back, shift = back_of(spec)
    estimates = back @ beta + shift
    errors = np.sqrt(np.diag(back @ covariance @ back.T))
    reach = float(stats.t.ppf((1 + confidence) / 2, rows - terms)) * errors
    return Fit(
        spec.terms,
        _floats(estimates),
        _floats(errors),
        _floats(estimates - reach),
        _floats(estimates + reach),
        rows,
        math.sqrt(variance) * spec.outcome.half,
        confidence,
    )


def least_eigenvalue(tau: float, terms: int) -> float:
    """What the smallest eigenvalue of the predictors' products must exceed, where each has noise of `tau` rows."""
    return _ABOVE_NOISE * tau * 2 * math.sqrt(terms)


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _entries(spec: OlsSpec) -> list[list[tuple[int, int]]]:
    """Where in the matrix each released product stands, above the diagonal: a dummy's square is one with its sum."""
    dummy = {at for at, slot in enumerate(spec.slots) if (at, at) not in spec.products}
    return [[(i, j), (j, j)] if i == 0 and j in dummy else [(i, j)] for i, j in spec.products]


def _matrix(spec: OlsSpec, noisy: Sequence[int]) -> NDArray[np.float64]:
    size = len(spec.slots)
    matrix = np.zeros((size, size))
    for places, value in zip(_entries(spec), noisy, strict=True):
        for i, j in places:
            matrix[i, j] = matrix[j, i] = value / UNIT**2
    return matrix


def noise_of(spec: OlsSpec, beta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ g gᵀ: the covariance of e_xy - E_xx β for noise of variance 1 in each released product."""
    last = len(beta)
    total = np.zeros((last, last))
    for places in _entries(spec):
        effect = np.zeros(last)
        for i, j in places:
            if j == last:
                if i != last:
                    effect[i] += 1
                continue
            effect[i] -= beta[j]
            if i != j:
                effect[j] -= beta[i]
        total += np.outer(effect, effect)
    return total


def back_of(spec: OlsSpec) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The linear map from scaled coefficients to those of the columns' own scale, and what it adds."""
    terms = len(spec.terms)
    back, at = np.zeros((terms, terms)), 1
    shift = np.zeros(terms)
    back[0, 0], shift[0] = spec.outcome.half, spec.outcome.middle
    for one in spec.predictors:
        if isinstance(one, Classes):
            for _ in one.values[1:]:
                back[at, at] = spec.outcome.half
                at += 1
            continue
        back[at, at] = spec.outcome.half / one.half
        back[0, at] = -spec.outcome.half * one.middle / one.half
        at += 1
    return back, shift
