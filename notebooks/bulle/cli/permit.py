"""`bulle permit`: who may use which data, for what, until when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bulle.cli import drafts
from bulle.cli.acting import acting
from bulle.cli.closing import wait_closed
from bulle.cli.failure import Code, granted, refused
from bulle.cli.issuing import is_ended, known_of, today
from bulle.cli.issuing import issue as issue_permit
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened, policy_stop
from bulle.cli.table import aligned
from hub.administration.acts import end_permit
from hub.administration.against import against
from hub.administration.written import permit_toml
from hub.catalogue.files import read_catalogue
from hub.catalogue.model import Catalogue
from hub.events.state import Enclave
from hub.extracts.plan import permit_digest
from hub.policy.files import PolicyFileError, read_permit
from hub.policy.model import DataPermit, Person
from hub.words import say

command = Group(
    "permit",
    about=say(
        "Who may use which data, for what, until when. Nothing opens without a permit: login, extract, budget and "
        "releases derive from it."
    ),
)

for each in drafts.COMMANDS:
    command.add_command(each)

policies_option = option(
    "--policies",
    about=say("Folder of purposes and rules (default: the variable BULLE_POLICIES, else the shipped ones)."),
    type=click.Path(path_type=Path),
    envvar="BULLE_POLICIES",
    metavar="DIR",
)


@command.command(
    "check",
    cls=Command,
    about=say("Say everything that stands against the permit in FILE, without effect."),
    example="bulle permit check policies/permits/reste-a-charge.toml",
)
@click.argument("file", type=click.Path(path_type=Path))
@option(
    "--catalogue",
    about=say("The source's catalogue, where no enclave knows it yet."),
    type=click.Path(path_type=Path),
    metavar="FILE",
)
@policies_option
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def check(settings: Settings, file: Path, catalogue: Path | None, policies: Path | None, as_json: bool) -> int:  # noqa: FBT001 -- a command line flag
    permit = _permit(file)
    enclave = Enclave(persons={each.person: Person(id=each.person, name=each.person) for each in permit.persons})
    knows_persons = settings.state is not None and Path(settings.layout().log).is_file()
    if knows_persons:
        with opened(settings) as log:
            enclave = enclave_of(log)
    if catalogue:
        enclave = replace(enclave, sources={**enclave.sources, permit.source: _catalogue(catalogue)})
    held = known_of(policies, enclave)
    found = against(permit, held, optional=not knows_persons)
    verdict = "refused" if found else "pass"
    if as_json:
        findings = [{"rule": each.rule, "why": settings.text(each.reason)} for each in found]
        settings.print_json(
            {"schema": "bulle.permit-check/1", "verdict": verdict, "project": permit.project, "findings": findings}
        )
    else:
        for each in found:
            settings.print(each.reason)
        if held.catalogue(permit) is None or not knows_persons:
            settings.print(say("No enclave was asked, so only what the file itself says was checked."))
        if not found:
            settings.print(say("Nothing stands against the permit of project {project}.", project=permit.project))
    return Code.REFUSED if found else Code.PASS


@command.command(
    "issue",
    cls=Command,
    about=say("Issue the permit in FILE; it replaces an earlier one of the same project."),
    example="bulle permit issue policies/permits/reste-a-charge.toml --as rene",
)
@click.argument("file", type=click.Path(path_type=Path))
@policies_option
@click.pass_obj
def issue(settings: Settings, file: Path, policies: Path | None) -> None:
    permit = _permit(file)
    with opened(settings) as log, log.transaction() as transaction:
        if not issue_permit(transaction, enclave_of(transaction), permit, policies, settings.person()):
            settings.print(say("This permit of project {project} is issued already.", project=permit.project))
            return
    settings.print(
        say(
            "The permit of project {project} is issued, from {first} to {last}.",
            project=permit.project,
            first=str(permit.valid_from),
            last=str(permit.valid_until),
        )
    )


@command.command(
    "end",
    cls=Command,
    about=say("End the permit of PROJECT before its last day. What was released stays; only a new permit opens again."),
    example='bulle permit end my-study --why "the data holder withdrew"',
)
@click.argument("project")
@why_option
@click.pass_obj
def end(settings: Settings, project: str, why: str) -> int:
    with opened(settings) as log:
        with acting(settings, log) as act, granted():
            end_permit(act, project, why)
        settings.print(say("The permit of project {project} is ended.", project=project))
        return wait_closed(settings, log)


@command.command("list", cls=Command, about=say("List the permits."), example="bulle permit list --json")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_permits(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        enclave = enclave_of(log)
    permits = [permit for _, permit in sorted(enclave.permits.items())]
    if as_json:
        settings.print_json(
            {"schema": "bulle.permits/1", "permits": [_described(permit, enclave) for permit in permits]}
        )
        return
    titles = (say("project"), say("purpose"), say("source"), say("from"), say("until"), say("in force"))
    rows = [
        (
            permit.project,
            permit.purpose,
            permit.source,
            permit.valid_from,
            permit.valid_until,
            settings.text(say("yes") if _in_force(permit, enclave) else say("no")),
        )
        for permit in permits
    ]
    click.echo(aligned([settings.text(title) for title in titles], rows))


@command.command(
    "show", cls=Command, about=say("Show the permit of PROJECT."), example="bulle permit show reste-a-charge"
)
@click.argument("project")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@option("--toml", "as_toml", about=say("Print the file that the permit could be issued or drafted from."), is_flag=True)
@click.pass_obj
def show(settings: Settings, project: str, as_json: bool, as_toml: bool) -> None:  # noqa: FBT001 -- command line flags
    with opened(settings) as log:
        enclave = enclave_of(log)
    permit = enclave.permits.get(project)
    if permit is None:
        raise refused(say("There is no permit for this project; nothing opens without one."))
    if as_toml:
        click.echo(permit_toml(permit), nl=False)
        return
    if as_json:
        settings.print_json({"schema": "bulle.permit/1", **_described(permit, enclave)})
        return
    click.echo(f"{permit.project}: {permit.title}")
    facts = (
        (say("purpose"), permit.purpose),
        (say("source"), permit.source),
        (say("rules"), permit.rules),
        (say("privacy budget (rho)"), permit.rho),
        (say("from"), permit.valid_from),
        (say("until"), permit.valid_until),
        (say("persons"), ", ".join(f"{member.person} ({member.role})" for member in permit.persons)),
    )
    for label, value in facts:
        click.echo(f"  {settings.text(label)}: {value}")
    for table, grant in permit.tables.items():
        years = f" [{grant.years.column} {grant.years.first}-{grant.years.last}]" if grant.years else ""
        click.echo(f"  {table}{years}: {', '.join(grant.columns)}")


def _permit(file: Path) -> DataPermit:
    try:
        return read_permit(file)
    except PolicyFileError as error:
        raise policy_stop(error) from error


def _catalogue(file: Path) -> Catalogue:
    try:
        return read_catalogue(file)
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error


def _described(permit: DataPermit, enclave: Enclave) -> dict[str, object]:
    in_force = _in_force(permit, enclave)
    return {**permit.model_dump(mode="json"), "in_force": in_force, "sha256": permit_digest(permit)}


def _in_force(permit: DataPermit, enclave: Enclave) -> bool:
    return permit.valid_from <= today() <= permit.valid_until and not is_ended(enclave, permit.project)
