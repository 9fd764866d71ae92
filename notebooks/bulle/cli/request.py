"""`bulle request`: hand in, look, review, withdraw, fetch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulle.cli.failure import refused
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from hub.words import say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from egress.airlock.desk import Desk

command = Group(
    "request",
    about=say(
        "Submit a notebook for release, review it, download what was released. "
        "The egress service re-runs what is submitted, recomputes what it declares and checks it; people decide."
    ),
)

_json = option("--json", "as_json", is_flag=True, about=say("Answer in JSON."))


@command.command(
    "submit",
    cls=Command,
    about=say(
        "Hand in a notebook with the files it needs. In a workspace it is yours; on the server, name the project."
    ),
    example='bulle request submit study.ipynb --with codes.csv --describe stays="Stays in 2025, by region"',
)
@click.argument("notebook", type=click.Path(path_type=Path))
@option("--with", "files", multiple=True, type=click.Path(path_type=Path), about=say("A file the notebook reads."))
@option("--title", default="", about=say("What it is about, one line for the output checkers."))
@option("--describe", "described", multiple=True, metavar="NAME=TEXT", about=say("What one output shows; of each."))
@option("--project", about=say("On the server: the project; --as says whose request it is."))
@_json
@click.pass_obj
def submit(  # noqa: PLR0913, PLR0917 -- the command's own options
    settings: Settings,
    notebook: Path,
    files: tuple[Path, ...],
    title: str,
    described: tuple[str, ...],
    project: str | None,
    *,
    as_json: bool,
) -> None:
    from bulle.submit import SubmissionError, write_submission  # noqa: PLC0415 -- when called

    try:
        written = write_submission(
            _outbox(settings, project), notebook, files, title, dict(each.partition("=")[::2] for each in described)
        )
    except SubmissionError as error:
        raise refused(error.message) from error
    if as_json:
        settings.print_json({"schema": "bulle.submitted/1", "entry": written.name})
    else:
        settings.print(say("Handed in as {name}; the egress service takes it from here.", name=written.name))


@command.command(
    "list",
    cls=Command,
    about=say("The requests, newest first: all of them, or with --as those that this person may see."),
    example="bulle request list",
)
@_json
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    from bulle.cli.requests import entry_json, entry_lines, request_json, request_line  # noqa: PLC0415 -- when called

    with _desk(settings) as desk:
        situation = desk.look()
    if settings.actor is None:
        requests, entries = tuple(reversed([*situation.requests.values()])), tuple(reversed(situation.entries.refused))
    else:
        requests = situation.visible_to(settings.actor)
        entries = situation.refused_visible_to(settings.actor)
    if as_json:
        answer = {"requests": [request_json(found) for found in requests], "refused": [*map(entry_json, entries)]}
        settings.print_json({"schema": "bulle.requests/1", **answer})
        return
    if not requests and not entries:
        settings.print(say("There are no requests."))
    for line in (*(request_line(found, settings.text) for found in requests), *entry_lines(entries, settings.text)):
        click.echo(line)


@command.command(
    "show",
    cls=Command,
    about=say("One request: where it stands, each output with its findings, what stays inside and why."),
    example="bulle request show my-study-1",
)
@click.argument("request")
@_json
@click.pass_obj
def show(settings: Settings, request: str, *, as_json: bool) -> None:
    from bulle.cli.requests import request_json, request_lines  # noqa: PLC0415 -- when called

    with _desk(settings) as desk:
        found = desk.show(request, settings.actor) if settings.actor else desk.look().request(request)
        reports = desk.reports(found, settings.actor)
    if as_json:
        settings.print_json({"schema": "bulle.request/1", **request_json(found, reports, settings.text)})
        return
    for line in request_lines(found, reports, settings.text):
        click.echo(line)


@command.command(
    "review",
    cls=Command,
    about=say("Vote as an output checker on every output that the checks did not refuse."),
    example="bulle request review my-study-1 --as carol --approve stays_by_region --reject costs_by_site",
)
@click.argument("request")
@option("--approve", multiple=True, metavar="NAME", about=say("An output that may leave."))
@option("--reject", multiple=True, metavar="NAME", about=say("An output that may not."))
@option("--comment", default="", about=say("For the author: why, and what to change."))
@_json
@click.pass_obj
def review(  # noqa: PLR0913 -- the command's own options
    settings: Settings, request: str, approve: tuple[str, ...], reject: tuple[str, ...], comment: str, *, as_json: bool
) -> None:
    from egress.release.model import Choice, Vote  # noqa: PLC0415 -- when called

    votes = tuple(
        Vote(name, choice) for names, choice in ((approve, Choice.APPROVE), (reject, Choice.REJECT)) for name in names
    )
    with _desk(settings) as desk:
        decision = desk.review(request, settings.person(), votes, comment)
    if as_json:
        said = {"approved": list(decision.approved), "rejected": list(decision.rejected)} if decision else None
        settings.print_json({"schema": "bulle.reviewed/1", "request": request, "decision": said})
    elif decision is None:
        settings.print(say("Your review is recorded; the decision waits for another output checker."))
    else:
        settings.print(
            say(
                "Request {request} is decided: {approved} approved, {rejected} rejected.",
                request=request,
                approved=len(decision.approved),
                rejected=len(decision.rejected),
            )
        )


@command.command(
    "download",
    cls=Command,
    about=say("Fetch a release package, once."),
    example="bulle request download my-study-1 package.zip --as alice",
)
@click.argument("request")
@click.argument("out", type=click.Path(path_type=Path))
@_json
@click.pass_obj
def download(settings: Settings, request: str, out: Path, *, as_json: bool) -> None:
    # The file is opened first: what leaves only once must not be lost for want of a folder.
    with out.open("xb") as file:
        try:
            with _desk(settings) as desk:
                package = desk.download(request, settings.person())
        except BaseException:
            out.unlink()
            raise
        file.write(package)
    if as_json:
        settings.print_json({"schema": "bulle.downloaded/1", "request": request, "file": str(out)})
    else:
        settings.print(say("The package of request {request} is in {file}.", request=request, file=str(out)))


@command.command(
    "withdraw",
    cls=Command,
    about=say("Take your own request back before its release."),
    example="bulle request withdraw my-study-1 --as alice",
)
@click.argument("request")
@_json
@click.pass_obj
def withdraw(settings: Settings, request: str, *, as_json: bool) -> None:
    with _desk(settings) as desk:
        desk.withdraw(request, settings.person())
    if as_json:
        settings.print_json({"schema": "bulle.withdrawn/1", "request": request})
    else:
        settings.print(say("Request {request} was withdrawn by its author.", request=request))


@command.command(
    "ledger",
    cls=Command,
    about=say(
        "The tables that were checked, newest first: what new tables of a source are held against, and what conflicts "
        "with what. With --as, what this output checker may see of it."
    ),
    example="bulle request ledger --source pmsi",
)
@option("--source", about=say("Only the tables of this data source."))
@_json
@click.pass_obj
def ledger(settings: Settings, source: str | None, *, as_json: bool) -> None:
    from bulle.cli.ledger import entry_json, entry_lines, ledger_of  # noqa: PLC0415 -- when called

    with _desk(settings) as desk:
        found = ledger_of(desk, settings.actor, source)
    if as_json:
        settings.print_json({"schema": "bulle.ledger/1", "tables": [entry_json(each) for each in found]})
        return
    if not found:
        settings.print(say("Nothing was checked yet."))
    for each in found:
        for line in entry_lines(each, settings.text):
            click.echo(line)


def _outbox(settings: Settings, project: str | None) -> Path:
    """The workspace's outbox, or on the server that of `--as` on `--project`."""
    outbox = os.environ.get("BULLE_OUTBOX")
    if project is None and outbox:
        return Path(outbox)
    from bulle.cli.requests import server_outbox  # noqa: PLC0415 -- when called

    return server_outbox(settings.layout(), project or "", settings.person())


@contextmanager
def _desk(settings: Settings) -> Iterator[Desk]:
    from egress.airlock.desk import Desk, reason_of  # noqa: PLC0415 -- when called
    from egress.store.exports import Exports  # noqa: PLC0415 -- when called
    from egress.store.quarantine import Quarantine, QuarantineError  # noqa: PLC0415 -- when called
    from hub.policy.verdict import RefusedError  # noqa: PLC0415 -- when called

    layout, log = settings.layout(), settings.log()
    try:
        yield Desk(log, Quarantine(Path(layout.quarantine)), Exports(Path(layout.exports)))
    except (RefusedError, QuarantineError) as error:
        reason = reason_of(error)
        raise refused(reason or say("This was refused.")) from error
    finally:
        log.close()
