"""From noisy marginals to rows: post-processing, it sees no data. Only the worker process runs this.

Private-PGM (`mbi`; McKenna, Sheldon and Miklau 2019) finds the joint table of largest entropy that agrees best with the
marginals, and draws from it. What it draws is settled by the noisy numbers: the same marginals give the same rows, as
far as the machine's floating point is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import mbi
import numpy as np
from numpy.typing import NDArray

from egress.privacy.synthetic import NULL, Cut, Domain, SyntheticSpec

if TYPE_CHECKING:
    from egress.privacy.synthetic_draw import Measured

_TURNS = 1000  # of mirror descent; the error settles within some hundreds


def rows(spec: SyntheticSpec, marginals: Sequence[Measured]) -> NDArray[np.int64]:
    """One line per row, one number per column: a position in `Listed.values`, or a whole step of `Cut`; or NULL."""
    names = [f"c{at}" for at in range(len(spec.columns))]
    domain = mbi.Domain(names, [one.size for one in spec.columns])
    measured = [
        mbi.LinearMeasurement(np.array(one.noisy, dtype=float), tuple(names[at] for at in one.columns), one.scale)
        for one in marginals
    ]
    model = mbi.estimation.mirror_descent(domain, measured, iters=_TURNS)
    seed = _seed(marginals)
    np.random.seed(seed % 2**32)
    places = model.synthetic_data(spec.rows).to_dict()
    random = np.random.default_rng(seed)
    # mbi's places are of the smallest type that holds them
    columns = [
        _steps(one, places[name].astype(np.int64), random) for name, one in zip(names, spec.columns, strict=True)
    ]
    return np.stack(columns, axis=1)


def _seed(marginals: Sequence[Measured]) -> int:
    text = repr([(one.columns, one.noisy) for one in marginals])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _steps(one: Domain, places: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """A class becomes one of its steps, each as likely."""
    there = places < one.size - 1
    if not isinstance(one, Cut):
        return np.where(there, places, NULL)
    edges = np.array([*one.edges[:-1], one.edges[-1] + 1], dtype=np.int64)
    at = np.where(there, places, 0)
    return np.where(there, random.integers(edges[at], edges[at + 1]), NULL)
