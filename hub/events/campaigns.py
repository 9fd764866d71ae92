"""Campaigns of habilitation review folded from the log: each campaign, and what it asks of people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from hub.events.chain import Event
from hub.policy.campaign import Answer, Campaign, Campaigns
from hub.policy.habilitation import Asked, Effect
from hub.policy.model import Person

KINDS_OF_REVIEW = ("campaign.opened", "campaign.closed", "membership.confirmed", "membership.withdrawn")
Persons = Mapping[str, Person]


def next_id(campaigns: Campaigns) -> str:
    """The id of the campaign that comes after these."""
    return f"review-{len(campaigns) + 1}"


def reviewed(campaigns: Campaigns, persons: Persons, event: Event) -> tuple[Campaigns, Persons]:
    """Campaigns and persons after one event of a review; of a campaign that was never opened it changes nothing."""
    identity = str(event.body["campaign"])
    if event.kind == "campaign.opened":
        found = _opened(identity, event)
        until = found.until if found.effect is Effect.CLOSE else None
        for project, person in found.asked:
            persons = _asking(persons, person, project, Asked(project=project, campaign=identity, until=until))
        return _with(campaigns, found), persons
    known = campaigns.get(identity)
    if known is None:
        return campaigns, persons
    if event.kind == "campaign.closed":
        return _with(campaigns, replace(known, closed=event.at)), persons
    person, confirmed = str(event.body["person"]), event.kind == "membership.confirmed"
    if event.actor == person:  # appended past the guard: nobody confirms themselves
        return campaigns, persons
    answer = Answer(confirmed, event.actor, event.at, str(event.body.get("why", "")))
    withdrawn = Asked(project=event.project, campaign=identity, until=None, withdrawn=True)
    persons = _asking(persons, person, event.project, None if confirmed else withdrawn)
    return _with(campaigns, known.answered((event.project, person), answer)), persons


def named_anew(persons: Persons, project: str, named: frozenset[str]) -> Persons:
    """After a version of the project's permit that names these: of the others nothing is asked any more, so that who
    is named again later begins anew.
    """
    for person in persons.values():
        if person.id not in named and any(each.project == project for each in person.standing.asked):
            persons = _asking(persons, person.id, project, None)
    return persons


def _opened(identity: str, event: Event) -> Campaign:
    body = event.body
    return Campaign(
        identity,
        event.actor,
        event.at,
        date.fromisoformat(body["until"]),
        Effect(body["effect"]),
        body["holders"] is True,
        tuple((str(project), str(person)) for project, person in body["asked"]),
    )


def _asking(persons: Persons, name: str, project: str, asked: Asked | None) -> Persons:
    person = persons.get(name)
    if person is None:
        return persons
    standing = person.standing.with_asked(project, asked)
    return MappingProxyType({**persons, name: person.model_copy(update={"standing": standing})})


def _with(campaigns: Campaigns, campaign: Campaign) -> Campaigns:
    return MappingProxyType({**campaigns, campaign.id: campaign})
