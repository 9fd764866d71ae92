"""Drafted by one administrator, issued by another, once; every step and every refusal in the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.administration.acts import Acting, draft, end_permit, issue_draft, withdraw_draft
from hub.administration.known import read_known
from hub.administration.papers import Fate
from hub.events.log import EventLog
from hub.policy.verdict import Refusal, RefusedError
from tests.hub.administration.world import NOW, TODAY, issue, other, planted, state_of
from tests.hub.policy.permits import RAW, a_permit

NEXT = a_permit(title="Care by region and year", tables={"stay": {"columns": ["region", "year"]}})


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return planted(tmp_path)


def as_(log: EventLog, actor: str, act: Callable[[Acting], object]) -> object:
    with log.transaction() as transaction:
        return act(Acting(transaction, *state_of(log), actor, "a test", NOW))


def drafted(log: EventLog, actor: str = "erin", permit: object = NEXT) -> str:
    return str(as_(log, actor, lambda act: draft(act, permit)))  # type: ignore[arg-type]  # a permit


def issued(log: EventLog, identity: str, actor: str = "frank", *, second: bool = True) -> str:
    """The rule that refuses, "" where it is issued."""
    known = read_known(None, state_of(log)[0], TODAY)
    refusal = as_(log, actor, lambda act: issue_draft(act, identity, known, second=second))
    return refusal.rule if isinstance(refusal, Refusal) else ""


def kinds(log: EventLog) -> list[str]:
    return [event.kind for event in log.read(kinds="permit.")]


def test_a_draft_becomes_the_next_version_by_a_second_administrator(log: EventLog) -> None:
    identity = drafted(log)
    enclave, papers = state_of(log)
    assert enclave.permits["care"] == a_permit()  # a draft opens nothing
    assert [each.id for each in papers.open_drafts()] == [identity] == ["care-draft-1"]
    assert issued(log, identity) == ""
    enclave, papers = state_of(log)
    assert enclave.permits["care"] == NEXT
    last = papers.permits["care"][-1]
    assert (last.by, last.drafted_by, last.draft) == ("frank", "erin", identity)
    assert papers.drafts[identity].fate is Fate.ISSUED


def test_why_a_draft_was_written_goes_into_the_version_that_it_becomes(log: EventLog) -> None:
    identity = str(as_(log, "erin", lambda act: draft(act, NEXT, "a second year")))
    assert state_of(log)[1].drafts[identity].why == "a second year"
    assert issued(log, identity) == ""
    papers = state_of(log)[1]
    assert papers.permits["care"][-1].why == papers.drafts[identity].why == "a second year"


def test_nobody_issues_what_they_drafted_unless_the_policy_lets_them(log: EventLog) -> None:
    identity = drafted(log)
    assert issued(log, identity, "erin") == "draft.own"
    assert kinds(log)[-1] == "permit.draft_refused"
    assert state_of(log)[0].permits["care"] == a_permit()
    assert issued(log, identity, "erin", second=False) == ""


@pytest.mark.parametrize("actor", ["alice", "dora", "mallory"])
def test_who_administers_nothing_drafts_issues_and_withdraws_nothing(log: EventLog, actor: str) -> None:
    identity = drafted(log)
    assert issued(log, identity, actor) == "administrator.none"
    with pytest.raises(RefusedError, match="no administrator"):
        drafted(log, actor)
    refusal = as_(log, actor, lambda act: withdraw_draft(act, identity, "because"))
    assert isinstance(refusal, Refusal)
    assert state_of(log)[1].drafts[identity].fate is Fate.OPEN


def test_a_draft_is_issued_once(log: EventLog) -> None:
    identity = drafted(log)
    assert [issued(log, identity), issued(log, identity)] == ["", "draft.closed"]
    assert kinds(log).count("permit.issued") == 2  # the one before, and this
    assert issued(log, "care-draft-9") == "draft.unknown"


def test_a_later_draft_replaces_the_open_one(log: EventLog) -> None:
    first, second = drafted(log), drafted(log, "frank", other(NEXT, rho="2"))
    assert issued(log, first) == "draft.closed"
    assert issued(log, second, "erin") == ""


def test_the_same_draft_again_is_the_one_that_waits(log: EventLog) -> None:
    assert drafted(log) == drafted(log)
    assert kinds(log).count("permit.drafted") == 1
    assert drafted(log, "frank") == "care-draft-2"  # somebody else's is another: it decides who may issue it


def test_what_was_issued_meanwhile_is_not_overwritten_unread(log: EventLog) -> None:
    identity = drafted(log)
    issue(log, a_permit(rho="3"))
    assert issued(log, identity) == "draft.stale"
    assert str(state_of(log)[0].permits["care"].rho) == "3"


def test_what_became_impossible_since_is_refused(log: EventLog) -> None:
    identity = drafted(log)
    log.append("admin", "person.removed", "", {"person": "alice", "why": "left"})
    assert issued(log, identity) == "person.unknown"


def test_a_draft_is_withdrawn_with_its_reason(log: EventLog) -> None:
    identity = drafted(log)
    assert as_(log, "frank", lambda act: withdraw_draft(act, identity, "one column too many")) is None
    found = state_of(log)[1].drafts[identity]
    assert (found.fate, found.why) == (Fate.WITHDRAWN, "one column too many")
    assert issued(log, identity) == "draft.closed"


def test_a_draft_that_changes_nothing_or_names_its_author_is_refused(log: EventLog) -> None:
    for permit in (a_permit(), other(NEXT, persons=[*RAW["persons"], {"person": "erin", "role": "researcher"}])):
        with pytest.raises(RefusedError):
            drafted(log, "erin", permit)
    assert "permit.drafted" not in kinds(log)


def test_a_permit_is_ended_once(log: EventLog) -> None:
    assert as_(log, "erin", lambda act: end_permit(act, "care", "withdrawn")) is True
    assert as_(log, "frank", lambda act: end_permit(act, "care", "withdrawn")) is False
    assert kinds(log).count("permit.ended") == 1
    with pytest.raises(RefusedError, match="no permit"):
        as_(log, "erin", lambda act: end_permit(act, "heart", "?"))


def test_events_written_by_hand_change_nothing(log: EventLog) -> None:
    before = state_of(log)[1]
    log.append("eve", "permit.drafted", "care", {"draft": "x", "permit": "{", "base": ""})
    log.append("eve", "permit.drafted", "other", {"draft": "x", "permit": NEXT.model_dump_json(), "base": ""})
    log.append("eve", "permit.draft_withdrawn", "care", {})
    assert state_of(log)[1] == before
