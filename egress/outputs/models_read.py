"""Reads what bulle.release_model left in an output. Strict: any surprise is no declaration."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from egress.outputs.models import (
    CURVES,
    ERRORS,
    FIGURES,
    METHODS,
    MODEL_SCHEMA,
    TREES,
    WHOLE,
    ClaimedCurves,
    ClaimedFit,
    ClaimedGroup,
    ClaimedModel,
    ClaimedNode,
    ClaimedRegression,
    ClaimedStep,
    ClaimedTerm,
    ClaimedTree,
    EmittedModel,
    ModelWords,
)
from egress.outputs.strict import (
    MAX_LABEL,
    SurpriseError,
    count,
    demand,
    is_label,
    items,
    key,
    named,
    number,
    one_of,
    record,
    spelled,
    truth,
)

MAX_TERMS = 10_000
MAX_GROUPS = 100
MAX_EVERY = 1_000_000

_WORDS = {field.name for field in fields(ModelWords)}
_KINDS = ("regression", "curves", "tree")


def read_model(raw: Any) -> EmittedModel | None:
    """A model's declaration, or None for anything else. Never raises."""
    try:
        known = record(raw, {"schema", "kind", "model", *_WORDS})
        demand(known["schema"] == MODEL_SCHEMA)
        read = {"regression": _regression, "curves": _curves, "tree": _tree}[one_of(_KINDS, known["kind"])]
        return EmittedModel(_words(known), read(known["model"]))
    except SurpriseError:
        return None


def _words(raw: dict[str, Any]) -> ModelWords:
    columns = {name: None if raw[name] is None else named(raw[name]) for name in ("outcome", "duration", "event", "by")}
    every = None if raw["every"] is None else count(raw["every"])
    name, title = spelled(raw["name"], 40), spelled(raw["title"], 200, least=0)
    return ModelWords(name, named(raw["units"]), title, **columns, every=every)


def _regression(raw: Any) -> ClaimedModel:
    known = record(raw, {field.name for field in fields(ClaimedRegression)})
    terms = tuple(_term(item) for item in items(known["terms"], MAX_TERMS))
    demand(terms and len({term.term for term in terms}) == len(terms))
    return ClaimedRegression(
        one_of(METHODS, known["method"]),
        _label(known["outcome"]),
        None if known["errors"] is None else one_of(ERRORS, known["errors"]),
        terms,
        _figures(known["figures"]),
        _fit(known["fit"]),
    )


def _term(raw: Any) -> ClaimedTerm:
    known = record(raw, {field.name for field in fields(ClaimedTerm)})
    return ClaimedTerm(
        term=_label(known["term"]),
        estimate=_known(known["estimate"]),
        std_error=_real(known["std_error"]),
        statistic=_real(known["statistic"]),
        p_value=_real(known["p_value"]),
        low=_real(known["low"]),
        high=_real(known["high"]),
        rows=count(known["rows"]),
        persons=count(known["persons"]),
    )


def _fit(raw: Any) -> ClaimedFit:
    known = record(raw, {field.name for field in fields(ClaimedFit)})
    return ClaimedFit(
        persons=count(known["persons"]),
        rows=count(known["rows"]),
        parameters=count(known["parameters"]),
        levels=tuple(_level(item) for item in items(known["levels"], MAX_TERMS)),
        cells=count(known["cells"]),
        smallest=count(known["smallest"]),
        r_squared=_real(known["r_squared"]),
        leverage=_known(known["leverage"]),
        outcomes=tuple(count(item) for item in items(known["outcomes"], MAX_GROUPS)),
        alike=tuple(_label(item) for item in items(known["alike"], MAX_TERMS)),
    )


def _level(raw: Any) -> tuple[str, int, int]:
    level = items(raw, 3)
    demand(len(level) == 3)
    return _label(level[0]), count(level[1]), count(level[2])


