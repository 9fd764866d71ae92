"""What is news for whom: one's own requests, what waits for a checker, and nothing for who sees no page of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from egress.airlock.desk import Remarks
from egress.imports.guards import Asking
from egress.mail.matters import Asks, Matter, matters, recent
from egress.release.model import FrozenFile
from egress.release.review import Choice, Criterion, Vote
from hub.policy.review import ReviewRules
from hub.words import say
from tests.egress.web.planted import ATTACK, NOW, Planted, by_site, by_year, single_persons

ONE, TWO = "reste-a-charge-1", "reste-a-charge-2"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def news(planted: Planted, person: str, after: datetime = LONG_AGO) -> tuple[Matter, ...]:
    return matters(recent(planted.desk.look(), after), person, NOW.date())


def said(planted: Planted, person: str) -> list[tuple[str, str, Asks]]:
    return [(each.subject, each.page, each.asks) for each in news(planted, person)]


def vote(planted: Planted, request: str, checker: str, choice: Choice = Choice.APPROVE) -> None:
    found = planted.desk.look().request(request)
    votes = tuple(Vote(each.name, choice, "why", "", tuple(Criterion)) for each in found.reviewable)
    planted.desk.review(request, checker, votes, Remarks(), found.checks)


def test_a_checker_is_told_of_what_waits_and_the_author_of_what_became_of_it(planted: Planted) -> None:
    planted.rules = ReviewRules(checkers=1)
    planted.submit(ONE, title=ATTACK)
    assert said(planted, "alice") == said(planted, "carol") == []
    planted.checked(ONE, by_year())
    waiting = [(ONE, f"review/{ONE}", Asks.REVIEW)]
    assert (said(planted, "carol"), said(planted, "dora"), said(planted, "alice")) == (waiting, waiting, [])
    vote(planted, ONE, "carol")
    planted.release(ONE)
    assert said(planted, "carol") == said(planted, "dora") == []
    assert said(planted, "alice") == [(ONE, f"requests/{ONE}", Asks.NOTHING)]
    assert said(planted, "bob") == said(planted, "mallory") == said(planted, "hilda") == []
    planted.acts.recall(ONE, "carol", "a mistake")
    [recalled] = news(planted, "alice")
    assert recalled.state == "recalled"


def test_nothing_is_told_of_what_one_did_oneself(planted: Planted) -> None:
    planted.submit(ONE)
    planted.checked(ONE, by_site())
    planted.acts.send_back(ONE, "alice", "a typo")
    assert said(planted, "alice") == []
    planted.submit(TWO)
    planted.checked(TWO, by_site())
    planted.acts.send_back(TWO, "carol", "say more")
    assert said(planted, "alice") == [(TWO, f"requests/{TWO}", Asks.NOTHING)]


def test_who_has_voted_is_not_asked_again_until_reviews_differ(planted: Planted) -> None:
    planted.rules = ReviewRules(checkers=2)
    planted.submit(ONE)
    planted.checked(ONE, by_year())
    before = news(planted, "carol")
    vote(planted, ONE, "carol")
    assert news(planted, "carol") == ()
    vote(planted, ONE, "dora", Choice.REJECT)
    [after] = news(planted, "carol")
    assert after.asks is Asks.REVIEW
    assert after.digest("carol") != before[0].digest("carol")


def test_whose_agreement_the_rules_ask_for_is_told(planted: Planted) -> None:
    planted.rules = ReviewRules(checkers=1, approvers=("data_holder",))
    planted.submit(ONE)
    planted.checked(ONE, by_year())
    vote(planted, ONE, "carol")
    assert said(planted, "hilda") == [(ONE, f"requests/{ONE}", Asks.AGREEMENT)]
    planted.acts.answer(ONE, "hilda", "not yet", agrees=False)
    assert said(planted, "hilda") == []


def test_refusals_by_the_machine_and_at_the_door(planted: Planted) -> None:
    planted.submit(ONE)
    planted.checked(ONE, single_persons())
    planted.log.append("egress", "request.refused", "reste-a-charge", {"request": ONE, "reasons": []})
    body = {"entry": "a name of its sender", "reason": say("It holds no notebook.").to_dict()}
    planted.log.append("alice", "request.refused_entry", "reste-a-charge", body)
    assert said(planted, "alice") == [
        (ONE, f"requests/{ONE}", Asks.NOTHING),
        ("reste-a-charge", "requests", Asks.NOTHING),
    ]
    assert said(planted, "bob") == []


def test_imports(planted: Planted) -> None:
    files = (FrozenFile("tool.py", sha256(b"x = 1\n").hexdigest(), 6),)
    asking = Asking(ATTACK, ATTACK, ATTACK, files)
    found = planted.imports.ask("reste-a-charge", "alice", asking, lambda: planted.arrivals.put(b"x = 1\n"))
    for _ in range(2):
        planted.bring_in()
    page = f"imports/{found.id}"
    assert said(planted, "alice") == []
    assert said(planted, "carol") == [(found.id, page, Asks.APPROVAL)]
    report = planted.desk.look().imports[found.id].report
    planted.imports.decide(found.id, "carol", report, approve=False, comment="no")
    assert said(planted, "carol") == []
    assert said(planted, "alice") == [(found.id, page, Asks.NOTHING)]


def test_who_sees_no_page_of_it_any_more_is_told_nothing(planted: Planted) -> None:
    planted.submit(ONE)
    planted.checked(ONE, by_site())
    assert said(planted, "carol")
    planted.log.append("admin", "access.halted", "", {"scope": "person", "name": "carol", "why": "w"})
    assert said(planted, "carol") == []
    planted.permit("reste-a-charge", {"alice": "researcher", "carol": "output_checker"})
    assert said(planted, "dora") == []
    planted.log.append("admin", "person.removed", "", {"person": "alice", "why": "left"})
    planted.log.append("egress", "request.expired", "reste-a-charge", {"request": ONE})
    assert said(planted, "alice") == said(planted, "nobody") == []


def test_what_is_older_is_no_news(planted: Planted) -> None:
    planted.submit(ONE)
    planted.checked(ONE, by_site())
    [waiting] = news(planted, "carol")
    tick = timedelta(milliseconds=1)
    for after, told in ((waiting.since - tick, 1), (waiting.since, 1), (waiting.since + tick, 0)):
        assert len(news(planted, "carol", after)) == told


def test_a_subject_that_is_no_id_is_named_nowhere(planted: Planted) -> None:
    planted.submit("reste-a-charge-1\r\nBcc: eve@elsewhere.test")
    assert news(planted, "carol") == ()
    planted.checked("reste-a-charge-1\r\nBcc: eve@elsewhere.test", by_site())
    assert news(planted, "carol") == ()
