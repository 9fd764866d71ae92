"""Frames in a re-run's outputs are hostile input: anything but the one form is no declaration, and nothing raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.outputs.claims import DeclaredFrame
from egress.outputs.declarations import DeclarationProblem, declarations, reconcile
from egress.outputs.frames import MAX_ROWS, read_acro, read_frame
from tests.egress.outputs.frames import ACRO_CALL, CALL, acro, acro_payload, frame, payload
from tests.egress.outputs.notebooks import code, emitted, read

CELL = {"grouping": [0], "rows": 30, "persons": 20, "measures": [None]}


def rules(*sources: str) -> list[str]:
    found = declarations(read(*(code(source) for source in sources)))
    return [item.rule if isinstance(item, DeclarationProblem) else item.name for item in found]


def told(*outputs: Any, call: str = CALL, before: tuple[Any, ...] = ()) -> list[str]:
    """What a re-run with these outputs makes of a call: names, with a mark when they differ, or rules."""
    found = reconcile(read(code(call, *before)), read(code(call, *outputs)))
    return [
        item.rule if isinstance(item, DeclarationProblem) else item.name + "*" * getattr(item, "differs", False)
        for item in found
    ]


def test_a_frame_that_the_rerun_makes_counts() -> None:
    (item,) = reconcile(read(code(CALL)), read(code(CALL, frame())))
    assert isinstance(item, DeclaredFrame)
    assert item.claimed.rows == (("F", 30), ("M", 50))
    assert item.claimed.asked == "bulle.release_frame('by_sex', units='pid', by=['sex'], agg=['rows'])"
    assert not item.differs


@pytest.mark.parametrize(
    "call",
    [
        'import bulle\nbulle.release_frame("a", pd.crosstab(df.x, df.y), microdata=df, units="pid")',
        'import bulle\nbulle.release_frame(name="a", frame=f(1), units="pid", by=("x", "y"), values="c", agg="size")',
        'from bulle import release_frame\nrelease_frame("a", df, units="pid", by="x", margins=True, agg=["n"])',
        'from bulle.frame import release_frame as out\nout("a", df, units="pid", protect="none", title="A")',
    ],
)
def test_ways_to_write_it(call: str) -> None:
    assert rules(call.replace('agg="size"', 'agg="mean"')) == ["a"]


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        ('bulle.release_frame(name, df, units="pid")', "declaration.computed"),
        ('bulle.release_frame("a", df, units="pid", by=[column])', "declaration.computed"),
        ('bulle.release_frame("a", df, units="pid", by=["x" + "y"])', "declaration.computed"),
        ('bulle.release_frame("a", df, units="pid", colour="red")', "declaration.computed"),
        ('bulle.release_frame(*everything, units="pid")', "declaration.computed"),
        ('bulle.release_frame("a", df, **words)', "declaration.computed"),
        ('bulle.release_frame("a", df, units=f"{x}")', "declaration.computed"),
        ('bulle.release_frame("A b", df, units="pid")', "declaration.name"),
        ('bulle.release_frame("a", df)', "frame.units"),
        ('bulle.release_frame("a", df, units="p id")', "frame.units"),
        ('bulle.release_frame("a", df, units="pid", by=["x", "x"])', "frame.by"),
        ('bulle.release_frame("a", df, units="pid", by=["région"])', "frame.by"),
        ('bulle.release_frame("a", df, units="pid", by=[1])', "frame.by"),
        ('bulle.release_frame("a", df, units="pid", by=7)', "frame.by"),
        ('bulle.release_frame("a", df, units="pid", values="a b")', "frame.values"),
        ('bulle.release_frame("a", df, units="pid", values="c", agg="max")', "frame.agg"),
        ('bulle.release_frame("a", df, units="pid", agg="mean")', "frame.agg"),
        ('bulle.release_frame("a", df, units="pid", values="c", agg=["mean", "avg"])', "frame.agg"),
        ('bulle.release_frame("a", df, units="pid", margins=1)', "frame.margins"),
        ('bulle.release_frame("a", df, units="pid", protect="dp")', "declaration.protect"),
        ('bulle.release_frame("a", df, units="pid", title="a\\u200bb")', "declaration.title"),
        ('if secret: bulle.release_frame("a", df, units="pid")', "declaration.conditional"),
        ('bulle.release_acro("/etc")', "acro.folder"),
        ('bulle.release_acro("../other")', "acro.folder"),
        ('bulle.release_acro("a\\u202eb")', "acro.folder"),
        ("bulle.release_acro()", "acro.folder"),
        ("bulle.release_acro(folder)", "declaration.computed"),
    ],
)
def test_what_is_computed_or_wrong_does_not_count(call: str, rule: str) -> None:
    assert rules(f"import bulle\n{call}") == [rule]


def test_one_name_is_one_output_whatever_declares_it() -> None:
    both = 'import bulle\nbulle.release("a", "SELECT 1")\nbulle.release_frame("a", df, units="pid")'
    assert rules(both) == ["declaration.twice"] * 2


def test_the_rerun_counts_and_the_handed_in_table_is_compared() -> None:
    assert told(frame(), before=(frame(),)) == ["by_sex"]
    assert told(frame(), before=(frame(rows=[["F", 31], ["M", 50]]),)) == ["by_sex*"]
    assert told(frame(), before=(emitted("by_sex"),)) == ["by_sex"]


@pytest.mark.parametrize(
    "outputs",
    [
        (frame(units="other"),),
        (frame(agg=["persons"]),),
        (frame(), frame()),
        (emitted("by_sex"),),
        (frame(), emitted("by_sex")),
    ],
)
def test_a_rerun_that_says_something_else_contradicts_the_source(outputs: tuple[Any, ...]) -> None:
    assert told(*outputs) == ["declaration.differs"]


def test_a_table_that_nothing_declares_is_a_stray() -> None:
    assert told(frame(), frame(name="other")) == ["by_sex", "declaration.stray"]
    assert told() == ["declaration.missing"]
    assert told(frame(), acro()) == ["by_sex", "declaration.stray"]


def test_an_acro_folder_gives_an_output_per_table() -> None:
    assert told(acro(), call=ACRO_CALL) == ["acro_1"]
    assert told(acro(), call=ACRO_CALL, before=(acro(rows=[["2010", "G", 8]]),)) == ["acro_1*"]
    assert told(call=ACRO_CALL) == ["declaration.missing"]
    taken = ACRO_CALL + '\nbulle.release("acro_1", "SELECT 1")'
    assert told(acro(), emitted("acro_1"), call=taken) == ["declaration.twice", "acro_1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "bulle.frame/2"},
        {"name": 7},
        {"units": "p id"},
        {"by": "sex"},
        {"by": ["other"]},
        {"agg": ["max"]},
        {"margins": 1},
        {"keys": ["sex", "Sex"]},
        {"measures": []},
        {"measures": [{"name": "n", "agg": "rows", "of": "x", "binary": False, "whole": False}]},
        {"measures": [{"name": "n", "agg": "sum", "of": None, "binary": False, "whole": False}]},
        {"measures": [{"name": "sex", "agg": "rows", "of": None, "binary": False, "whole": False}]},
        {"rows": [["F", 30]]},
        {"rows": [["F", 30], ["F", 50]]},
        {"rows": [["F", 30, 1], ["M", 50, 1]]},
        {"rows": [["F", float("nan")], ["M", 50]]},
        {"rows": [["F", float("inf")], ["M", 50]]},
        {"rows": [["F", 1 << 80], ["M", 50]]},
        {"rows": [["F", "30"], ["M", 50]]},
        {"rows": [["F", True], ["M", 50]]},
        {"rows": [["F\x00", 30], ["M", 50]]},
        {"rows": [["F\u200b", 30], ["M", 50]]},
        {"rows": [["e\u0301", 30], ["M", 50]]},
        {"rows": [["F" * 101, 30], ["M", 50]]},
        {"rows": [["", 30], ["M", 50]]},
        {"rows": [[["F"], 30], ["M", 50]]},
        {"rows": [[None, 30], ["M", 50]]},
        {"rows": [["F", 30]] * (MAX_ROWS + 1)},
        {"evidence": []},
        {"evidence": [CELL, {**CELL, "rows": -1}]},
        {"evidence": [CELL, {**CELL, "persons": 1.5}]},
        {"evidence": [CELL, {**CELL, "grouping": [1]}]},
        {"evidence": [CELL, {**CELL, "grouping": [0, 0]}]},
        {"evidence": [CELL, {**CELL, "measures": []}]},
        {"evidence": [CELL, {**CELL, "measures": [{"a" * 30: 1}]}]},
        {"evidence": [CELL, {**CELL, "measures": [{"rows": "1"}]}]},
        {"more": 1},
    ],
)
def test_any_surprise_is_no_declaration(changes: dict[str, Any]) -> None:
    assert read_frame(payload()) is not None
    assert read_frame(payload(**changes)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": [["a", "b"]]},
        {"rows": [["a", "b\x00", 1]]},
        {"name": ""},
        {"measures": []},
        {"keys": ["a b", "c"]},
        {"x": 1},
    ],
)
def test_any_surprise_in_a_folder_is_no_declaration(changes: dict[str, Any]) -> None:
    assert read_acro(acro_payload()) is not None
    assert read_acro(acro_payload(**changes)) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(payload())), _JSON)
def test_reading_never_raises(field: str, value: Any) -> None:
    read_frame(payload(**{field: value}))
    read_frame(value)
    read_acro({"schema": "bulle.acro/1", "folder": "a", "tables": value})
