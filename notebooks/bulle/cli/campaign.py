"""`bulle campaign`: habilitation reviews, in which every membership of a project is confirmed or withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bulle.cli.acting import acting
from bulle.cli.closing import wait_closed
from bulle.cli.failure import Code, granted, refused
from bulle.cli.permit import policies_option
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened, policy_stop
from bulle.cli.table import aligned
from hub import campaigns
from hub.administration.acts import Acting
from hub.events.log import utc_now
from hub.habilitation import Line, lines, unknown
from hub.policy.answers import Answers, Said, answers_toml
from hub.policy.campaign import SAID, UNANSWERED, Campaign
from hub.policy.files import PolicyFileError, read_toml
from hub.policy.people import HabilitationRule, read_people
from hub.words import say

command = Group(
    "campaign",
    about=say(
        "Habilitation reviews: from time to time an administrator asks about every membership of a project. Who is not "
        "confirmed by the last day is out from the next, where people.toml says close."
    ),
)

_json = option("--json", "as_json", about=say("Print JSON."), is_flag=True)


@command.command(
    "open",
    cls=Command,
    about=say("Ask about every membership in force. Only administrators do."),
    example="bulle campaign open --until 2026-09-30 --as erin",
)
@option(
    "--until",
    about=say("The last day (default: as many days as people.toml gives)."),
    type=click.DateTime(["%Y-%m-%d"]),
)
@policies_option
@click.pass_obj
def open_(settings: Settings, until: datetime | None, policies: Path | None) -> None:
    rule, last = _rule(policies), until.date() if until else None
    with _acting(settings) as act:
        identity = campaigns.open_campaign(act, rule, last)
        found = enclave_of(act.transaction).campaigns[identity]
    settings.print(
        say(
            "{number} memberships are asked about in {campaign}, until {day}.",
            number=len(found.asked),
            campaign=identity,
            day=found.until.isoformat(),
        )
    )


@command.command(
    "list",
    cls=Command,
    about=say("The reviews, or with CAMPAIGN its memberships and what was said of each."),
    example="bulle campaign list review-1 --json",
)
@click.argument("campaign", required=False)
@option("--unanswered", about=say("Only what has no answer."), is_flag=True)
@option("--toml", "as_toml", about=say("Write a file to answer in, for bulle campaign answer."), is_flag=True)
@_json
@click.pass_obj
def list_(settings: Settings, campaign: str | None, *, unanswered: bool, as_toml: bool, as_json: bool) -> None:
    with opened(settings) as log:
        enclave, today = enclave_of(log), utc_now().date()
    if campaign is not None and campaign not in enclave.campaigns:
        raise refused(unknown(campaign).reason)
    found = [each for each in enclave.campaigns.values() if campaign in {None, each.id}]
    asked = {
        each.id: [line for line in lines(each, enclave, today) if not unanswered or line.word in UNANSWERED]
        for each in found
    }
    if as_json:
        answer = [_described(each, asked[each.id]) for each in found]
        settings.print_json({"schema": "bulle.campaigns/1", "campaigns": answer})
    elif as_toml and campaign is not None:
        click.echo(answers_toml(campaign, [(line.project, line.person) for line in asked[campaign]]), nl=False)
    elif not found:
        settings.print(say("No habilitation review was opened yet."))
    elif campaign is None:
        _print_campaigns(settings, found, asked)
    else:
        _print_lines(settings, asked[campaign])


@command.command(
    "confirm",
    cls=Command,
    about=say("Confirm that PERSON still needs PROJECT; also after the last day, who was away is let in again."),
    example="bulle campaign confirm review-1 my-study alice --as erin",
)
@click.argument("campaign")
@click.argument("project")
@click.argument("person")
@click.pass_obj
def confirm(settings: Settings, campaign: str, project: str, person: str) -> None:
    with _acting(settings) as act:
        campaigns.confirm(act, campaign, project, person)
    settings.print(say("The access of {person} to project {project} is confirmed.", person=person, project=project))


@command.command(
    "withdraw",
    cls=Command,
    about=say("Withdraw PERSON from PROJECT: they are out within seconds."),
    example='bulle campaign withdraw review-1 my-study alice --why "left the team" --as erin',
)
@click.argument("campaign")
@click.argument("project")
@click.argument("person")
@why_option
@click.pass_obj
def withdraw(settings: Settings, campaign: str, project: str, person: str, why: str) -> Code:
    with _acting(settings) as act:
        campaigns.withdraw(act, campaign, project, person, why)
    settings.print(say("The access of {person} to project {project} is withdrawn.", person=person, project=project))
    with opened(settings) as log:
        return wait_closed(settings, log)


@command.command(
    "answer",
    cls=Command,
    about=say("Answer as FILE says, all of it or nothing; bulle campaign list CAMPAIGN --toml writes such a file."),
    example="bulle campaign list review-1 --toml > answers.toml\nbulle campaign answer answers.toml --as erin",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def answer(settings: Settings, file: Path) -> Code:
    try:
        answers = read_toml(file, Answers)
    except PolicyFileError as error:
        raise policy_stop(error) from error
    with _acting(settings) as act:
        number = _answered(act, answers)
    settings.print(say("{number} answers are given in {campaign}.", number=number, campaign=answers.campaign))
    with opened(settings) as log:
        return wait_closed(settings, log)


def _answered(act: Acting, answers: Answers) -> int:
    for each in answers.membership:
        if each.answer is Said.CONFIRM:
            campaigns.confirm(act, answers.campaign, each.project, each.person)
        elif each.answer is Said.WITHDRAW:
            campaigns.withdraw(act, answers.campaign, each.project, each.person, each.why)
    return sum(each.answer is not Said.LATER for each in answers.membership)


@command.command(
    "close",
    cls=Command,
    about=say("Be done with CAMPAIGN, once all is answered or its last day is over. Nobody's access changes by it."),
    example="bulle campaign close review-1 --as erin",
)
@click.argument("campaign")
@click.pass_obj
def close(settings: Settings, campaign: str) -> None:
    with _acting(settings) as act:
        campaigns.close(act, campaign)
    settings.print(say("The habilitation review {campaign} is closed.", campaign=campaign))


@contextmanager
def _acting(settings: Settings) -> Iterator[Acting]:
    """One act. Raises: StopError."""
    with opened(settings) as log, acting(settings, log) as act, granted():
        yield act


def _rule(policies: Path | None) -> HabilitationRule | None:
    try:
        return read_people(policies).habilitation
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error


def _print_campaigns(settings: Settings, found: list[Campaign], asked: dict[str, list[Line]]) -> None:
    titles = (
        say("review"),
        say("opened"),
        say("last day"),
        say("memberships"),
        say("without an answer"),
        say("closed"),
    )
    rows = [
        (
            each.id,
            each.at[:10],
            each.until,
            len(asked[each.id]),
            sum(line.word in UNANSWERED for line in asked[each.id]),
            (each.closed or "-")[:10],
        )
        for each in found
    ]
    click.echo(aligned([settings.text(title) for title in titles], rows))


def _print_lines(settings: Settings, asked: list[Line]) -> None:
    titles = (say("project"), say("person"), say("roles"), say("standing"), say("by"), say("why"))
    rows = [
        (
            line.project,
            line.person,
            ", ".join(line.roles) or "-",
            settings.text(SAID[line.word]),
            line.answer.by if line.answer else "-",
            (line.answer.why if line.answer else "") or "-",
        )
        for line in asked
    ]
    click.echo(aligned([settings.text(title) for title in titles], rows))


def _described(campaign: Campaign, asked: list[Line]) -> dict[str, Any]:
    return {
        "campaign": campaign.id,
        "opened_by": campaign.by,
        "opened_at": campaign.at,
        "until": campaign.until.isoformat(),
        "effect": str(campaign.effect),
        "data_holders_answer": campaign.holders,
        "closed_at": campaign.closed,
        "memberships": [
            {
                "project": line.project,
                "person": line.person,
                "roles": [str(role) for role in line.roles],
                "standing": str(line.word),
                "by": line.answer.by if line.answer else None,
                "at": line.answer.at if line.answer else None,
                "why": (line.answer.why if line.answer else "") or None,
            }
            for line in asked
        ],
    }
