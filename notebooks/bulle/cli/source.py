"""`bulle source`: data sources, by the catalogues their holders wrote."""

from __future__ import annotations

from pathlib import Path

import click

from bulle.cli.acting import acting
from bulle.cli.failure import Code
from bulle.cli.issuing import known_of
from bulle.cli.permit import policies_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened, policy_stop
from bulle.cli.table import aligned
from hub.administration.acts import register_source
from hub.administration.catalogues import broken, differences
from hub.catalogue.files import read_catalogue
from hub.policy.files import PolicyFileError
from hub.words import say

command = Group(
    "source",
    about=say(
        "The data sources of the enclave. A catalogue describes a source's tables, columns, bounds and categories."
    ),
)


@command.command(
    "register",
    cls=Command,
    about=say("Register the source that the file CATALOGUE describes; a later one with the same name replaces it."),
    example="bulle source register policies/catalogues/rand-hie.toml",
)
@click.argument("catalogue", type=click.Path(path_type=Path))
@click.pass_obj
def register(settings: Settings, catalogue: Path) -> None:
    try:
        value = read_catalogue(catalogue)
    except PolicyFileError as error:
        raise policy_stop(error) from error
    name = value.source.name
    with opened(settings, create=True) as log, acting(settings, log) as act:
        if not register_source(act, value):
            settings.print(say("{source} is registered already; nothing changed.", source=name))
            return
    settings.print(
        say(
            "{source} is registered; its files belong into {folder}, one TABLE.parquet each.",
            source=name,
            folder=str(settings.layout().sources / name),
        )
    )


@command.command(
    "compare",
    cls=Command,
    about=say("Tell what registering the file CATALOGUE would change, and which permits it would not suit any more."),
    example="bulle source compare policies/catalogues/rand-hie.toml",
)
@click.argument("catalogue", type=click.Path(path_type=Path))
@policies_option
@click.pass_obj
def compare(settings: Settings, catalogue: Path, policies: Path | None) -> int:
    try:
        value = read_catalogue(catalogue)
    except PolicyFileError as error:
        raise policy_stop(error) from error
    with opened(settings) as log:
        enclave = enclave_of(log)
    found = differences(enclave.sources.get(value.source.name), value)
    if not found:
        settings.print(say("{source} is registered already; nothing changed.", source=value.source.name))
        return Code.PASS
    rows = [(each.where, each.before or "-", each.after or "-") for each in found]
    titles = [settings.text(each) for each in (say("where"), say("registered"), say("afterwards"))]
    click.echo(aligned(titles, rows))
    unsuited = broken(value, known_of(policies, enclave))
    for each in unsuited:
        settings.print(say("The next extract of project {project} would be refused:", project=each.project))
        for refusal in each.refusals:
            click.echo(f"    {settings.text(refusal.reason)}")
    return Code.REVIEW if unsuited else Code.PASS


@command.command("list", cls=Command, about=say("List the registered sources."), example="bulle source list --json")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_sources(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        sources = sorted(enclave_of(log).sources.items())
    if as_json:
        listed = [
            {
                "name": name,
                "description": catalogue.source.description,
                "rules": catalogue.source.rules,
                "person_key": catalogue.source.person_key,
                "tables": {table: list(entry.columns) for table, entry in catalogue.tables.items()},
            }
            for name, catalogue in sources
        ]
        settings.print_json({"schema": "bulle.sources/1", "sources": listed})
        return
    header = [settings.text(each) for each in (say("source"), say("tables"), say("rules"), say("description"))]
    rows = [
        (name, ", ".join(catalogue.tables), catalogue.source.rules or "-", catalogue.source.description or "-")
        for name, catalogue in sources
    ]
    click.echo(aligned(header, rows))
