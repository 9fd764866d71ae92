"""The ledger: what became of each table, what counts as published for whom, and that races end one way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from egress.checks.model import Assurance, Outcome, Protection
from egress.release.fold import fold
from egress.release.ledger import Entry, Fate, ledger, published, standing
from egress.release.model import Lane, OutputRecord, ReleaseRequest, Standing
from egress.release.status import Status
from tests.egress.release.requests import about, checked, decided, events, given, no, record, rerun, submitted, yes

Act = tuple[str, str, Mapping[str, Any]]
A, B, FAILED = record("a"), record("b"), record("failed", Outcome.FAIL)
TO_REVIEW = (submitted(), rerun(), checked(A, B, FAILED))
DECIDED = (*TO_REVIEW, given("carol", yes("a"), no("b")), decided("a", rejected=("b",)))
RELEASED = about("egress", "request.released", package="5" * 64)
SOURCES = {"costs": "tiny"}


def request(*acts: Act) -> ReleaseRequest:
    return fold(events(*acts))["costs-1"]


def fates(*acts: Act) -> dict[str, Fate]:
    return {entry.output: entry.fate for entry in ledger([request(*acts)], SOURCES)}


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        (TO_REVIEW[:2], {}),
        (TO_REVIEW, {"a": Fate.PENDING, "b": Fate.PENDING, "failed": Fate.REFUSED}),
        (DECIDED, {"a": Fate.APPROVED, "b": Fate.REFUSED, "failed": Fate.REFUSED}),
        ((*DECIDED, RELEASED), {"a": Fate.RELEASED, "b": Fate.REFUSED, "failed": Fate.REFUSED}),
        (
            (*DECIDED, RELEASED, about("bob", "package.downloaded")),
            {"a": Fate.RELEASED, "b": Fate.REFUSED, "failed": Fate.REFUSED},
        ),
        (
            (*DECIDED, about("alice", "request.withdrawn")),
            {"a": Fate.WITHDRAWN, "b": Fate.REFUSED, "failed": Fate.REFUSED},
        ),
    ],
)
def test_the_fate_of_a_table_follows_its_request(acts: tuple[Act, ...], expected: dict[str, Fate]) -> None:
    assert fates(*acts) == expected


def test_noise_and_what_is_not_recomputed_is_not_in_it() -> None:
    noisy = record("noisy", protect=Protection.DP)
    frame = OutputRecord("frame", "", Assurance.REPRODUCED, Outcome.REVIEW, Protection.NONE, "0" * 64)
    assert fates(submitted(), rerun(), checked(noisy, frame, A)) == {"a": Fate.PENDING}


def test_the_time_is_that_of_the_release_also_after_the_download() -> None:
    found = ledger([request(*DECIDED, RELEASED, about("bob", "package.downloaded"))], SOURCES)
    assert {entry.at for entry in found if entry.fate is Fate.RELEASED} == {"2026-06-01T08:06:00.000+00:00"}


def entry(request: str, fate: Fate, source: str = "tiny", decided_at: str = "") -> Entry:
    return Entry(source, "costs", request, "a", "", "f" * 64, fate, "2026", decided_at)


@pytest.mark.parametrize("fate", Fate)
def test_only_what_leaves_counts_as_published(fate: Fate) -> None:
    here = request(*TO_REVIEW)
    counts = fate in {Fate.RELEASED, Fate.RECALLED, Fate.APPROVED}  # what was recalled has left, too
    assert bool(published([entry("costs-2", fate)], here, "tiny")) is counts
    assert not published([entry("costs-2", fate)], here, "other")
    assert not published([entry("costs-1", fate)], here, "tiny")  # its own earlier run


def test_of_two_that_were_decided_the_first_counts_for_the_second_only() -> None:
    here = request(*DECIDED)  # decided at 08:05
    before, after = "2026-06-01T08:04:59.999+00:00", "2026-06-01T08:05:00.001+00:00"
    assert published([entry("costs-2", Fate.APPROVED, decided_at=before)], here, "tiny")
    assert not published([entry("costs-2", Fate.APPROVED, decided_at=after)], here, "tiny")
    same = "2026-06-01T08:05:00.000+00:00"
    assert published([entry("costs-0", Fate.APPROVED, decided_at=same)], here, "tiny")
    assert not published([entry("costs-2", Fate.APPROVED, decided_at=same)], here, "tiny")


@settings(max_examples=50, deadline=None)
@property_of(st.permutations([entry(f"costs-{number}", Fate.RELEASED) for number in range(2, 6)]))
def test_the_standing_does_not_depend_on_order_and_changes_with_every_table(entries: list[Entry]) -> None:
    ordered = sorted(entries, key=lambda found: found.request)
    assert standing("tiny", entries) == standing("tiny", ordered)
    assert standing("tiny", entries[1:]).state != standing("tiny", entries).state


STOOD = Standing("tiny", "1" * 64, 0)


def rechecked(*outputs: OutputRecord, changed: bool = True, lane: str = "review") -> Act:
    actor, _, body = checked(*outputs, lane=lane)
    return actor, "request.rechecked", {**body, "changed": changed, "standing": STOOD.to_dict()}


def test_checks_that_changed_take_a_request_back_before_its_reviews() -> None:
    after = request(*DECIDED, rechecked(record("a", Outcome.REVIEW), B))
    assert after.status is Status.IN_REVIEW
    assert (after.reviews, after.decision) == ((), None)
    assert [(each.changed, each.void) for each in after.rechecks] == [(True, 1)]
    assert after.standing == STOOD
    again = fold(events(*DECIDED, rechecked(A, B), given("carol", yes("a"), yes("b")), decided("a", "b")))["costs-1"]
    assert again.status is Status.APPROVED  # the same checker may look at what is new


def test_checks_that_say_the_same_leave_it_where_it_is() -> None:
    after = request(*DECIDED, rechecked(record("z"), changed=False))
    assert after.status is Status.APPROVED
    assert [output.name for output in after.approved] == ["a"]
    assert after.standing == STOOD
    assert request(*TO_REVIEW, rechecked(changed=False)).status is Status.IN_REVIEW


def test_repeated_checks_never_let_go_what_people_had_to_look_at() -> None:
    after = request(*TO_REVIEW, rechecked(A, lane="automatic"))
    assert (after.status, after.lane) == (Status.IN_REVIEW, Lane.REVIEW)
    assert request(*TO_REVIEW, rechecked(A, lane="automatic"), decided("a")).status is Status.IN_REVIEW
    automatic = (submitted(), rerun(), checked(A, lane="automatic"), decided("a"))
    assert request(*automatic, rechecked(A, lane="automatic")).status is Status.CHECKED
    assert request(*automatic, rechecked(A)).status is Status.IN_REVIEW


def test_what_repeated_checks_refuse_altogether_is_refused() -> None:
    refused = about("egress", "request.refused", reasons=[])
    assert request(*DECIDED, rechecked(FAILED, lane="refused"), refused).status is Status.REFUSED


@pytest.mark.parametrize("acts", [TO_REVIEW[:1], TO_REVIEW[:2], (*DECIDED, RELEASED)])
def test_elsewhere_repeated_checks_change_nothing(acts: tuple[Act, ...]) -> None:
    assert request(*acts, rechecked(A)) == request(*acts)


def test_logs_older_than_the_ledger_still_fold() -> None:
    old = request(*TO_REVIEW)
    assert old.standing is None
    assert {found.fingerprint for found in ledger([old], SOURCES)} == {None}
    assert {found.source for found in ledger([old], SOURCES)} == {"tiny"}
    kept = OutputRecord.from_dict(
        OutputRecord("a", "", A.assurance, A.outcome, A.protect, "0" * 64, "9" * 64).to_dict()
    )
    assert kept.fingerprint == "9" * 64
    assert "fingerprint" not in A.to_dict()


def test_a_vote_is_about_the_checks_it_has_seen() -> None:
    one, other = request(*TO_REVIEW), request(*DECIDED, rechecked(A, B))
    assert one.checks == request(*DECIDED).checks
    assert one.checks != other.checks
