"""The table of transitions, and that no sequence of events leads around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.imports.fold import fold, next_number, placed_in
from egress.imports.status import STATUS_TURN, TRANSITIONS, ImportStatus, Turn, may_go
from tests.egress.imports.world import (
    APPROVED,
    ASKED,
    FROZEN,
    PLACED,
    REFUSED,
    REJECTED,
    REMOVED,
    SCANNED,
    WHOLE_WAY,
    WITHDRAWN,
    events,
    step,
)

ID = "costs-import-1"
S = ImportStatus


def test_every_status_has_a_row_a_turn_and_a_way_from_asking() -> None:
    assert set(TRANSITIONS) == set(STATUS_TURN) == set(S)
    reached, edge = {S.ASKED}, {S.ASKED}
    while edge:
        edge = {target for origin in edge for target in TRANSITIONS[origin]} - reached
        reached |= edge
    assert reached == set(S)


def test_nothing_is_placed_without_a_person_and_everything_can_be_taken_away() -> None:
    assert {origin for origin in S if may_go(origin, S.PLACED)} == {S.APPROVED}
    assert {origin for origin in S if may_go(origin, S.APPROVED)} == {S.IN_REVIEW}
    assert {origin for origin in S if may_go(origin, S.IN_REVIEW)} == {S.FROZEN}
    assert may_go(S.PLACED, S.WITHDRAWN)
    ends = {status for status in S if not TRANSITIONS[status]}
    assert {status for status in S if STATUS_TURN[status] is Turn.NOBODY} == ends | {S.PLACED}


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        *((WHOLE_WAY[:length], status) for length, status in enumerate(
            (S.ASKED, S.FROZEN, S.IN_REVIEW, S.APPROVED, S.PLACED, S.WITHDRAWN, S.REMOVED), start=1)),
        ((ASKED, FROZEN, REFUSED), S.REFUSED),
        ((ASKED, FROZEN, SCANNED, REJECTED), S.REJECTED),
        ((ASKED, FROZEN, SCANNED, REJECTED, APPROVED), S.REJECTED),
        ((ASKED, WITHDRAWN, REMOVED), S.REMOVED),
        ((ASKED, APPROVED, PLACED), S.ASKED),
        ((ASKED, FROZEN, PLACED), S.FROZEN),
        ((ASKED, FROZEN, SCANNED, PLACED), S.IN_REVIEW),
    ],
)  # fmt: skip
def test_events_lead_where_the_table_says(steps: tuple, status: ImportStatus) -> None:  # type: ignore[type-arg]
    assert fold(events(*steps))[ID].status is status


@pytest.mark.parametrize(
    "bad",
    [
        step("import.approved", "alice", report="c" * 64, comment=""),  # who asked
        step("import.approved", "carol", report="d" * 64, comment=""),  # another report
        step("import.approved", "carol", report="c" * 64, comment="", digest="e" * 64),  # other files
        step("import.approved", "carol", project="care", report="c" * 64, comment=""),
        step("import.approved", "carol", report="c" * 64),
    ],
)
def test_an_approval_that_is_none_changes_nothing(bad: tuple) -> None:  # type: ignore[type-arg]
    assert fold(events(ASKED, FROZEN, SCANNED, bad, PLACED))[ID].status is S.IN_REVIEW


def test_only_the_service_says_what_the_service_does() -> None:
    for mine in (FROZEN, SCANNED, PLACED, REMOVED):
        forged = (mine[0], "alice", *mine[2:])
        before = WHOLE_WAY[: WHOLE_WAY.index(mine)]
        assert fold(events(*before, forged)) == fold(events(*before))


def test_what_is_placed_counts_and_numbers_are_never_used_again() -> None:
    imports = fold(events(*WHOLE_WAY[:5]))
    assert [each.folder for each in placed_in(imports, "costs")] == ["import-1"]
    assert placed_in(imports, "care") == ()
    assert next_number(imports, "costs") == 2
    assert next_number(fold(events(*WHOLE_WAY)), "costs") == 2
    assert next_number(imports, "care") == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from((*WHOLE_WAY, REFUSED, REJECTED, step("import.failed", "egress", reason={"text": "x"}))),
        st.sampled_from(["egress", "alice", "carol", "mallory"]),
        st.sampled_from([{}, {"digest": "0" * 64}, {"report": None}, {"import": "costs-import-2"}, {"reasons": 3}]),
    ),
    max_size=14,
)


@given(STEPS)
def test_no_sequence_of_events_goes_around_the_table(steps: list) -> None:  # type: ignore[type-arg]
    log = events(
        ASKED, *((kind, actor, project, {**body, **change}) for (kind, _, project, body), actor, change in steps)
    )
    for length in range(1, len(log)):
        before, after = (fold(log[:end]).get(ID) for end in (length, length + 1))
        assert before is not None
        assert after is not None
        assert after.status is before.status or may_go(before.status, after.status)
        assert after.files == before.files
        if after.status is S.PLACED:
            assert after.decided is not None
            assert after.decided.by != after.person
