"""The fold: what counts as spent, what makes no sense, and that no account goes over its cap."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.privacy.ledger import Balance, Caps, Ledger, Standing, balance, fold, may_reserve, nano
from hub.events.chain import Event
from hub.policy.verdict import Refusal
from tests.egress.release.requests import permit


def event(seq: int, kind: str, project: str = "p", **body: Any) -> Event:
    return Event(seq, "2026-11-22", "alice", kind, project, body, "", "")


def reserved(seq: int, nano_rho: Any, project: str = "p", source: str = "s", spec: str = "d") -> Event:
    return event(seq, "privacy.reserved", project, source=source, spec=spec, extract="e", nano_rho=nano_rho)


def released(seq: int, of: int, project: str = "p") -> Event:
    return event(seq, "privacy.released", project, reservation=of, answer={"noisy": []})


def lapsed(seq: int, of: int) -> Event:
    return event(seq, "privacy.lapsed", reservation=of, reason={})


def test_a_reservation_counts_whatever_becomes_of_it() -> None:
    ledger = fold([reserved(1, 5), reserved(2, 7), reserved(3, 11), released(4, 1), lapsed(5, 2)])
    assert [entry.standing for entry in ledger.entries] == [Standing.RELEASED, Standing.LAPSED, Standing.RESERVED]
    account = balance(ledger, "s", 30)
    assert account == Balance(spent=12, reserved=11, cap=30)
    assert account.left == 7


def test_projects_share_their_source_and_nothing_else() -> None:
    ledger = fold([reserved(1, 5, "p"), reserved(2, 7, "q"), reserved(3, 11, "q", source="other"), reserved(4, 1, "")])
    assert balance(ledger, "s", 100).reserved == 13
    assert balance(ledger, "s", 100, "q").reserved == 7
    assert balance(ledger, "other", 100).reserved == 11
    assert balance(ledger, "s", 100, "nobody").reserved == 0


@pytest.mark.parametrize(("asked", "rule"), [(9, None), (10, None), (11, "privacy.source_cap")])
def test_the_source_cap_is_reached_and_not_passed(asked: int, rule: str | None) -> None:
    ledger = fold([reserved(1, 10, "q"), released(2, 1, "q")])
    answer = may_reserve(ledger, "s", "p", asked, Caps(20, 15))
    assert (answer.rule if answer else None) == rule


@pytest.mark.parametrize(("asked", "rule"), [(4, None), (5, None), (6, "privacy.project_cap")])
def test_the_project_cap_is_reached_and_not_passed(asked: int, rule: str | None) -> None:
    ledger = fold([reserved(1, 10), reserved(2, 3, "q")])
    answer = may_reserve(ledger, "s", "p", asked, Caps(100, 15))
    assert (answer.rule if answer else None) == rule


@pytest.mark.parametrize("asked", [0, -1])
def test_nothing_and_less_is_not_reserved(asked: int) -> None:
    answer = may_reserve(Ledger(), "s", "p", asked, Caps(10, 10))
    assert isinstance(answer, Refusal)


@pytest.mark.parametrize(
    "bad",
    [
        reserved(2, -5),
        reserved(2, 0),
        reserved(2, 1.5),
        reserved(2, "7"),
        reserved(2, True),
        reserved(2, None),
        reserved(2, 5, source=""),
        event(2, "privacy.reserved", unreadable="{"),
        event(2, "privacy.released", reservation=1),
        event(2, "privacy.released", reservation=9, answer={}),
        event(2, "privacy.released", reservation=[1], answer={}),
        event(2, "privacy.lapsed"),
        released(2, 1, "q"),
    ],
)
def test_an_entry_that_makes_no_sense_stops_all_spending(bad: Event) -> None:
    ledger = fold([reserved(1, 5), bad, reserved(3, 1)])
    assert ledger.unreadable == 2
    refused = may_reserve(ledger, "s", "p", 1, Caps(100, 100))
    assert isinstance(refused, Refusal)
    assert refused.rule == "privacy.unreadable"


def test_a_reservation_ends_once() -> None:
    assert fold([reserved(1, 5), released(2, 1), released(3, 1)]).unreadable == 3
    assert fold([reserved(1, 5), lapsed(2, 1), released(3, 1)]).unreadable == 3


def test_stored_answers_are_of_the_same_spec_and_extract_and_exact_enough() -> None:
    ledger = fold([reserved(1, 5), reserved(2, 9), released(3, 1), released(4, 2), reserved(5, 20)])
    found = {asked: ledger.stored("d", "e", asked) for asked in (4, 5, 6, 9, 10)}
    assert {asked: entry.reservation.seq if entry else None for asked, entry in found.items()} == {
        4: 2,
        5: 2,
        6: 2,
        9: 2,
        10: None,
    }
    assert ledger.stored("d", "other", 1) is None
    assert ledger.stored("other", "e", 1) is None


def test_caps_are_rounded_down() -> None:
    assert nano(Decimal("0.0000000019")) == 1
    assert nano(Decimal("2.0")) == 2 * 10**9


def issued(seq: int, project: str, rho: str) -> Event:
    granted = permit(project=project, rho=Decimal(rho))
    return event(seq, "permit.issued", project, permit=granted.model_dump_json())


@pytest.mark.parametrize(("asked", "rule"), [(5, None), (6, "privacy.project_cap")])
@pytest.mark.parametrize("read_before", [0, 3, 1000])
def test_a_projects_cap_is_its_last_permits_whatever_was_read_before(
    asked: int, rule: str | None, read_before: int
) -> None:
    granted = [issued(1, "p", "0.000000009"), issued(2, "p", "0.000000015"), issued(3, "q", "1")]
    ledger = fold([*granted, reserved(4, 10)])
    answer = may_reserve(ledger, "s", "p", asked, Caps(1000, read_before))
    assert (answer.rule if answer else None) == rule


def test_a_permit_that_cannot_be_read_stops_all_spending() -> None:
    assert fold([event(1, "permit.issued", "p", permit="{")]).unreadable == 1


# What may happen: somebody asks for (rho, source, project, extract), or a reservation that is open ends in one way.
_ASK = st.tuples(
    st.integers(1, 40), st.sampled_from(["s", "t"]), st.sampled_from(["p", "q"]), st.sampled_from(["d", "e"])
)
_END = st.tuples(st.integers(0, 5), st.sampled_from(["privacy.released", "privacy.lapsed"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(_ASK, _END), max_size=40), st.sets(st.integers(0, 80)))
def test_whatever_order_asking_and_ending_come_in_no_account_goes_over_its_cap(
    steps: list[tuple[Any, ...]], looks: set[int]
) -> None:
    """Ends of several reservations lie between the asking of others; the ledger is carried on from where it stood."""
    events: list[Event] = []
    still_open: list[Event] = []
    caps, ledger, read = Caps(100, 60), Ledger(), 0
    for step in steps:
        seq = len(events) + 1
        if len(step) == 4:
            asked, source, project, extract = step
            ledger, read = fold(events[read:], ledger), len(events)
            if may_reserve(ledger, source, project, asked, caps) is None:
                body = {"source": source, "spec": "d", "extract": extract, "nano_rho": asked}
                events.append(event(seq, "privacy.reserved", project, **body))
                still_open.append(events[-1])
        elif still_open:
            ended = still_open.pop(step[0] % len(still_open))
            events.append(event(seq, step[1], ended.project, reservation=ended.seq, answer={}))
        if len(events) in looks:
            ledger, read = fold(events[read:], ledger), len(events)
    whole = fold(events)
    assert fold(events[read:], ledger) == whole
    assert whole.unreadable is None
    for source in ("s", "t"):
        parts = [balance(whole, source, 60, project) for project in ("p", "q")]
        total = balance(whole, source, 100)
        assert total.spent + total.reserved == sum(part.spent + part.reserved for part in parts) <= 100
        assert all(part.spent + part.reserved <= 60 for part in parts)
        held = [entry for entry in whole.entries if entry.reservation.source == source]
        assert total.reserved == sum(e.reservation.nano_rho for e in held if e.standing is Standing.RESERVED)
        assert total.spent == sum(e.reservation.nano_rho for e in held if e.standing is not Standing.RESERVED)
