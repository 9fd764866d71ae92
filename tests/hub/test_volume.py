"""When the bytes of a session become an event: at the limit, at each doubling, once; never for what is no line."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.events.chain import Event
from hub.volume import Line, Meter, due, read_line, step_of, told, with_events, with_lines

LIMIT = 100
T = datetime.fromisoformat("2026-05-04T08:00:00+00:00").timestamp()


def event(seq: int, kind: str, actor: str = "alice", minute: int = 0, **body: Any) -> Event:
    return Event(seq, f"2026-05-04T08:{minute:02}:00.000+00:00", actor, kind, "p", body, "", "")


def started(seq: int, minute: int = 0, person: str = "alice") -> Event:
    return event(seq, "session.started", person, minute)


def line(size: int, after: float = 60, person: str = "alice", project: str = "p") -> Line:
    return Line(T + after, person, project, size)


def sent(meter: Meter) -> list[tuple[int, int]]:
    return [(each.session, each.sent) for each in due(meter, LIMIT)]


@pytest.mark.parametrize(
    ("size", "step"), [(0, 0), (99, 0), (100, 1), (199, 1), (200, 2), (399, 2), (400, 3), (401, 3)]
)
def test_a_step_at_the_limit_and_at_each_doubling(size: int, step: int) -> None:
    assert step_of(size, LIMIT) == step
    meter = with_lines(with_events(Meter(), [started(1)], LIMIT), [line(size)])
    assert bool(due(meter, LIMIT)) == bool(step)


def test_what_the_log_tells_is_not_told_again_until_it_doubles() -> None:
    meter = with_lines(with_events(Meter(), [started(1)], LIMIT), [line(60), line(50)])
    assert sent(meter) == [(1, 110)]
    told = event(2, "session.volume", "meter", person="alice", session=1, bytes=110)
    meter = with_events(meter, [told], LIMIT)
    assert sent(meter) == []
    assert sent(with_lines(meter, [line(89)])) == []
    assert sent(with_lines(meter, [line(90)])) == [(1, 200)]


def test_a_reader_that_starts_again_comes_to_the_same() -> None:
    events = [started(1), event(2, "session.volume", "meter", person="alice", session=1, bytes=110)]
    assert sent(with_lines(with_events(Meter(), events, LIMIT), [line(60), line(50)])) == []


def test_a_line_belongs_to_the_session_that_was_open() -> None:
    meter = with_events(Meter(), [started(1), started(2, minute=10), started(3, person="bob")], LIMIT)
    lines = [line(70, 599.9), line(70, 600), line(70, -1), line(70, project="other"), line(70, person="carol")]
    assert sent(with_lines(meter, lines)) == []
    assert sent(with_lines(meter, [*lines, line(30, 599)])) == [(1, 100)]
    assert sent(with_lines(meter, [*lines, line(30, 700)])) == [(2, 100)]


def test_of_each_session_the_last_word_is_kept() -> None:
    sizes = ((1, 100_000_000), (7, 120_000_000), (1, 200_999_999))
    events = [
        event(9 + n, "session.volume", "meter", person="alice", session=s, bytes=b) for n, (s, b) in enumerate(sizes)
    ]
    assert [each.megabytes for each in told([started(1), *events]).values()] == [120, 200]


@given(st.lists(st.integers(0, 300), max_size=12), st.integers(0, 12))
def test_in_parts_or_at_once(sizes: list[int], cut: int) -> None:
    begun, lines = with_events(Meter(), [started(1)], LIMIT), [line(size) for size in sizes]
    at_once = with_lines(begun, lines)
    assert with_lines(with_lines(begun, lines[:cut]), lines[cut:]) == at_once
    assert sent(at_once) == ([(1, sum(sizes))] if sum(sizes) >= LIMIT else [])


@given(
    st.text()
    | st.recursive(st.none() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x)).map(json.dumps)
)
def test_any_text_is_a_line_or_none(text: str) -> None:
    found = read_line(text)
    assert found is None or found.size >= 0


@pytest.mark.parametrize(
    "change",
    [
        *({"bytes": wrong} for wrong in (-1, "1", True, 1e9, 2**63)),
        *({"at": wrong} for wrong in ("x", -1, float("nan"), 2**50)),
        {"person": 1},
        {"project": None},
    ],
)
def test_a_line_with_another_shape_is_none(change: dict[str, Any]) -> None:
    right = {"at": 1.5, "person": "alice", "project": "p", "bytes": 7}
    assert read_line(json.dumps(right)) == Line(1.5, "alice", "p", 7)
    assert read_line(json.dumps({**right, **change})) is None