def _curves(raw: Any) -> ClaimedModel:
    known = record(raw, {field.name for field in fields(ClaimedCurves)})
    groups = tuple(_group(item) for item in items(known["groups"], MAX_GROUPS))
    labels = [group.label for group in groups]
    demand(groups and len({(type(label), label) for label in labels}) == len(labels))
    demand(labels == [None] or None not in labels)
    demand(sum(len(group.steps) for group in groups) <= MAX_TERMS)
    return ClaimedCurves(one_of(CURVES, known["method"]), groups, _figures(known["figures"]))


def _group(raw: Any) -> ClaimedGroup:
    known = record(raw, {field.name for field in fields(ClaimedGroup)})
    steps = tuple(_step(item) for item in items(known["steps"], MAX_TERMS))
    places = [step.step for step in steps]
    demand(places == sorted(set(places)) and all(1 <= place <= MAX_EVERY for place in places))
    label = key(known["label"])
    demand(not isinstance(label, float))
    return ClaimedGroup(label, count(known["persons"]), steps)  # type: ignore[arg-type]  # no float, as was looked at


def _step(raw: Any) -> ClaimedStep:
    known = record(raw, {field.name for field in fields(ClaimedStep)})
    counted = (count(known[name]) for name in ("step", "events", "censored"))
    return ClaimedStep(*counted, *(_known(known[name]) for name in ("value", "low", "high")))


def _tree(raw: Any) -> ClaimedModel:
    known = record(raw, {field.name for field in fields(ClaimedTree)})
    labels = tuple(key(item) for item in items(known["labels"], MAX_GROUPS))
    demand(all(isinstance(label, str | int) for label in labels))
    nodes = tuple(_node(item, place, len(labels)) for place, item in enumerate(items(known["nodes"], MAX_TERMS)))
    demand(nodes)
    return ClaimedTree(
        method=one_of(TREES, known["method"]),
        nodes=nodes,
        labels=labels,  # type: ignore[arg-type]  # no null and no float, as was looked at
        figures=_figures(known["figures"]),
        rows=count(known["rows"]),
        persons=count(known["persons"]),
        alike=count(known["alike"]),
        min_samples_leaf=count(known["min_samples_leaf"]),
        max_depth=None if known["max_depth"] is None else count(known["max_depth"]),
    )


def _node(raw: Any, place: int, labels: int) -> ClaimedNode:
    known = record(raw, {field.name for field in fields(ClaimedNode)})
    parent = None if known["parent"] is None else count(known["parent"])
    demand((parent is None) == (place == 0) and (parent is None or parent < place))
    feature, threshold = known["feature"], _real(known["threshold"])
    demand((feature is None) == (threshold is None))
    prediction = key(known["prediction"])
    demand(prediction is not None)
    classes = tuple(count(item) for item in items(known["classes"], labels))
    demand(len(classes) == labels)
    return ClaimedNode(
        parent,
        truth(known["above"]),
        None if feature is None else _label(feature),
        threshold,
        prediction,  # type: ignore[arg-type]  # no null, as was looked at
        count(known["rows"]),
        count(known["persons"]),
        classes,
    )


def _figures(raw: Any) -> tuple[tuple[str, float], ...]:
    pairs = [items(item, 2) for item in items(raw, len(FIGURES))]
    demand(all(len(pair) == 2 for pair in pairs))
    found = tuple((one_of(FIGURES, name), _known(value)) for name, value in pairs)
    demand(len({name for name, _ in found}) == len(found))
    demand(all(value.is_integer() for name, value in found if name in WHOLE))
    return found


def _label(raw: Any) -> str:
    demand(is_label(raw) and len(raw) <= MAX_LABEL)
    return str(raw)


def _real(raw: Any) -> float | None:
    known = number(raw)
    return None if known is None else float(known)


def _known(raw: Any) -> float:
    known = _real(raw)
    demand(known is not None)
    return known or 0.0
