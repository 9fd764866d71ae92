"""Models as bulle.release_model leaves them in a cell's output, for tests."""

from __future__ import annotations

from typing import Any

from egress.outputs.models import MODEL_MIME, MODEL_SCHEMA
from tests.egress.outputs.notebooks import display

CALL = 'import bulle\nbulle.release_model("cost_model", fitted, units="person_id")'
CURVE = 'import bulle\nbulle.release_model("curve", km, units="pid", microdata=d, duration="t", event="e", every=30)'


def term(name: str, **changes: Any) -> dict[str, Any]:
    """A coefficient of 2 with an error of 1."""
    numbers = {"estimate": 2.0, "std_error": 1.0, "statistic": 2.0, "p_value": 0.05, "low": 0.0, "high": 4.0}
    return {"term": name, **numbers, "rows": 200, "persons": 100, **changes}


def fit(**changes: Any) -> dict[str, Any]:
    """400 rows of 200 persons; a dummy that half of them have."""
    return {
        "persons": 200,
        "rows": 400,
        "parameters": 3,
        "levels": [["sex[T.M]", 100, 100], ["age", 190, 200]],
        "cells": 120,
        "smallest": 1,
        "r_squared": 0.4,
        "leverage": 0.1,
        "outcomes": [],
        "alike": [],
        **changes,
    }


def regression(*, of_fit: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An ordinary regression of cost on sex and age."""
    return {
        "method": "OLS",
        "outcome": "cost",
        "errors": "nonrobust",
        "terms": [term("sex[T.M]"), term("Intercept"), term("age")],
        "figures": [["aic", 1234.56789], ["df_resid", 397], ["r_squared", 0.4]],
        "fit": fit(**(of_fit or {})),
        **changes,
    }


def group(label: Any, persons: int, *happened: tuple[int, int, int], rising: bool = False) -> dict[str, Any]:
    """A curve with events and censored at steps, as Kaplan and Meier or Nelson and Aalen have it."""
    told, left, value = [], persons, 0.0 if rising else 1.0
    for step, events, censored in happened:
        value = value + events / left if rising else value * (1 - events / left)
        left -= events + censored
        known = {"step": step, "events": events, "censored": censored}
        told.append({**known, "value": value, "low": value - 0.01, "high": value + 0.01})
    return {"label": label, "persons": persons, "steps": told}


def curves(*groups: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"method": "KaplanMeierFitter", "groups": list(groups), "figures": [], **changes}


def node(parent: int | None, above: bool, persons: int, *classes: int, split: bool = False) -> dict[str, Any]:
    return {
        "parent": parent,
        "above": above,
        "feature": "age" if split else None,
        "threshold": 49.5 if split else None,
        "prediction": "A",
        "rows": persons,
        "persons": persons,
        "classes": list(classes),
    }


def tree(*nodes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A tree of one split over 100 persons."""
    made = list(nodes) or [
        node(None, False, 100, 60, 40, split=True),
        node(0, False, 50, 35, 15),
        node(0, True, 50, 25, 25),
    ]
    settings = {"min_samples_leaf": 50, "max_depth": 2}
    whole = {"rows": 100, "persons": 100, "alike": 50}
    return {
        "method": "DecisionTreeClassifier",
        "nodes": made,
        "labels": ["A", "B"],
        "figures": [],
        **whole,
        **settings,
        **changes,
    }


WORDS = {"outcome": None, "duration": None, "event": None, "by": None, "every": None}


def payload(kind: str = "regression", model: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    said = {"name": "cost_model", "units": "person_id", "title": "", **WORDS}
    return {"schema": MODEL_SCHEMA, "kind": kind, "model": model or regression(), **said, **changes}


def output(**changes: Any) -> dict[str, Any]:
    """The output of a cell that holds it."""
    return display(data={MODEL_MIME: payload(**changes)})
