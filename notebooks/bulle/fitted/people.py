"""Who stands behind the rows of a model: the units of the frame that it was fitted to, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bulle.fitted import ModelError
from bulle.fitted.span import Whole
from bulle.microdata import column_of, units_of
from hub.words import say


def frame_of(microdata: object) -> pd.DataFrame:
    """The frame that was handed in. Raises: ModelError."""
    if not isinstance(microdata, pd.DataFrame):
        raise ModelError(
            say("Hand in the DataFrame that the model was fitted to, as microdata=: it names the persons.")
        )
    return microdata


def codes_of(frame: pd.DataFrame, units: str) -> Whole:
    """A number per row, from 0 and without gaps. Raises: ModelError, FrameError."""
    codes, _ = units_of(column_of(frame, units))
    return codes


def codes_at(frame: pd.DataFrame, units: str, labels: Sequence[Any] | None, rows: int) -> Whole:
    """As `codes_of`, of the rows called `labels` in the frame's index; None says that the model has all its rows.

    Raises: ModelError when it cannot be told which rows of the frame a model has.
    """
    if labels is None or (len(frame) == rows and list(labels) == list(frame.index)):
        if len(frame) != rows:
            raise ModelError(
                say(
                    "The frame has other rows than the model: hand in, as microdata=, just those that it was fitted to."
                )
            )
        return codes_of(frame, units)
    if not frame.index.is_unique or not pd.Index(labels).isin(frame.index).all():
        raise ModelError(
            say("The model's rows cannot be found in the frame: number its index anew by reset_index, and fit again.")
        )
    codes = codes_of(frame.loc[list(labels)], units)
    return np.asarray(codes, dtype=np.int64)
