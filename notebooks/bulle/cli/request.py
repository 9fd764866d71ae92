"""`bulle request`: hand in, look, fetch; what people decide stands in `bulle.cli.turns`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulle.cli import turns
from bulle.cli.asking import asking, desk_of
from bulle.cli.failure import refused
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, F, Group, option
from hub.words import say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from bulle.submit import Again
    from egress.airlock.desk import Desk

command = Group(
    "request",
    about=say(
        "Submit a notebook for release, review it, download what was released. "
        "The egress service re-runs what is submitted, recomputes what it declares and checks it; people decide."
    ),
)

_json = option("--json", "as_json", is_flag=True, about=say("Answer in JSON."))


def _submitting(function: F) -> F:
    """The options of handing in, which a new request and another turn have in common."""
    for decorate in (
        _json,
        option("--project", about=say("On the server: the project; --as says whose request it is.")),
        option(
            "--describe", "described", multiple=True, metavar="NAME=TEXT", about=say("What one output shows; of each.")
        ),
        option("--title", default="", about=say("What it is about, one line for the output checkers.")),
        option(
            "--with", "files", multiple=True, type=click.Path(path_type=Path), about=say("A file the notebook reads.")
        ),
        click.argument("notebook", type=click.Path(path_type=Path)),
    ):
        function = decorate(function)
    return function


@command.command(
    "outputs",
    cls=Command,
    about=say("The outputs that a notebook declares, with their titles: what a submission has to describe."),
    example="bulle request outputs study.ipynb",
)
@click.argument("notebook", type=click.Path(path_type=Path))
@_json
@click.pass_obj
def outputs(settings: Settings, notebook: Path, *, as_json: bool) -> None:
    from bulle.submit import declared_outputs  # noqa: PLC0415 -- when called

    found = declared_outputs(notebook.read_bytes())
    if as_json:
        said = [{"name": name, "title": title} for name, title in found.items()]
        settings.print_json({"schema": "bulle.outputs/1", "outputs": said})
        return
    if not found:
        settings.print(say("The notebook declares nothing; declare what should leave with bulle.release."))
    for name, title in found.items():
        click.echo(f"{name}  {title}".rstrip())


@command.command(
    "submit",
    cls=Command,
    about=say(
        "Hand in a notebook with the files it needs. In a workspace it is yours; on the server, name the project."
    ),
    example='bulle request submit study.ipynb --with codes.csv --describe stays="Stays in 2025, by region"',
)
@_submitting
@click.pass_obj
def submit(settings: Settings, /, notebook: Path, **words: Any) -> None:
    _hand_in(settings, notebook, None, **words)


@command.command(
    "resubmit",
    cls=Command,
    about=say("Hand in another turn of a request that came back: outputs that stay the same keep their votes."),
    example='bulle request resubmit my-study-1 study.ipynb --answer "Sites grouped" --describe stays="Stays in 2025"',
)
@click.argument("request")
@option("--answer", required=True, about=say("What was changed, for the output checkers."))
@_submitting
@click.pass_obj
def resubmit(settings: Settings, /, request: str, answer: str, notebook: Path, **words: Any) -> None:
    from bulle.submit import Again  # noqa: PLC0415 -- when called

    _hand_in(settings, notebook, Again(request, answer), **words)


def _hand_in(  # noqa: PLR0913 -- the commands' own options
    settings: Settings,
    notebook: Path,
    again: Again | None,
    *,
    files: tuple[Path, ...],
    title: str,
    described: tuple[str, ...],
    project: str | None,
    as_json: bool,
) -> None:
    from bulle.submit import SubmissionError, write_submission  # noqa: PLC0415 -- when called

    descriptions = dict(each.partition("=")[::2] for each in described)
    try:
        written = write_submission(_outbox(settings, project), notebook, files, title, descriptions, again)
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
    with asking(settings) as log:
        yield desk_of(settings, log)


for each in turns.COMMANDS:
    command.add_command(each)
