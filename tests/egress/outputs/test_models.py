"""Models in a re-run's outputs are hostile input: what has no known form is no declaration, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.apart.reader import read_told, spelled
from egress.outputs.declarations import DeclarationProblem, declarations, reconcile
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.models_read import read_model
from tests.egress.outputs.models import CALL, curves, fit, group, node, output, payload, regression, term, tree
from tests.egress.outputs.notebooks import code, emitted, read


def rules(*sources: str) -> list[str]:
    found = declarations(read(*(code(source) for source in sources)))
    return [item.rule if isinstance(item, DeclarationProblem) else str(item.name) for item in found]


def told(*outputs: Any, before: tuple[Any, ...] = ()) -> list[str]:
    found = reconcile(read(code(CALL, *before)), read(code(CALL, *outputs)))
    return [
        item.rule if isinstance(item, DeclarationProblem) else item.name + "*" * getattr(item, "differs", False)
        for item in found
    ]


def test_a_model_that_the_rerun_makes_counts() -> None:
    (item,) = reconcile(read(code(CALL)), read(code(CALL, output())))
    assert isinstance(item, DeclaredModel)
    assert item.asked == "bulle.release_model('cost_model', OLS, units='person_id')"


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        ('bulle.release_model("a", smf.ols("y ~ x", df).fit(), units="pid")', "a"),
        ('bulle.release_model("a", km, units="pid", microdata=f(d), duration="t", event="e", every=30, by="sex")', "a"),
        ('bulle.release_model("a", tree, units="pid", microdata=d, outcome="y")', "a"),
        ('bulle.release_model(f"a{x}", m, units="pid")', "declaration.computed"),
        ('bulle.release_model("a", m, units=u)', "declaration.computed"),
        ('bulle.release_model("a", m, units="pid", every=n)', "declaration.computed"),
        ('bulle.release_model("a", m, units="pid", colour="red")', "declaration.computed"),
        ('if x: bulle.release_model("a", m, units="pid")', "declaration.conditional"),
        ('bulle.release_model("a" , m)', "frame.units"),
        ('bulle.release_model("A", m, units="pid")', "declaration.name"),
        (f'bulle.release_model("{"a" * 32}", m, units="pid")', "a" * 32),
        (f'bulle.release_model("{"a" * 33}", m, units="pid")', "model.name"),
        ('bulle.release_model("a", m, units="pid", outcome="é")', "model.words"),
        ('bulle.release_model("a", m, units="pid", outcome=["y"])', "model.words"),
        ('bulle.release_model("a", m, units="pid", duration="t", event="e", every=0)', "model.every"),
        ('bulle.release_model("a", m, units="pid", duration="t", event="e", every=True)', "model.every"),
        ('bulle.release_model("a", m, units="pid", duration="t", event="e", every=1.5)', "model.every"),
        ('bulle.release_model("a", m, units="pid", duration="t", event="e")', "model.curve"),
        ('bulle.release_model("a", m, units="pid", by="sex")', "model.curve"),
        (
            'bulle.release_model("a", m, units="pid", duration="t", event="e", every=30, outcome="y")',
            "model.curve",
        ),
    ],
)
def test_what_the_source_may_say(call: str, rule: str) -> None:
    assert rules(f"import bulle\n{call}") == [rule]


def test_a_model_has_two_names() -> None:
    both = 'import bulle\nbulle.release_model("a", m, units="pid")\nbulle.release("a_summary", "SELECT 1")'
    assert rules(both) == ["declaration.twice"] * 2


def test_the_rerun_counts_and_the_handed_in_model_is_compared() -> None:
    again = regression(terms=[term("sex[T.M]", estimate=2.0 + 1e-9), term("Intercept"), term("age")])
    other = regression(terms=[term("sex[T.M]", estimate=2.1), term("Intercept"), term("age")])
    assert told(output(), before=(output(model=again),)) == ["cost_model"]
    assert told(output(), before=(output(model=other),)) == ["cost_model*"]
    assert told(output(), before=(output(kind="tree", model=tree()),)) == ["cost_model*"]


@pytest.mark.parametrize(
    "outputs", [(output(units="other"),), (output(), output()), (emitted("cost_model"),), (output(every=3),)]
)
def test_a_rerun_that_says_something_else_contradicts_the_source(outputs: tuple[Any, ...]) -> None:
    assert told(*outputs) == ["declaration.differs"]


def test_a_model_that_nothing_declares_is_a_stray() -> None:
    assert told(output(), output(name="other")) == ["cost_model", "declaration.stray"]
    assert told() == ["declaration.missing"]


GOOD = [
    payload(),
    payload("curves", curves(group(None, 100, (1, 20, 0), (4, 15, 3))), duration="t", event="e", every=30),
    payload("curves", curves(group("F", 100, (1, 20, 0)), group("M", 90))),
    payload("tree", tree(), outcome="y"),
    payload("tree", tree(node(None, False, 100), labels=[], method="DecisionTreeRegressor", max_depth=None)),
]


@pytest.mark.parametrize("raw", GOOD)
def test_the_known_forms_are_read_and_leave_the_child_unchanged(raw: dict[str, Any]) -> None:
    """What was read comes out of the reading child as it went in."""
    emitted_model = read_model(raw)
    assert emitted_model is not None
    notebook = read(code("x", {**output(), "data": {"application/vnd.bulle.model+json": raw}}))
    assert read_told(spelled(notebook)) == notebook
    assert notebook.cells[0].outputs[0].declaration == emitted_model


@pytest.mark.parametrize(
    "raw",
    [
        payload("other"),
        payload("tree"),
        payload(schema="bulle.model/2"),
        payload(model=regression(method="SecretModel")),
        payload(model=regression(method="GLM Binomial Power")),
        payload(model=regression(errors="HAC")),
        payload(model=regression(terms=[])),
        payload(model=regression(terms=[term("a"), term("a")])),
        payload(model=regression(terms=[term("a\u200bb")])),
        payload(model=regression(terms=[term("a\nb")])),
        payload(model=regression(terms=[term("a" * 101)])),
        payload(model=regression(terms=[term("a", estimate=None)])),
        payload(model=regression(terms=[term("a", estimate=float("nan"))])),
        payload(model=regression(terms=[term("a", high=float("inf"))])),
        payload(model=regression(terms=[term("a", estimate="2")])),
        payload(model=regression(terms=[term("a", persons=-1)])),
        payload(model=regression(terms=[{**term("a"), "residuals": [1.0]}])),
        payload(model=regression(figures=[["secret", 1.0]])),
        payload(model=regression(figures=[["aic", 1.0], ["aic", 2.0]])),
        payload(model=regression(figures=[["df_resid", 1.5]])),
        payload(model=regression(of_fit={"leverage": None})),
        payload(model=regression(of_fit={"levels": [["a", 1]]})),
        payload(model={**regression(), "fit": {**fit(), "weights": 1}}),
        payload("curves", curves()),
        payload("curves", curves(group(None, 9), group("F", 9))),
        payload("curves", curves(group("F", 9), group("F", 9))),
        payload("curves", curves(group(1.5, 9))),
        payload("curves", curves(group("F", 9, (2, 1, 0), (1, 1, 0)))),
        payload("curves", curves(group("F", 9, (0, 1, 0)))),
        payload("tree", tree(node(1, False, 100, 60, 40))),
        payload("tree", tree(node(None, False, 100, 60, 40), node(1, False, 100, 60, 40))),
        payload("tree", tree(node(None, False, 100, 60))),
        payload("tree", tree({**node(None, False, 100, 60, 40), "feature": "age"})),
        payload("tree", tree(labels=["A", 1.5])),
        payload("tree", tree(), extra=1),
    ],
)
def test_surprises_are_no_declaration(raw: dict[str, Any]) -> None:
    assert read_model(raw) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["model", "kind", "name", "every", "units"]), st.sampled_from(GOOD))
def test_nothing_raises(part: Any, where: str, raw: dict[str, Any]) -> None:
    read_model(part)
    read_model({**raw, where: part})
    read_model({**raw, "model": {**raw["model"], next(iter(raw["model"])): part}})


def test_bounds_are_kept() -> None:
    many = [term(f"x{at}") for at in range(10_001)]
    assert read_model(payload(model=regression(terms=many))) is None
    assert len(json.dumps(payload())) < 2_000
