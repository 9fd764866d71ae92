"""A campaign of habilitation review: which memberships it asks about, until when, and what was answered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from hub.policy.habilitation import Effect
from hub.policy.verdict import Refusal
from hub.words import say

Key = tuple[str, str]  # a membership: project, person


class Word(StrEnum):
    """Where one membership of a campaign stands. `gone`: the permit ended or names the person no more."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    GONE = "gone"


# What people read for each.
SAID = MappingProxyType(
    {
        Word.WAITING: say("waits for a word"),
        Word.CONFIRMED: say("confirmed"),
        Word.WITHDRAWN: say("withdrawn: closed"),
        Word.OVERDUE: say("not confirmed in time"),
        Word.LAPSED: say("not confirmed in time: closed"),
        Word.GONE: say("named by no permit any more"),
    }
)
UNANSWERED = frozenset({Word.WAITING, Word.OVERDUE, Word.LAPSED})


@dataclass(frozen=True)
class Answer:
    """What somebody said of one membership, the last word counts; `at` UTC in ISO 8601."""

    confirmed: bool
    by: str
    at: str
    why: str


def _empty() -> Mapping[Key, Answer]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Campaign:
    """One campaign. `until` is its last day; `holders`: whether a project's data holder may answer, too. `closed` is
    when its administrators were done with it: an answer still counts afterwards, so that who was away is let in again.
    """

    id: str
    by: str
    at: str
    until: date
    effect: Effect
    holders: bool
    asked: tuple[Key, ...]
    answers: Mapping[Key, Answer] = field(default_factory=_empty)
    closed: str | None = None

    def answered(self, key: Key, answer: Answer) -> Campaign:
        """With one more answer."""
        return replace(self, answers=MappingProxyType({**self.answers, key: answer}))

    def word(self, key: Key, today: date, *, named: bool) -> Word:
        """Where the membership `key` stands today; `named`: whether a permit still gives it."""
        answer = self.answers.get(key)
        if not named:
            return Word.GONE
        if answer is not None:
            return Word.CONFIRMED if answer.confirmed else Word.WITHDRAWN
        if today <= self.until:
            return Word.WAITING
        return Word.LAPSED if self.effect is Effect.CLOSE else Word.OVERDUE


Campaigns = Mapping[str, Campaign]  # by id, in the order in which they were opened


def standing_campaign(campaigns: Campaigns) -> Campaign | None:
    """The campaign that is not closed."""
    return next((each for each in campaigns.values() if each.closed is None), None)


def opening_refusal(campaigns: Campaigns, asked: Iterable[Key], until: date, days: int, today: date) -> Refusal | None:
    """Why no campaign until `until` opens today; `days`: the least that the policy gives people to answer."""
    standing = standing_campaign(campaigns)
    if standing is not None:
        why = say("The habilitation review {campaign} is not closed yet; close it first.", campaign=standing.id)
        return Refusal("campaign.standing", why)
    if until < today + timedelta(days=days):
        why = say(
            "The policy gives people {days} days to answer, so the last day is {day} or later.",
            days=days,
            day=(today + timedelta(days=days)).isoformat(),
        )
        return Refusal("campaign.too_soon", why)
    if not tuple(asked):
        return Refusal("campaign.nobody", say("No permit in force names anybody; there is nothing to review."))
    return None


def closing_refusal(campaign: Campaign, words: Iterable[Word], today: date) -> Refusal | None:
    """Why `campaign` cannot be closed today, while its memberships stand as `words` say."""
    if campaign.closed is not None:
        why = say("The habilitation review {campaign} is closed already.", campaign=campaign.id)
        return Refusal("campaign.closed", why)
    left = sum(word in UNANSWERED for word in words)
    if left and today <= campaign.until:
        why = say(
            "{number} memberships have no answer yet; the review closes when they have one, or after its last day, "
            "{day}.",
            number=left,
            day=campaign.until.isoformat(),
        )
        return Refusal("campaign.unanswered", why)
    return None


def due_on(campaigns: Campaigns, first: date, interval_days: int) -> date:
    """When the next campaign is due; `first`: when the first membership began to count."""
    last = max((date.fromisoformat(each.at[:10]) for each in campaigns.values()), default=first)
    return last + timedelta(days=interval_days)
