"""What is done in a habilitation review, and the event that makes it so; the desk and the command line do the same.

Each raises RefusedError with the rule's sentence; nothing was appended then. `channel`: through what it was done.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hub.events.campaigns import next_id
from hub.events.log import Transaction
from hub.events.state import Enclave
from hub.habilitation import in_force, lines, may_answer, unknown
from hub.policy.administrators import may_administer
from hub.policy.campaign import closing_refusal, opening_refusal
from hub.policy.people import HabilitationRule
from hub.policy.reason import reason
from hub.policy.verdict import Grant, Refusal, RefusedError, require
from hub.words import say


def open_campaign(  # noqa: PLR0913, PLR0917 -- in which log, on what state, by whom, by which rule, until when, now
    transaction: Transaction,
    enclave: Enclave,
    by: str,
    rule: HabilitationRule | None,
    until: date | None,
    now: datetime,
    channel: str,
) -> str:
    """Ask about every membership in force, until `until` (None: for as many days as the policy gives); its id."""
    today = now.date()
    _administering(enclave, by, today)
    if rule is None:
        why = say("The policy says nothing of habilitation reviews (people.toml, [habilitation]); none can be opened.")
        raise RefusedError(Refusal("campaign.no_rule", why))
    days = rule.answer_days.value
    last = until or today + timedelta(days=days)
    asked = tuple(in_force(enclave, today))
    refusal = opening_refusal(enclave.campaigns, asked, last, days, today)
    if refusal is not None:
        raise RefusedError(refusal)
    identity = next_id(enclave.campaigns)
    body = {
        "campaign": identity,
        "until": last.isoformat(),
        "effect": str(rule.effect.value),
        "holders": rule.data_holders.value,
        "asked": [list(key) for key in asked],
        "channel": channel,
    }
    transaction.append(by, "campaign.opened", "", body)
    return identity


def answer(  # noqa: PLR0913, PLR0917 -- of which membership, in which campaign, what was said, by whom, why, when
    transaction: Transaction,
    enclave: Enclave,
    by: str,
    campaign: str,
    project: str,
    person: str,
    why: str,
    now: datetime,
    channel: str,
    *,
    confirmed: bool,
) -> None:
    """Confirm a membership, or withdraw it for a reason. The same word said again is said once."""
    require(may_answer(enclave, campaign, project, person, by, now.date()))
    said = "" if confirmed and not why.strip() else reason(why)
    if isinstance(said, Refusal):
        raise RefusedError(said)
    before = enclave.campaigns[campaign].answers.get((project, person))
    if before is not None and before.confirmed is confirmed:
        return
    body = {"campaign": campaign, "person": person, "channel": channel}
    kind = "membership.confirmed" if confirmed else "membership.withdrawn"
    transaction.append(by, kind, project, {**body, "why": said} if said else body)


def close(  # noqa: PLR0913, PLR0917 -- which campaign, in which log, on what state, by whom, when, through what
    transaction: Transaction, enclave: Enclave, by: str, campaign: str, now: datetime, channel: str
) -> None:
    """Be done with a campaign."""
    today = now.date()
    _administering(enclave, by, today)
    found = enclave.campaigns.get(campaign)
    if found is None:
        raise RefusedError(unknown(campaign))
    refusal = closing_refusal(found, (line.word for line in lines(found, enclave, today)), today)
    if refusal is not None:
        raise RefusedError(refusal)
    transaction.append(by, "campaign.closed", "", {"campaign": campaign, "channel": channel})


def _administering(enclave: Enclave, by: str, today: date) -> Grant:
    return require(may_administer(enclave.persons.get(by), today, enclave.stops))
