"""Models of scikit-learn: linear ones as coefficients, single decision trees as the table of their nodes.

Fitted again by the library's own classes on the frame that is handed in. What stores rows of its data has no form here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from bulle.fitted import INCOMPLETE, NOT_BINARY, OTHER, ModelError
from bulle.fitted.design import Design, figures, real
from bulle.fitted.people import codes_of, frame_of
from bulle.fitted.span import Floats, Whole, pairs_of
from bulle.microdata import column_of, label_of
from egress.outputs.models import LINEAR, TREES, ClaimedModel, ClaimedNode, ClaimedRegression, ClaimedTree, ModelWords
from egress.outputs.models_read import MAX_GROUPS, MAX_TERMS
from hub.words import say

_LINEAR = (LinearRegression, Ridge, Lasso, ElasticNet, LogisticRegression)
_TREES = (DecisionTreeClassifier, DecisionTreeRegressor)
# Their fitted values are rows of the data, or weights on them.
_STORING = ("neighbors", "svm", "gaussian_process", "kernel_ridge", "kernel_approximation", "semi_supervised")


def claimed(words: ModelWords, fitted: Any, microdata: object) -> ClaimedModel:
    """What is told of an estimator. Raises: ModelError, FrameError."""
    kind = type(fitted)
    if any(part in kind.__module__.split(".") for part in _STORING):
        why = say("A model of this kind ({kind}) stores rows of its data: it never leaves.", kind=kind.__name__[:40])
        raise ModelError(why)

    if kind not in (*_LINEAR, *_TREES):
        raise ModelError(
            say(
                "This model of scikit-learn is not known ({kind}); known are {known}.",
                kind=kind.__name__[:40],
                known=", ".join((*LINEAR, *TREES)),
            )
        )
    frame = frame_of(microdata)
    if words.outcome is None:
        raise ModelError(say("Name the column that the model predicts, as outcome=."))
    names = [str(name) for name in getattr(fitted, "feature_names_in_", ())]
    if not names or any(name not in frame.columns for name in names):
        why = say("Fit the model on a DataFrame, and hand that in as microdata=: its columns name the features.")
        raise ModelError(why)

    values, outcome = real(frame[names]), column_of(frame, words.outcome)
    if outcome.isna().any():
        raise ModelError(INCOMPLETE)

    codes = codes_of(frame, words.units)
    return (_line if kind in _LINEAR else _tree)(words, _again(fitted, frame[names], outcome), values, outcome, codes)


def _again(fitted: Any, features: pd.DataFrame, outcome: pd.Series[Any]) -> Any:
    if type(fitted) in _TREES and not isinstance(fitted.random_state, int):
        raise ModelError(say("Set random_state= to a number, so that the tree grows the same again."))
    again = clone(fitted).fit(features, outcome)
    parts = (fitted.tree_, again.tree_) if type(fitted) in _TREES else (fitted, again)
    names = ("feature", "threshold", "value") if type(fitted) in _TREES else ("coef_", "intercept_")
    for name in names:
        before, now = (np.asarray(getattr(part, name), dtype=np.float64) for part in parts)
        if before.shape != now.shape or not np.allclose(before, now, rtol=1e-4, atol=1e-8):
            raise ModelError(OTHER)

    return again


def _line(words: ModelWords, again: Any, values: Floats, outcome: pd.Series[Any], codes: Whole) -> ClaimedRegression:
    classes = isinstance(again, LogisticRegression)
    target = real(outcome)
    if classes and not np.isin(target, (0, 1)).all():
        raise ModelError(NOT_BINARY)
    names, coefficients = list(map(str, again.feature_names_in_)), np.atleast_2d(again.coef_)
    if len(coefficients) != 1:
        raise ModelError(say("Its outcome must be one column with a value for each row."))
    numbers = list(map(float, coefficients[0]))
    if again.fit_intercept:
        names, numbers = ["Intercept", *names], [float(np.ravel(again.intercept_)[0]), *numbers]
        values = np.column_stack((np.ones(len(values)), values))
    design = Design(tuple(names), values, target, words.outcome or "", codes, classes=classes)
    terms = tuple(design.term(at, (number, None, None, None, None, None)) for at, number in enumerate(numbers))
    r_squared = None if classes else float(again.score(values[:, -again.n_features_in_ :], target))
    told = figures(("df_resid", len(target) - len(names)), ("r_squared", r_squared))
    return ClaimedRegression(type(again).__name__, design.outcome_name, None, terms, told, design.fit(r_squared))


def _tree(words: ModelWords, again: Any, values: Floats, outcome: pd.Series[Any], codes: Whole) -> ClaimedTree:
    grown = again.tree_
    if grown.node_count > MAX_TERMS:
        raise ModelError(say("The tree has more than {most} nodes: let it grow less deep.", most=MAX_TERMS))
    classes = isinstance(again, DecisionTreeClassifier)
    if classes and len(again.classes_) > MAX_GROUPS:
        raise ModelError(say("The outcome has more than {most} classes.", most=MAX_GROUPS))
    labels = tuple(label_of(value, words.outcome or "") for value in again.classes_) if classes else ()
    kinds = np.searchsorted(again.classes_, outcome) if classes else np.zeros(len(codes), dtype=np.int64)
    features = pd.DataFrame(values, columns=again.feature_names_in_)
    paths = again.decision_path(features).tocsc()
    nodes, places = [], {}
    for place, (node, parent, above) in enumerate(_preorder(grown)):
        places[node] = place
        rows = paths.indices[paths.indptr[node] : paths.indptr[node + 1]]
        leaf = grown.children_left[node] < 0
        value = grown.value[node].ravel()
        known = tuple(len(np.unique(codes[rows[kinds[rows] == kind]])) for kind in range(len(labels)))
        nodes.append(
            ClaimedNode(
                parent=places.get(parent),
                above=above,
                feature=None if leaf else str(again.feature_names_in_[grown.feature[node]]),
                threshold=None if leaf else float(grown.threshold[node]),
                prediction=labels[int(value.argmax())] if classes else float(value[0]),
                rows=len(rows),
                persons=len(np.unique(codes[rows])),
                classes=known,
            )
        )
    return ClaimedTree(
        method=type(again).__name__,
        nodes=tuple(nodes),
        labels=labels,
        figures=() if classes else figures(("r_squared", again.score(features, outcome))),
        rows=len(codes),
        persons=len(np.unique(codes)),
        alike=_alike(again, features, codes),
        min_samples_leaf=_leaf(again, len(codes)),
        max_depth=again.max_depth,
    )


def _preorder(grown: Any) -> Iterator[tuple[int, int, bool]]:
    """Each node, the one above it, and whether it is the branch over the threshold: one order for one tree."""
    waiting = [(0, -1, False)]
    while waiting:
        node, parent, above = waiting.pop()
        yield node, parent, above
        if grown.children_left[node] >= 0:
            waiting += [(int(grown.children_right[node]), node, True), (int(grown.children_left[node]), node, False)]


def _alike(again: Any, features: pd.DataFrame, codes: Whole) -> int:
    """Persons in the smallest group that is told the same."""
    told = again.predict_proba(features) if isinstance(again, DecisionTreeClassifier) else again.predict(features)
    _, groups = np.unique(np.asarray(told), axis=0, return_inverse=True)
    return int(np.bincount(pairs_of(groups.ravel(), codes)[:, 0]).min())


def _leaf(again: Any, rows: int) -> int:
    """The least rows of a leaf that were asked for; a share is of all rows."""
    least = again.min_samples_leaf
    return math.ceil(least * rows) if isinstance(least, float) else int(least)
