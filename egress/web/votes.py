"""A review form's fields as what a checker says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from egress.airlock.desk import MAX_COMMENT, Remarks
from egress.release.review import Choice, Criterion, Vote
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

VOTE = "vote."
_TEXTS = ("comment", "note")
_MOST_MINUTES = 10_000


def words_in(form: Mapping[str, str], now: datetime) -> tuple[tuple[Vote, ...], Remarks]:
    """What the form says. Raises: RefusedError for a choice that is none, or a text that is too long."""
    if (problem := _too_long(form)) is not None:
        raise RefusedError(Refusal("review.too_long", problem))
    votes = tuple(_vote(field.removeprefix(VOTE), form) for field in form if field.startswith(VOTE))
    return votes, Remarks(form.get("comment", "").strip(), form.get("note", "").strip(), _minutes(form, now))


def _vote(name: str, form: Mapping[str, str]) -> Vote:
    choice = form[f"{VOTE}{name}"]
    if choice not in {str(choice) for choice in Choice}:
        raise RefusedError(Refusal("review.choice", say("A vote is to approve, to ask for changes, or to reject.")))
    comment, note = (form.get(f"{text}.{name}", "").strip() for text in _TEXTS)
    criteria = tuple(criterion for criterion in Criterion if f"criteria.{name}.{criterion}" in form)
    return Vote(name, Choice(choice), comment, note, criteria)


def _minutes(form: Mapping[str, str], now: datetime) -> int | None:
    """What the checker typed, else how long the page was open."""
    typed = form.get("minutes", "").strip()
    if typed:
        return min(int(typed), _MOST_MINUTES) if typed.isascii() and typed.isdigit() and len(typed) < 8 else None
    try:
        seconds = (now - datetime.fromisoformat(form.get("opened", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(round(seconds / 60), 0), _MOST_MINUTES)


def _too_long(form: Mapping[str, str]) -> Message | None:
    texts = [value for field, value in form.items() if field.partition(".")[0] in _TEXTS]
    if any(len(text) > MAX_COMMENT for text in texts):
        return say("A comment is longer than {most} characters; shorten it.", most=MAX_COMMENT)
    return None
