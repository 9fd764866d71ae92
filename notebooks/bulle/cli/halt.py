"""`bulle halt`: stop a project, a person or everything, now. What is stopped stays as it is, for an inquiry."""

from __future__ import annotations

import click

from bulle.cli.acting import acting
from bulle.cli.closing import wait_closed
from bulle.cli.failure import Code, granted
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened
from hub.halting import halt
from hub.policy.stops import Scope, Stop
from hub.words import say

command = Group(
    "halt",
    about=say(
        "Stop a project, a person or everything, now. Open workspaces close within seconds; nothing is submitted, "
        "reviewed, released or downloaded, and no privacy budget is spent, until bulle resume lifts it. Nothing is "
        "deleted."
    ),
)


@command.command(
    "project",
    cls=Command,
    about=say("Halt the project NAME."),
    example='bulle halt project my-study --why "a screen was photographed" --as opal',
)
@click.argument("name")
@why_option
@click.pass_obj
def project(settings: Settings, name: str, why: str) -> int:
    return _halt(settings, Scope.PROJECT, name, why)


@command.command(
    "person",
    cls=Command,
    about=say("Halt all access of the person ID."),
    example='bulle halt person alice --why "a stolen password" --as opal',
)
@click.argument("name", metavar="ID")
@why_option
@click.pass_obj
def person(settings: Settings, name: str, why: str) -> int:
    return _halt(settings, Scope.PERSON, name, why)


@command.command(
    "all",
    cls=Command,
    about=say("Halt the whole enclave."),
    example='bulle halt all --why "a leak is looked into" --as opal',
)
@why_option
@click.pass_obj
def everything(settings: Settings, why: str) -> int:
    return _halt(settings, Scope.ALL, "", why)


@command.command("list", cls=Command, about=say("List what is halted or was ended."), example="bulle halt list --json")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_stops(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        stops = sorted(enclave_of(log).stops.standing.values(), key=lambda stop: stop.at)
    if as_json:
        settings.print_json({"schema": "bulle.stops/1", "stops": [_described(stop) for stop in stops]})
        return
    for stop in stops:
        settings.print(stop.refusal.reason)
        settings.print(say("    by {person}: {why}", person=stop.by, why=stop.why))
    if not stops:
        settings.print(say("Nothing is halted."))


def _halt(settings: Settings, scope: Scope, name: str, why: str) -> Code:
    with opened(settings) as log:
        with acting(settings, log) as act, granted():
            stop = halt(act, scope, name, why)
        settings.print(stop.refusal.reason)
        return wait_closed(settings, log)


def _described(stop: Stop) -> dict[str, str]:
    return {"scope": str(stop.scope), "name": stop.name, "by": stop.by, "at": stop.at, "why": stop.why}
