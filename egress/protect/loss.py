"""What a method of protection takes from a column: numbers gone, numbers changed, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from egress.protect.system import Marks, Numbers


@dataclass(frozen=True)
class Loss:
    """Of one column. `value_share`: how much of the total stood in the finest cells that are suppressed.

    Changes are over the numbers that are left; relative ones over those that were not 0.
    """

    cells: int
    suppressed: int
    value_share: float
    changed: int
    mean_absolute: float
    mean_relative: float
    largest: float


def loss(exact: Numbers, published: Numbers, finest: Marks) -> Loss:
    """`published` is not-a-number where a cell is suppressed."""
    gone = np.isnan(published)
    change = np.abs(published - exact)[~gone]
    was = np.abs(exact)[~gone]
    whole = float(np.abs(exact[finest]).sum())
    return Loss(
        cells=len(exact),
        suppressed=int(gone.sum()),
        value_share=float(np.abs(exact[finest & gone]).sum()) / whole if whole else 0.0,
        changed=int((change > 0).sum()),
        mean_absolute=float(change.mean()) if len(change) else 0.0,
        mean_relative=float((change[was > 0] / was[was > 0]).mean()) if (was > 0).any() else 0.0,
        largest=float(change.max(initial=0.0)),
    )
