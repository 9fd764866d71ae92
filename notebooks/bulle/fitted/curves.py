"""Survival curves of lifelines: estimated again from the frame that is handed in, and told on a time axis of steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter, NelsonAalenFitter
from lifelines.statistics import multivariate_logrank_test

from bulle.fitted import ModelError
from bulle.fitted.design import figures, real
from bulle.fitted.people import codes_of, frame_of
from bulle.fitted.span import Floats
from bulle.microdata import column_of, label_of
from egress.outputs.models import ClaimedCurves, ClaimedGroup, ClaimedStep, ModelWords
from egress.outputs.models_read import MAX_EVERY, MAX_GROUPS
from hub.words import say

_FITTERS = {kind.__name__: kind for kind in (KaplanMeierFitter, NelsonAalenFitter)}


def claimed(words: ModelWords, fitted: Any, microdata: object) -> ClaimedCurves:
    """What is told of survival curves, one per value of the column `by`. Raises: ModelError, FrameError."""
    if words.duration is None or words.event is None or words.every is None:
        raise ModelError(say("A survival curve needs duration=, event= and every= together."))
    if fitted.entry is not None or not (np.asarray(fitted.weights) == 1).all():
        raise ModelError(say("Of survival curves, weights and late entries are not known."))
    frame = frame_of(microdata)
    if len(np.unique(codes_of(frame, words.units))) != len(frame):
        raise ModelError(say("A survival curve needs one row per person: the units of this frame repeat."))
    times, events = real(column_of(frame, words.duration)), real(column_of(frame, words.event))
    if (times < 0).any() or not np.isin(events, (0, 1)).all():
        raise ModelError(say("Durations must not be negative, and events must be 0 or 1."))
    method = type(fitted).__name__
    groups = list(_groups(frame, words.by))
    if words.by is None:
        _same(fitted, _FITTERS[method]().fit(times, events))
    told = tuple(_group(method, label, times[rows], events[rows], words.every) for label, rows in groups)
    return ClaimedCurves(method, told, _tested(times, events, groups))


def _groups(frame: pd.DataFrame, by: str | None) -> Iterator[tuple[Any, np.ndarray[Any, np.dtype[np.bool_]]]]:
    if by is None:
        yield None, np.ones(len(frame), dtype=bool)
        return
    codes, found = pd.factorize(column_of(frame, by))
    if (codes < 0).any() or not 1 <= len(found) <= MAX_GROUPS:
        raise ModelError(
            say(
                "Column {column} needs a value in each row, and at most {most} different ones.",
                column=by,
                most=MAX_GROUPS,
            )
        )
    for code, value in enumerate(found):
        yield label_of(value, by), codes == code


def _same(fitted: Any, again: Any) -> None:
    before, now = (getattr(curve, again._estimation_method).reset_index() for curve in (fitted, again))
    if before.shape != now.shape or not np.allclose(before.to_numpy(), now.to_numpy()):
        raise ModelError(say("Estimated again on this frame, the curve is another: is it the one it was fitted to?"))


def _group(method: str, label: Any, times: Floats, events: Floats, every: int) -> ClaimedGroup:
    again: Any = _FITTERS[method]().fit(times, events)
    steps = np.maximum(np.ceil(times / every), 1)
    if steps.max() > MAX_EVERY:
        raise ModelError(say("The time axis has more than {most} steps: use longer ones.", most=MAX_EVERY))
    ends, inverse = np.unique(steps.astype(np.int64), return_inverse=True)
    died = np.bincount(inverse, weights=events).astype(int)
    left = np.bincount(inverse).astype(int) - died
    curve = getattr(again, again._estimation_method)
    band = again.confidence_interval_.to_numpy()
    places = np.searchsorted(curve.index.to_numpy(), ends * every, side="right") - 1
    value = curve.to_numpy()[:, 0]
    told = (
        ClaimedStep(int(end), int(died[at]), int(left[at]), *_numbers(value[place], *band[place]))
        for at, (end, place) in enumerate(zip(ends, places, strict=True))
    )
    return ClaimedGroup(label, len(times), tuple(told))


def _numbers(value: Any, low: Any, high: Any) -> tuple[float, float, float]:
    """A curve and its interval; where that is not known, as before the first event, it is the value itself."""
    known = float(value)
    below, above = (float(end) if np.isfinite(end) else known for end in (low, high))
    return known, below, above


def _tested(times: Floats, events: Floats, groups: list[tuple[Any, Any]]) -> tuple[tuple[str, float], ...]:
    """The log-rank test between the groups, where there are several."""
    if len(groups) < 2:
        return ()
    labels = np.zeros(len(times), dtype=np.int64)
    for at, (_, rows) in enumerate(groups):
        labels[rows] = at
    test = multivariate_logrank_test(times, labels, events)
    return figures(("df_model", len(groups) - 1), ("logrank", test.test_statistic), ("logrank_p_value", test.p_value))
