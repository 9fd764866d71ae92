"""Habilitation reviews over the enclave: which memberships count, how a campaign stands, who may answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from hub.events.state import Enclave
from hub.policy.administrators import may_administer
from hub.policy.campaign import Answer, Campaign, Key, Word
from hub.policy.habilitation import habilitation_refusal
from hub.policy.model import DataPermit, Role
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import say


@dataclass(frozen=True)
class Line:
    """One membership that a campaign asks about: what it is now, where it stands, and the last word on it."""

    project: str
    person: str
    roles: tuple[Role, ...]
    word: Word
    answer: Answer | None


def in_force(enclave: Enclave, today: date) -> Mapping[Key, frozenset[Role]]:
    """The memberships that count today: of permits that are neither over, nor ended, nor to come."""
    found: dict[Key, frozenset[Role]] = {}
    for project, permit in _permits(enclave, today).items():
        for name in dict.fromkeys(member.person for member in permit.persons):
            person = enclave.persons.get(name)
            if person is not None and habilitation_refusal(person.standing.asked, project, today) is None:
                found[project, name] = permit.roles_of(name)
    return found


def lines(campaign: Campaign, enclave: Enclave, today: date) -> tuple[Line, ...]:
    """The memberships of `campaign`, by project and person."""
    found, permits = [], _permits(enclave, today)
    for project, person in campaign.asked:
        roles = _roles(enclave, permits.get(project), person)
        word = campaign.word((project, person), today, named=bool(roles))
        found.append(Line(project, person, tuple(sorted(roles)), word, campaign.answers.get((project, person))))
    return tuple(sorted(found, key=lambda line: (line.project, line.person)))


def may_answer(enclave: Enclave, campaign: str, key: Key, by: str, today: date) -> Grant | Refusal:
    """An administrator says whether a person still needs a project, or its data holder where the policy lets them;
    nobody says it of themselves.
    """
    project, person = key
    found = enclave.campaigns.get(campaign)
    if found is None:
        return unknown(campaign)
    if key not in found.asked or not _roles(enclave, _permits(enclave, today).get(project), person):
        why = say(
            "The habilitation review {campaign} does not ask about {person} on project {project}, or no permit in "
            "force names them any more.",
            campaign=campaign,
            person=person[:64],
            project=project[:64],
        )
        return Refusal("campaign.not_asked", why)
    later = [each.id for each in _after(enclave, found) if key in each.asked]
    if later:
        why = say(
            "The later habilitation review {campaign} asks about this membership; answer there.", campaign=later[-1]
        )
        return Refusal("campaign.later", why)
    if by == person:
        return Refusal("campaign.own", say("You cannot confirm or withdraw your own access; somebody else must."))
    return _answering(enclave, found, project, by, today)


def unknown(campaign: str) -> Refusal:
    """There is no such campaign."""
    return Refusal(
        "campaign.unknown", say("There is no habilitation review called {campaign}.", campaign=campaign[:40])
    )


def _answering(enclave: Enclave, campaign: Campaign, project: str, by: str, today: date) -> Grant | Refusal:
    person, permit = enclave.persons.get(by), enclave.permits[project]
    verdict = may_administer(person, today, enclave.stops)
    if isinstance(verdict, Grant):
        return Grant(Act.ANSWER_REVIEW, by, project, verdict.rule)
    if person is None or Role.DATA_HOLDER not in permit.roles_of(by):
        return verdict
    if not campaign.holders:
        why = say(
            "The policy has only administrators answer in the habilitation review {campaign}.", campaign=campaign.id
        )
        return Refusal("campaign.administrators", why)
    halted = enclave.stops.on_person(by) or habilitation_refusal(person.standing.asked, project, today)
    return halted or Grant(Act.ANSWER_REVIEW, by, project, f"permit.{Role.DATA_HOLDER}")


def _after(enclave: Enclave, campaign: Campaign) -> Iterable[Campaign]:
    ids = list(enclave.campaigns)
    return (enclave.campaigns[each] for each in ids[ids.index(campaign.id) + 1 :])


def _roles(enclave: Enclave, permit: DataPermit | None, person: str) -> frozenset[Role]:
    return permit.roles_of(person) if permit is not None and person in enclave.persons else frozenset()


def _permits(enclave: Enclave, today: date) -> Mapping[str, DataPermit]:
    """The permits in force, by project."""
    return {permit.project: permit for permit in enclave.running(today) if permit.valid_from <= today}
