"""What is done in a habilitation review, and the event that makes it so; the desk and the command line do the same.

Each raises RefusedError with the rule's sentence; nothing was appended then.
"""

from __future__ import annotations

from datetime import date, timedelta

from hub.administration.acts import Acting
from hub.events.campaigns import next_id
from hub.habilitation import in_force, lines, may_answer, unknown
from hub.policy.administrators import may_administer
from hub.policy.campaign import closing_refusal, opening_refusal
from hub.policy.people import HabilitationRule
from hub.policy.reason import reason
from hub.policy.verdict import Refusal, RefusedError, require
from hub.words import say


def open_campaign(acting: Acting, rule: HabilitationRule | None, until: date | None) -> str:
    """Ask about every membership in force, until `until` (None: for as many days as the policy gives); its id."""
    _administering(acting)
    if rule is None:
        why = say("The policy says nothing of habilitation reviews (people.toml, [habilitation]); none can be opened.")
        raise RefusedError(Refusal("campaign.no_rule", why))
    enclave, days = acting.enclave, rule.answer_days.value
    last = until or acting.today + timedelta(days=days)
    asked = tuple(in_force(enclave, acting.today))
    refusal = opening_refusal(enclave.campaigns, asked, last, days, acting.today)
    if refusal is not None:
        raise RefusedError(refusal)
    identity = next_id(enclave.campaigns)
    acting.append(
        "campaign.opened",
        "",
        campaign=identity,
        until=last.isoformat(),
        effect=str(rule.effect.value),
        holders=rule.data_holders.value,
        asked=[list(key) for key in asked],
    )
    return identity


def confirm(acting: Acting, campaign: str, project: str, person: str) -> None:
    """Say that `person` still needs `project`; said again it is said once."""
    _answer(acting, campaign, project, person, "")


def withdraw(acting: Acting, campaign: str, project: str, person: str, why: str) -> None:
    """Say that `person` needs `project` no more, and why."""
    said = reason(why)
    if isinstance(said, Refusal):
        raise RefusedError(said)
    _answer(acting, campaign, project, person, said)


def close(acting: Acting, campaign: str) -> None:
    """Be done with a campaign."""
    _administering(acting)
    found = acting.enclave.campaigns.get(campaign)
    if found is None:
        raise RefusedError(unknown(campaign))
    words = (line.word for line in lines(found, acting.enclave, acting.today))
    refusal = closing_refusal(found, words, acting.today)
    if refusal is not None:
        raise RefusedError(refusal)
    acting.append("campaign.closed", "", campaign=campaign)


def _answer(acting: Acting, campaign: str, project: str, person: str, why: str) -> None:
    """A reason withdraws; nobody confirms for one."""
    require(may_answer(acting.enclave, campaign, (project, person), acting.actor, acting.today))
    before = acting.enclave.campaigns[campaign].answers.get((project, person))
    if before is not None and before.confirmed is not bool(why):
        return
    if why:
        acting.append("membership.withdrawn", project, campaign=campaign, person=person, why=why)
    else:
        acting.append("membership.confirmed", project, campaign=campaign, person=person)


def _administering(acting: Acting) -> None:
    require(may_administer(acting.person, acting.today, acting.enclave.stops))
