"""`bulle person`: the persons known to the enclave. Being known opens nothing; a permit does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bulle.cli.acting import acting
from bulle.cli.administrators import appoint, dismiss
from bulle.cli.closing import wait_closed
from bulle.cli.failure import Code, granted, refused
from bulle.cli.permit import policies_option
from bulle.cli.reason import why_option
from bulle.cli.settings import CHANNEL, Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened, policy_stop
from bulle.cli.table import aligned
from hub.administration.acts import add_person, record_training, remove_person
from hub.events.state import Enclave
from hub.extracts.contradiction import shown
from hub.policy.factors import Asked, Factors, recovery_step
from hub.policy.files import PolicyFileError
from hub.policy.model import Person
from hub.policy.people import PeoplePolicy, read_people
from hub.policy.standing import unsigned
from hub.policy.verdict import Refusal
from hub.words import say

command = Group(
    "person",
    about=say("The persons known to the enclave. Being known opens nothing; a permit that names a person does."),
)
command.add_command(appoint)
command.add_command(dismiss)


@command.command(
    "add",
    cls=Command,
    about=say("Make a person known by the login name ID in the site's directory."),
    example='bulle person add alice --name "Alice Martin"',
)
@click.argument("person_id", metavar="ID")
@option("--name", about=say("The person's name as people write it."), required=True)
@option("--organisation", about=say("Whom they work for; some rules ask for checkers of two organisations."))
@click.pass_obj
def add(settings: Settings, person_id: str, name: str, organisation: str | None) -> None:
    try:
        person = Person(id=person_id, name=name, organisation=organisation)
    except ValidationError as error:
        field = str(error.errors(include_url=False)[0]["loc"][0])
        raise refused(
            say("{field}: a login name has small letters, digits, dots and hyphens; a name is not empty.", field=field)
        ) from error
    with opened(settings, create=True) as log, acting(settings, log) as act:
        if not add_person(act, person):
            settings.print(say("{person} is known already; nothing changed.", person=person.id))
            return
    settings.print(say("{person} is known to the enclave.", person=shown(person.id)))


@command.command(
    "remove",
    cls=Command,
    about=say(
        "Make the person ID unknown: they are out within seconds, on every project. Their files and requests stay."
    ),
    example='bulle person remove alice --why "left the institute"',
)
@click.argument("person_id", metavar="ID")
@why_option
@click.pass_obj
def remove(settings: Settings, person_id: str, why: str) -> int:
    with opened(settings) as log:
        with acting(settings, log) as act, granted():
            remove_person(act, person_id, why)
        settings.print(say("{person} is no longer known to the enclave.", person=person_id))
        return wait_closed(settings, log)


@command.command(
    "list",
    cls=Command,
    about=say("List the persons and the projects that name them."),
    example="bulle person list --json",
)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_persons(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        enclave = enclave_of(log)
    persons = [_described(enclave, person) for _, person in sorted(enclave.persons.items())]
    if as_json:
        settings.print_json({"schema": "bulle.persons/1", "persons": persons})
        return
    titles = (
        say("person"),
        say("name"),
        say("trained until"),
        say("not signed"),
        say("projects"),
        say("administrator"),
    )
    no, yes = settings.text(say("no")), settings.text(say("yes"))
    rows = [[*(_cell(each[key]) for key in list(each)[:-1]), yes if each["administrator"] else no] for each in persons]
    click.echo(aligned([settings.text(title) for title in titles], rows))


def _cell(value: str | list[str] | None) -> str:
    return ", ".join(value) if isinstance(value, list) else value or "-"


def _described(enclave: Enclave, person: Person) -> dict[str, Any]:
    trained, missing = person.standing.trained_until, unsigned(person.standing, datetime.now(UTC).date())
    return {
        "id": person.id,
        "name": person.name,
        "trained_until": trained.isoformat() if trained else None,
        "unsigned": [each.name for each in missing],
        "projects": [permit.project for permit in enclave.projects_of(person.id)],
        "administrator": person.administrator,
    }


@command.command(
    "training",
    cls=Command,
    about=say("Record that a person followed the site's training; it counts for as long as people.toml says."),
    example="bulle person training alice --done 2026-03-01",
)
@click.argument("person_id", metavar="ID")
@option("--done", about=say("The day of the training (default: today)."), type=click.DateTime(["%Y-%m-%d"]))
@policies_option
@click.pass_obj
def training(settings: Settings, person_id: str, done: datetime | None, policies: Path | None) -> None:
    day, days = (done or datetime.now(UTC)).date(), _policy(policies).training.valid_days.value
    with opened(settings) as log, acting(settings, log) as act, granted():
        until = record_training(act, person_id, day, days)
    settings.print(say("The training of {person} counts until {day}.", person=person_id, day=until.isoformat()))


@command.command(
    "unlock",
    cls=Command,
    about=say("Let a person, or an address, log in again that too many failures locked out."),
    example="bulle person unlock alice\nbulle person unlock --address 192.0.2.7",
)
@click.argument("person_id", metavar="[ID]", required=False)
@option("--address", about=say("The address that is locked out, as it stands in the log."))
@click.pass_obj
def unlock(settings: Settings, person_id: str | None, address: str | None) -> None:
    if (person_id is None) == (address is None):
        raise click.UsageError(settings.text(say("Give the ID of a person, or --address.")))
    key, named = (f"address:{address}", address) if address else (f"person:{person_id}", person_id)
    with opened(settings) as log, log.transaction() as transaction:
        if key not in enclave_of(transaction).attempts.locked:
            raise refused(say("{named} is not locked out; nothing changed.", named=shown(str(named))))
        transaction.append(settings.person(), "login.unlocked", "", {"key": key, "channel": CHANNEL})
    settings.print(say("{named} can log in again.", named=shown(str(named))))


@command.command(
    "recover",
    cls=Command,
    about=say(
        "Let a person who lost every second factor enrol another one. Two operators named in people.toml each say so; "
        "the second one's word ends the old ones."
    ),
    example='bulle person recover alice --why "telephone lost, seen in person" --as ada',
)
@click.argument("person_id", metavar="ID")
@option("--why", about=say("The reason, as it stands in the log."), required=True)
@policies_option
@click.pass_obj
def recover(settings: Settings, person_id: str, why: str, policies: Path | None) -> None:
    rule, operator, now = _policy(policies).second_factor, settings.person(), datetime.now(UTC)
    with opened(settings) as log, log.transaction() as transaction:
        enclave = enclave_of(transaction)
        if person_id not in enclave.persons:
            raise refused(say("{person} is not known to the enclave; add them first.", person=shown(person_id)))
        step = recovery_step(rule, operator, person_id, enclave.factors.get(person_id, Factors()), now)
        if isinstance(step, Refusal):
            raise refused(step.reason)
        until = step.until if isinstance(step, Asked) else step
        kind = "factor.recovery_asked" if isinstance(step, Asked) else "factor.recovery_confirmed"
        body = {"person": person_id, "why": why, "until": until.isoformat(), "channel": CHANNEL}
        transaction.append(operator, kind, "", body)
    told = until.isoformat(timespec="minutes")
    if isinstance(step, Asked):
        settings.print(say("Asked; another operator confirms it until {until}.", until=told))
    else:
        settings.print(
            say("{person} enrols another second factor at the next login, until {until}.", person=person_id, until=told)
        )


def _policy(policies: Path | None) -> PeoplePolicy:
    try:
        return read_people(policies)
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error
