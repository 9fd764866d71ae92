"""A result of crosstab, pivot_table or groupby beside the table that was computed from its microdata."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import pandas as pd

from bulle.microdata import FrameError, label_of, names_of
from egress.outputs.frames import MAX_ROWS

_NEAR = 1e-6


def differences(result: object, keys: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """How many cells of `result` are not the first number of the row with the same keys; 0 when it has another shape.

    Cells that pandas fills with 0 or NaN because nobody is in them agree with a row that is not there.
    """
    computed = {tuple(map(str, row[: len(keys)])): row[len(keys)] for row in rows}
    return sum(not _agree(value, computed.get(at)) for at, value in _cells(result, keys).items() if "All" not in at)


def _cells(result: object, keys: Sequence[str]) -> Mapping[tuple[str, ...], Any]:
    """The cells of a result by their labels in the order of `keys`."""
    try:
        names = names_of(result)
    except FrameError:
        return {}
    if set(names) != set(keys):
        return {}
    flat = result
    if isinstance(flat, pd.DataFrame):
        if flat.columns.names == [None]:
            flat = flat.iloc[:, 0] if flat.shape[1] == 1 else None
        elif flat.size <= 4 * MAX_ROWS and flat.columns.nlevels == len([name for name in flat.columns.names if name]):
            flat = flat.stack(list(range(flat.columns.nlevels)))
        else:
            flat = None
    if not isinstance(flat, pd.Series):
        return {}
    order = [list(flat.index.names).index(key) for key in keys]
    found = {}
    for at, value in islice(flat.items(), 4 * MAX_ROWS):
        labels = at if isinstance(at, tuple) else (at,)
        try:
            found[tuple(str(label_of(labels[place], "")) for place in order)] = value
        except FrameError:
            continue
    return found


def _agree(value: Any, computed: Any) -> bool:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    if computed is None:
        return number == 0 or math.isnan(number)
    return math.isclose(number, float(computed), rel_tol=_NEAR, abs_tol=_NEAR)
