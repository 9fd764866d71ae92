"""Parts of a whole: never claimed when data could say otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy.filters import Compared, Joined, OneOf, Predicate, holds
from egress.privacy.parts import is_part
from egress.privacy.spec import Kind, Statistic

FEMALE, OLD = OneOf("t.sex", ("F",)), Compared("t.age", "ge", 65)
BOTH, EITHER = Joined("all", (FEMALE, OLD)), Joined("any", (FEMALE, OLD))
ROWS, PERSONS, VALUES = Statistic(Kind.ROWS), Statistic(Kind.PERSONS), Statistic(Kind.VALUES, "t.cost")
COST = Statistic(Kind.TOTAL, "t.cost", 0, 0, 100)


@pytest.mark.parametrize(
    ("part", "whole", "is_one"),
    [
        (replace(ROWS, where=FEMALE), ROWS, True),
        (ROWS, replace(ROWS, where=FEMALE), False),
        (replace(ROWS, where=FEMALE), replace(ROWS, where=OLD), False),
        (replace(ROWS, where=BOTH), replace(ROWS, where=OLD), True),
        (replace(ROWS, where=OLD), replace(ROWS, where=EITHER), True),
        (replace(ROWS, where=EITHER), replace(ROWS, where=BOTH), False),
        (replace(PERSONS, where=OLD), PERSONS, True),
        (ROWS, PERSONS, False),  # rows per person: more than 1
        (VALUES, ROWS, True),
        (ROWS, VALUES, False),
        (VALUES, replace(VALUES, column="t.other"), False),
        (replace(COST, where=OLD), COST, True),
        (replace(COST, where=OLD, low=-1), replace(COST, low=-1), False),  # what is left may be negative
        (replace(COST, where=OLD), ROWS, False),
    ],
)
def test_parts_and_wholes(part: Statistic, whole: Statistic, *, is_one: bool) -> None:
    assert is_part(part, whole) is is_one


LEAVES = st.sampled_from([FEMALE, OLD, Compared("t.age", "lt", 20), OneOf("t.sex", ("M",))])
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Joined, st.sampled_from(("all", "any")), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(PREDICATES, PREDICATES)
def test_no_row_passes_the_part_and_not_the_whole(narrow: Predicate, wide: Predicate) -> None:
    if is_part(replace(ROWS, where=narrow), replace(ROWS, where=wide)):
        for sex in ("F", "M"):
            for age in (10, 40, 70):
                row = {"t.sex": sex, "t.age": age}
                assert not holds(narrow, row) or holds(wide, row)
