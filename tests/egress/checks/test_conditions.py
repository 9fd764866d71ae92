"""What is read of an aggregate's condition, and what two conditions are to each other, against all values."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.checks.conditions import ONE, Relation, part_of, relation
from egress.query.model import Call, Case, ColumnRef, Expression, Literal, Query
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue

CATALOGUE = catalogue()
X, Y, FLAG = ColumnRef("t", "x"), ColumnRef("t", "y"), ColumnRef("t", "flag")


def number(value: int) -> Literal:
    return Literal(value, published=True)


def atom(function: str, value: int, column: ColumnRef = X) -> Call:
    return Call(function, (column, number(value)))


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        (atom("ge", 65), atom("ge", 60), Relation.INSIDE),
        (atom("ge", 60), atom("ge", 65), Relation.AROUND),
        (atom("gt", 60), atom("ge", 60), Relation.INSIDE),
        (atom("ge", 60), atom("lt", 60), Relation.DISJOINT),
        (atom("ge", 60), atom("le", 60), Relation.UNKNOWN),
        (Call("not", (atom("lt", 60),)), atom("ge", 60), Relation.EQUAL),
        (atom("eq", 1), atom("eq", 2), Relation.DISJOINT),
        (atom("eq", 1), Call("in", (X, number(1), number(2))), Relation.INSIDE),
        (atom("ne", 1), atom("eq", 1), Relation.DISJOINT),
        (atom("eq", 2), atom("ne", 1), Relation.INSIDE),
        (Call("between", (X, number(1), number(3))), atom("le", 3), Relation.INSIDE),
        (FLAG, Call("not", (FLAG,)), Relation.DISJOINT),
        (Call("same", (FLAG, Literal(True, published=True))), FLAG, Relation.EQUAL),
        (atom("ge", 1), atom("ge", 1, Y), Relation.UNKNOWN),
        (Call("lt", (number(60), X)), atom("ge", 60), Relation.INSIDE),
        (Call("eq", (X, Y)), Call("eq", (X, Y)), Relation.EQUAL),
    ],
)
def test_how_one_condition_lies_to_another(one: Expression, other: Expression, how: Relation) -> None:
    assert relation((one,), (other,)) is how


def _true(condition: Expression, x: int, y: int) -> bool:
    """The condition itself, worked out: the oracle."""
    assert isinstance(condition, Call)
    if condition.function == "not":
        return not _true(condition.arguments[0], x, y)
    subject, *rest = condition.arguments
    value = x if subject == X else y
    first, *others = (argument.value for argument in rest if isinstance(argument, Literal))
    return {
        "eq": value == first,
        "ne": value != first,
        "lt": value < first,  # type: ignore[operator]  # numbers
        "le": value <= first,  # type: ignore[operator]
        "gt": value > first,  # type: ignore[operator]
        "ge": value >= first,  # type: ignore[operator]
        "in": value in (first, *others),
        "between": bool(others) and first <= value <= others[0],  # type: ignore[operator]
    }[condition.function]


def _atoms() -> st.SearchStrategy[Expression]:
    small, column = st.integers(0, 4), st.sampled_from([X, Y])
    simple = st.builds(atom, st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), small, column)
    several = st.builds(
        lambda column, one, other, name: Call(name, (column, number(min(one, other)), number(max(one, other)))),
        column,
        small,
        small,
        st.sampled_from(["in", "between"]),
    )
    plain = simple | several
    return plain | plain.map(lambda inner: Call("not", (inner,)))


@settings(max_examples=200, deadline=None)
@given(st.lists(_atoms(), min_size=1, max_size=3).map(tuple), st.lists(_atoms(), min_size=1, max_size=3).map(tuple))
def test_what_is_said_is_true_of_all_values(one: tuple[Expression, ...], other: tuple[Expression, ...]) -> None:
    values = list(product(range(-1, 6), repeat=2))
    left, right = (
        {(x, y) for x, y in values if all(_true(part, x, y) for part in condition)} for condition in (one, other)
    )
    holds = {
        Relation.EQUAL: left == right,
        Relation.INSIDE: left <= right,
        Relation.AROUND: right <= left,
        Relation.DISJOINT: not left & right,
        Relation.UNKNOWN: True,
    }
    assert holds[relation(one, other)]


@pytest.mark.parametrize(
    ("sql", "value", "conditions", "zero"),
    [
        ("sum(cost)", ColumnRef("stay", "cost"), 0, False),
        ("sum(cost) FILTER (WHERE nights >= 60)", ColumnRef("stay", "cost"), 1, False),
        ("sum(CASE WHEN nights >= 60 THEN cost ELSE 0 END)", ColumnRef("stay", "cost"), 1, True),
        ("sum(CASE WHEN nights >= 60 AND year = 2021 THEN cost END)", ColumnRef("stay", "cost"), 2, False),
        (
            "sum(CASE WHEN nights >= 60 THEN CASE WHEN year = 2021 THEN cost END END)",
            ColumnRef("stay", "cost"),
            2,
            False,
        ),
        ("count(*) FILTER (WHERE nights >= 60)", ONE, 1, True),
        ("count_if(nights >= 60)", ONE, 1, True),
        ("sum(cost * CAST(nights >= 60 AS INTEGER))", ColumnRef("stay", "cost"), 1, True),
        ("sum(CASE WHEN nights >= 60 THEN 1 ELSE 0 END * cost)", ColumnRef("stay", "cost"), 1, True),
    ],
)
def test_what_is_read_of_a_measure(sql: str, value: Expression, conditions: int, zero: bool) -> None:
    query = parse(f"SELECT {sql} AS n FROM stay", CATALOGUE, frozenset({"person", "stay"}))
    assert isinstance(query, Query), query
    (found,) = query.measures
    assert found.argument is not None
    part = part_of(found.argument)
    assert (part.value, len(part.conditions), part.zero) == (value, conditions, zero)


def test_a_case_of_several_conditions_is_left_as_it_is() -> None:
    case = Case(((atom("eq", 1), number(1)), (atom("eq", 2), number(0))), None)
    assert part_of(case).value == case
