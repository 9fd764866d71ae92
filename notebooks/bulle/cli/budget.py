"""`bulle budget`: what each data source and project may spend of rho, what it spent, and a project's new rho."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulle.cli.failure import failed, refused
from bulle.cli.permit import policies_option
from bulle.cli.settings import CHANNEL, Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened
from hub.policy.stops import Scope
from hub.policy.verdict import Act, Refusal
from hub.words import say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from egress.airlock.desk import Desk

command = Group(
    "budget",
    about=say(
        "The privacy budget: what each data source may spend of rho, what it spent and on what. All projects on a "
        "source spend from one budget, because they are about the same persons."
    ),
)

_json = option("--json", "as_json", about=say("Print JSON."), is_flag=True)


@command.command(
    "show",
    cls=Command,
    about=say(
        "Caps, what is spent, reserved and left, what it was spent on, what was refused, and the exact releases that "
        "no budget counts. With --as, what this person may see of it."
    ),
    example="bulle budget show --source rand-hie",
)
@option("--source", about=say("Only this data source."), metavar="SOURCE")
@option("--project", about=say("Only what concerns this project."), metavar="PROJECT")
@policies_option
@_json
@click.pass_obj
def show(settings: Settings, source: str | None, project: str | None, policies: Path | None, *, as_json: bool) -> None:
    from bulle.cli.budgets import part_json, part_lines  # noqa: PLC0415 -- when called
    from egress.budget.look import look  # noqa: PLC0415 -- when called

    with _desk(settings) as desk:
        view = look(desk, settings.actor, policies)
    parts = [view.part(each) for each in view.sources() if source in {None, each}]
    if project is not None:
        parts = [part.of(project) for part in parts if part.concerns(project)]
    if not parts and (source or project):
        raise refused(say("There is no privacy budget of this name for you."))
    if as_json:
        answer = {"schema": "bulle.budget/1", "sources": [part_json(part, settings.text) for part in parts]}
        settings.print_json(answer)
        return
    if not parts:
        settings.print(say("No permit gives you a privacy budget to see."))
    for part in parts:
        for line in part_lines(part, settings.text, settings.language):
            click.echo(line)


@command.command(
    "export",
    cls=Command,
    about=say(
        "Take the statement of a source's budget away, for the data protection officer: amounts, days, projects and "
        "requests, no word of an author. It is an event. Without OUT it goes to standard output."
    ),
    example="bulle budget export --source rand-hie --format csv statement.csv",
)
@option("--source", about=say("The data source."), required=True, metavar="SOURCE")
@option("--format", "form", about=say("The statement's form."), type=click.Choice(["json", "csv"]), default="json")
@click.argument("out", type=click.Path(path_type=Path), required=False)
@policies_option
@click.pass_obj
def export(settings: Settings, source: str, form: str, out: Path | None, policies: Path | None) -> None:
    from egress.budget.look import look  # noqa: PLC0415 -- when called
    from egress.budget.statement import FORMS, statement  # noqa: PLC0415 -- when called

    with _desk(settings) as desk:
        view = look(desk, settings.actor, policies)
        granted = [each for each in view.reader.permits(Act.EXPORT_BUDGET) if each.source == source]
        stated = statement(view, source) if granted else None
        if stated is None:
            raise refused(say("There is no statement of this source's budget for you."))
        made = FORMS[form][0](stated)
        project = granted[0].project if settings.actor else ""  # the operator acts for no project
        if out is None:
            desk.exported_budget(settings.person(), project, source, CHANNEL)
            click.echo(made, nl=False)
            return
        with out.open("xb") as file:
            try:
                file.write(made)
                desk.exported_budget(settings.person(), project, source, CHANNEL)
            except BaseException:  # what the log does not tell must not lie there
                out.unlink()
                raise
    settings.print(say("The statement of source {source} is in {file}.", source=source, file=str(out)))


@command.command(
    "grant",
    cls=Command,
    about=say(
        "Set what PROJECT may spend in all to RHO. Its budget is its permit's: this issues a new version of the permit "
        "with that rho, by the same checks, with the reason in the log."
    ),
    example='bulle budget grant my-study 1.5 --why "Second year of the study" --as rene',
)
@click.argument("project")
@click.argument("rho")
@option("--why", about=say("The reason, as the log keeps it."), required=True, metavar="TEXT")
@policies_option
@_json
@click.pass_obj
def grant(  # noqa: PLR0913 -- the command's own options
    settings: Settings, project: str, rho: str, why: str, policies: Path | None, *, as_json: bool
) -> None:
    from bulle.cli.budgets import granted_json  # noqa: PLC0415 -- when called
    from bulle.cli.issuing import issue  # noqa: PLC0415 -- when called
    from egress.budget.grant import regranted  # noqa: PLC0415 -- when called
    from egress.privacy.ledger import fold  # noqa: PLC0415 -- when called

    reason = " ".join("".join(letter if letter.isprintable() else " " for letter in why).split())[:2000]
    if not reason:
        raise failed(say("Say why: the reason stays in the log."))
    with opened(settings) as log, log.transaction() as transaction:
        enclave, ledger = enclave_of(transaction), fold(transaction.read())
        before = enclave.permits.get(project)
        if before is None:
            raise refused(say("There is no permit for this project; nothing opens without one."))
        ended = enclave.stops.at(Scope.PERMIT, project)
        if ended is not None:  # another budget is no way to bring an ended permit back
            raise refused(ended.refusal.reason)
        permit = regranted(before, rho, ledger)
        if isinstance(permit, Refusal):
            raise refused(permit.reason)
        changed = issue(transaction, enclave, permit, policies, settings.person(), reason)
    if as_json:
        settings.print_json(granted_json(before, permit, ledger, changed=changed))
    elif not changed:
        settings.print(say("Project {project} has rho {rho} already.", project=project, rho=str(permit.rho)))
    else:
        told = {"project": project, "rho": str(permit.rho), "before": str(before.rho)}
        settings.print(say("Project {project} may spend rho {rho} in all; it was {before}.", **told))


@contextmanager
def _desk(settings: Settings) -> Iterator[Desk]:
    """The desk of a log that is what was written."""
    from egress.airlock.desk import Desk  # noqa: PLC0415 -- when called
    from egress.store.exports import Exports  # noqa: PLC0415 -- when called
    from egress.store.quarantine import Quarantine  # noqa: PLC0415 -- when called

    layout = settings.layout()
    with opened(settings) as log:
        enclave_of(log)
        yield Desk(log, Quarantine(Path(layout.quarantine)), Exports(Path(layout.exports)))
