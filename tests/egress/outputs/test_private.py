"""Private releases that are no SQL table: what counts as one, and one rule and sentence for what does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.outputs.arguments import to_emitted_private
from egress.outputs.declarations import DeclarationProblem, declarations, reconcile
from egress.outputs.private import (
    MAX_COLUMNS,
    MAX_CONDITION,
    MAX_ROWS,
    PRIVATE_MIME,
    DeclaredPrivate,
    OlsWords,
    PrivateKind,
    PrivateWords,
    SyntheticWords,
    read_private,
    to_payload,
    words_of,
)
from hub.words import Message
from tests.egress.outputs.notebooks import code, display, read

OLS: dict[str, Any] = {"table": "t", "outcome": "cost", "predictors": ("age", "sex"), "where": "age > 3"}
ROWS: dict[str, Any] = {"table": "t", "columns": ("age", "sex"), "rows": 100}


def test_literals_are_taken_as_written() -> None:
    assert words_of(PrivateKind.OLS, OLS) == OlsWords("t", "cost", ("age", "sex"), "age > 3")
    assert words_of(PrivateKind.OLS, {**OLS, "where": None}) == OlsWords("t", "cost", ("age", "sex"), None)
    assert words_of(PrivateKind.SYNTHETIC, ROWS) == SyntheticWords("t", ("age", "sex"), 100, "fixed")


@pytest.mark.parametrize(
    "change",
    [
        {"table": None},
        {"table": ("t",)},
        {"table": "t" * 61},
        {"outcome": 3},
        {"outcome": "age"},
        {"predictors": ()},
        {"predictors": "age"},
        {"predictors": ("age", "age")},
        {"predictors": ("age", 3)},
        {"predictors": tuple(f"c{at}" for at in range(MAX_COLUMNS + 1))},
        {"where": " "},
        {"where": "\ud800"},
        {"table": "t\n"},
        {"outcome": "co\u200bst"},
        {"where": True},
        {"where": "x" * (MAX_CONDITION + 1)},
    ],
)
def test_a_regression_of_anything_else_is_one_sentence(change: dict[str, Any]) -> None:
    assert isinstance(words_of(PrivateKind.OLS, {**OLS, **change}), Message)


@pytest.mark.parametrize("rows", [None, True, 0, -1, 1.0, "9", MAX_ROWS + 1])
def test_rows_are_a_whole_number_within_bounds(rows: object) -> None:
    assert isinstance(words_of(PrivateKind.SYNTHETIC, {**ROWS, "rows": rows}), Message)
    for fine in (1, MAX_ROWS):
        assert isinstance(words_of(PrivateKind.SYNTHETIC, {**ROWS, "rows": fine}), SyntheticWords)


# -- calls in a notebook

CALL = (
    'import bulle\nbulle.release_ols("cost_by_age", table="t", outcome="cost", predictors=["age", "sex"], '
    'where="age > 3", title="Cost by age", rho=0.1)'
)
WORDS = OlsWords("t", "cost", ("age", "sex"), "age > 3")
OUT = ["name", "table", "outcome", "predictors", "where", "title", "rho"]


def emitted(
    words: PrivateWords = WORDS, name: str = "cost_by_age", title: str = "Cost by age", rho: Any = "0.1"
) -> Any:
    kind = PrivateKind.OLS if isinstance(words, OlsWords) else PrivateKind.SYNTHETIC
    return display(data={PRIVATE_MIME: to_payload(to_emitted_private(kind, name, words, title, rho))})


def rules(*sources: str) -> list[str]:
    found = declarations(read(*(code(source) for source in sources)))
    return [item.rule if isinstance(item, DeclarationProblem) else str(item.name) for item in found]


def test_a_call_that_the_rerun_confirms_counts() -> None:
    (item,) = reconcile(read(code(CALL)), read(code(CALL, emitted())))
    assert item == DeclaredPrivate("cost_by_age", PrivateKind.OLS, WORDS, "Cost by age", Decimal("0.1"), 1)
    assert item.asked == (
        "bulle.release_ols('cost_by_age', table='t', outcome='cost', predictors=['age', 'sex'], where='age > 3')"
    )


def test_synthetic_rows_are_declared_alike() -> None:
    call = 'release_synthetic("rows", table="t", columns=("age",), rows=9, algorithm="mst")'
    source = f"from bulle import release_synthetic\n{call}"
    words = SyntheticWords("t", ("age",), 9, "mst")
    (item,) = reconcile(read(code(source)), read(code(source, emitted(words, "rows", "", None))))
    assert item == DeclaredPrivate("rows", PrivateKind.SYNTHETIC, words, "", None, 1)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ('"a", table="t", outcome="cost", predictors=["age"]', "a"),
        ('"a", table=name, outcome="cost", predictors=["age"]', "declaration.computed"),
        ('"a", table="t", outcome="cost", predictors=names', "declaration.computed"),
        ('"a", table="t", outcome="cost", predictors=[n for n in names]', "declaration.computed"),
        ('"a", table="t", outcome="cost", predictors=["age", *names]', "declaration.computed"),
        ('"a", table="t", outcome="cost", predictors=["age"], where=f"age > {limit}"', "declaration.computed"),
        ('"a", table="t", outcome="cost", predictors=["age"], rho=1 / 8', "declaration.computed"),
        ('"a", table="t", outcome="cost", predictors=["age"], scale=0', "declaration.computed"),
        ('"a", "t", "cost", ["age"]', "declaration.computed"),
        ('"A", table="t", outcome="cost", predictors=["age"]', "declaration.name"),
        ('"a", table="t", outcome="cost", predictors=["age"], title="two\\nlines"', "declaration.title"),
        ('"a", table="t", outcome="cost", predictors=["cost"]', "declaration.ols"),
        ('"a", outcome="cost", predictors=["age"]', "declaration.ols"),
        ('"a", table="t", outcome="cost", predictors=["age"], rho=0', "declaration.rho"),
        ('"a", table="t", outcome="cost", predictors=["age"], rho="NaN"', "declaration.rho"),
        ('"a", table="t", outcome="cost", predictors=["age"], rho="0.1000000001"', "declaration.rho"),
        ('"a", table="t", outcome="cost", predictors=["age"], rho=101', "declaration.rho"),
        ('"a", table="t", outcome="cost", predictors=["age"], rho=100', "a"),
    ],
)
def test_what_counts_and_by_which_rule_it_does_not(arguments: str, rule: str) -> None:
    assert rules(f"import bulle\nbulle.release_ols({arguments})") == [rule]


def test_what_data_could_switch_on_does_not_count() -> None:
    source = CALL.replace("bulle.release_ols", "secret and bulle.release_ols")
    assert rules(source) == ["declaration.conditional"]


def test_a_name_is_declared_once_by_whatever_call() -> None:
    other = 'bulle.release("cost_by_age", "SELECT 1")'
    assert rules(CALL, other) == ["declaration.twice"] * 2


@pytest.mark.parametrize(
    "made",
    [
        emitted(rho="0.2"),
        emitted(rho=None),
        emitted(title="Cost"),
        emitted(OlsWords("t", "cost", ("sex", "age"), "age > 3")),
        emitted(OlsWords("t", "cost", ("age", "sex"), None)),
        emitted(SyntheticWords("t", ("age",), 9, "mst")),
    ],
)
def test_a_rerun_that_says_something_else_refutes_it(made: Any) -> None:
    (item,) = reconcile(read(code(CALL)), read(code(CALL, made)))
    assert isinstance(item, DeclarationProblem)
    assert item.rule == "declaration.differs"


def test_missing_repeated_elsewhere_and_stray() -> None:
    def said(*cells: Any) -> list[str]:
        found = reconcile(read(code(CALL), code("1")), read(*cells))
        return [item.rule for item in found if isinstance(item, DeclarationProblem)]

    assert said(code(CALL), code("1")) == ["declaration.missing"]
    assert said(code(CALL, emitted(), emitted()), code("1")) == ["declaration.repeated"]
    assert said(code(CALL), code("1", emitted())) == ["declaration.repeated"]
    assert said(code(CALL, emitted()), code("1", emitted(name="forged"))) == ["declaration.stray"]


# -- what stands in an output


def test_a_payload_comes_back_and_nothing_else_is_read() -> None:
    made = to_emitted_private(PrivateKind.OLS, "a", WORDS, "", None)
    payload = to_payload(made)
    assert read_private(payload) == made
    for change in (
        {"schema": "bulle.private/2"},
        {"kind": "mst"},
        {"kind": ["ols"]},
        {"name": 3},
        {"name": "a\ud800"},
        {"rho": 0.1},
        {"rho": "NaN"},
        {"arguments": None},
        {"arguments": {**payload["arguments"], "noisy": [1]}},
        {"arguments": {**payload["arguments"], "predictors": "age"}},
        {"plan": "x"},
    ):
        assert read_private({**payload, **change}) is None, change


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(OUT), inner, max_size=4),
)


@given(JSON, st.sampled_from(["schema", "kind", "name", "arguments", "title", "rho"]))
def test_reading_never_raises(value: Any, key: str) -> None:
    payload = to_payload(to_emitted_private(PrivateKind.OLS, "a", WORDS, "", None))
    read_private(value)
    read_private({**payload, key: value})
