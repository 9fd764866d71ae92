"""`bulle person appoint` and `dismiss`: who administers the enclave, said where no browser's session reaches."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from bulle.cli.failure import refused
from bulle.cli.reason import why_option
from bulle.cli.settings import CHANNEL, Settings
from bulle.cli.shape import Command
from bulle.cli.state import enclave_of, opened
from hub.policy.administrators import may_appoint, may_dismiss
from hub.policy.verdict import Refusal
from hub.words import say


@click.command(
    "appoint",
    cls=Command,
    about=say(
        "Make the person ID an administrator of the enclave, who works at the admin's desk. Administrators work on no "
        "project's data or outputs."
    ),
    example='bulle person appoint erin --why "head of the data office"',
)
@click.argument("person_id", metavar="ID")
@why_option
@click.pass_obj
def appoint(settings: Settings, person_id: str, why: str) -> None:
    with opened(settings) as log, log.transaction() as transaction:
        enclave, today = enclave_of(transaction), datetime.now(UTC).date()
        verdict = may_appoint(enclave.persons.get(person_id), enclave.running(today))
        if isinstance(verdict, Refusal):
            raise refused(verdict.reason)
        body = {"person": person_id, "why": why, "channel": CHANNEL}
        transaction.append(settings.person(), "administrator.appointed", "", body)
    settings.print(say("{person} is an administrator of the enclave.", person=person_id))


@click.command(
    "dismiss",
    cls=Command,
    about=say("Make the person ID an administrator no more: their next click at the admin's desk is refused."),
    example='bulle person dismiss erin --why "changed posts"',
)
@click.argument("person_id", metavar="ID")
@why_option
@click.pass_obj
def dismiss(settings: Settings, person_id: str, why: str) -> None:
    with opened(settings) as log, log.transaction() as transaction:
        verdict = may_dismiss(enclave_of(transaction).persons.get(person_id))
        if isinstance(verdict, Refusal):
            raise refused(verdict.reason)
        body = {"person": person_id, "why": why, "channel": CHANNEL}
        transaction.append(settings.person(), "administrator.dismissed", "", body)
    settings.print(say("{person} is an administrator of the enclave no more.", person=person_id))
