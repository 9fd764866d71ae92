"""Habilitation reviews: opening one, the memberships it asks about, and a word on each."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part, Waiting
from egress.pages.memberships import MENDED, Step, confirming, shown, withdrawing
from egress.pages.visit import Visit
from hub import campaigns
from hub.events.state import Enclave
from hub.habilitation import lines, unknown
from hub.policy.campaign import UNANSWERED, Campaign, Word, due_on, standing_campaign
from hub.policy.people import HabilitationRule, read_people
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

NAME = "habilitations"
_NO_DAY = Refusal("campaign.too_soon", say("Give the last day as year, month and day: 2026-09-30."))
# A corrected form undoes these; the page comes back with the sentence.
_MENDED = MENDED | {
    *("campaign.too_soon", "campaign.nobody", "campaign.unanswered", "campaign.standing", "campaign.no_rule"),
}


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The list, one review, and its acts."""

    def listing(visit: Visit, situation: Situation) -> Response:
        return _list(desk, visit, situation)

    def show(visit: Visit, situation: Situation) -> Response:
        return _show(desk, visit, situation)

    def begin(visit: Visit, situation: Situation) -> Response:
        try:
            until, rule = _day(visit.form.get("until", "")), desk.policy_in(read_people).habilitation
            desk.act(visit.person, lambda acting: campaigns.open_campaign(acting, rule, until))
        except RefusedError as error:
            return _list(desk, visit, situation, _mended(error))
        return RedirectResponse(f"{desk.prefix}{NAME}", status_code=303)

    def confirm(visit: Visit, situation: Situation) -> Response:
        return _acted(desk, visit, situation, confirming(_campaign(visit), visit.form))

    def withdraw(visit: Visit, situation: Situation) -> Response:
        return _acted(desk, visit, situation, withdrawing(_campaign(visit), visit.form))

    def close(visit: Visit, situation: Situation) -> Response:
        return _acted(desk, visit, situation, lambda acting: campaigns.close(acting, _campaign(visit)))

    one = f"/{NAME}/{{campaign}}"
    return [
        Route(f"/{NAME}", doors.shown(listing), methods=["GET"]),
        Route(f"/{NAME}", doors.done(begin), methods=["POST"]),
        Route(one, doors.shown(show)),
        Route(f"{one}/confirm", doors.done(confirm), methods=["POST"]),
        Route(f"{one}/withdraw", doors.done(withdraw), methods=["POST"]),
        Route(f"{one}/close", doors.done(close), methods=["POST"]),
    ]


def _acted(desk: Desk, visit: Visit, situation: Situation, step: Step) -> Response:
    """All of it or nothing: what one rule refuses takes the others back."""
    try:
        desk.act(visit.person, step)
    except RefusedError as error:
        return _show(desk, visit, situation, _mended(error))
    return RedirectResponse(f"{desk.prefix}{NAME}/{_campaign(visit)}", status_code=303)


def _mended(error: RefusedError) -> Message:
    if error.refusal.rule not in _MENDED:
        raise error
    return error.refusal.reason


def _campaign(visit: Visit) -> str:
    return str(visit.request.path_params["campaign"])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise RefusedError(_NO_DAY) from None


def _list(desk: Desk, visit: Visit, situation: Situation, problem: Message | None = None) -> Response:
    enclave, today = situation.enclave, desk.clock().date()
    rule = desk.policy_in(read_people).habilitation
    return desk.page(
        visit,
        "habilitations.html",
        NAME,
        status=200 if problem is None else 422,
        found=[(each, _counts(each, enclave, today)) for each in reversed([*enclave.campaigns.values()])],
        unanswered=UNANSWERED,
        standing=standing_campaign(enclave.campaigns),
        rule=rule,
        due=_due(enclave, rule),
        today=today,
        first=today + timedelta(days=rule.answer_days.value) if rule else None,
        problem=problem,
        typed=visit.form if problem is not None else {},
    )


def _counts(campaign: Campaign, enclave: Enclave, today: date) -> Counter[Word]:
    return Counter(line.word for line in lines(campaign, enclave, today))


def _show(desk: Desk, visit: Visit, situation: Situation, problem: Message | None = None) -> Response:
    enclave, today = situation.enclave, desk.clock().date()
    found = enclave.campaigns.get(_campaign(visit))
    if found is None:
        raise RefusedError(unknown(_campaign(visit)))
    asked = lines(found, enclave, today)
    return desk.page(
        visit,
        "habilitation.html",
        NAME,
        status=200 if problem is None else 422,
        found=found,
        **shown(asked, enclave),
        counts=Counter(line.word for line in asked),
        left=sum(line.word in UNANSWERED for line in asked),
        unanswered=UNANSWERED,
        over=today > found.until,
        problem=problem,
        typed=visit.form if problem is not None else {},
    )


def _due(enclave: Enclave, rule: HabilitationRule | None) -> date | None:
    first = min((permit.valid_from for permit in enclave.permits.values()), default=None)
    return None if rule is None or first is None else due_on(enclave.campaigns, first, rule.interval_days.value)


def waiting(desk: Desk, situation: Situation, _person: str) -> tuple[Waiting, ...]:
    """A review with memberships that nobody said a word on, or one that is due."""
    enclave, today = situation.enclave, desk.clock().date()
    standing = standing_campaign(enclave.campaigns)
    if standing is not None:
        left = sum(line.word in UNANSWERED for line in lines(standing, enclave, today))
        told = say("{number} memberships of {review} wait for a word, until {day}.", number=left,
                   review=standing.id, day=standing.until.isoformat())  # fmt: skip
        if not left:
            told = say("All of {review} is answered; it can be closed.", review=standing.id)
        return (Waiting(told, f"{NAME}/{standing.id}", urgent=bool(left) and today > standing.until),)
    due = _due(enclave, desk.policy_in(read_people).habilitation)
    if due is None or due > today + timedelta(days=desk.policy.soon_days.value):
        return ()
    return (Waiting(say("A habilitation review is due on {day}.", day=due.isoformat()), NAME, urgent=due <= today),)


PART = Part(NAME, say("Habilitations"), routes, waiting)
