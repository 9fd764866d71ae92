"""`bulle resume`: lift a halt. Workspaces that it closed stay closed until their people open them again."""

from __future__ import annotations

import click

from bulle.cli.acting import acting
from bulle.cli.failure import granted
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group
from bulle.cli.state import opened
from hub.halting import resume as lift
from hub.policy.stops import Scope
from hub.words import say

command = Group(
    "resume",
    about=say(
        "Lift a halt on a project, a person or everything. Other halts on the same people stand, and whoever is halted "
        "lifts none."
    ),
)


@command.command(
    "project",
    cls=Command,
    about=say("Lift the halt on the project NAME."),
    example='bulle resume project my-study --why "the screen was a test" --as rene',
)
@click.argument("name")
@why_option
@click.pass_obj
def project(settings: Settings, name: str, why: str) -> None:
    _resume(settings, Scope.PROJECT, name, why)
    settings.print(say("Project {name} is resumed.", name=name))


@command.command(
    "person",
    cls=Command,
    about=say("Lift the halt on the person ID."),
    example='bulle resume person alice --why "a new password" --as rene',
)
@click.argument("name", metavar="ID")
@why_option
@click.pass_obj
def person(settings: Settings, name: str, why: str) -> None:
    _resume(settings, Scope.PERSON, name, why)
    settings.print(say("The access of {name} is resumed.", name=name))


@command.command(
    "all",
    cls=Command,
    about=say("Lift the halt on the whole enclave."),
    example='bulle resume all --why "nothing was found" --as rene',
)
@why_option
@click.pass_obj
def everything(settings: Settings, why: str) -> None:
    _resume(settings, Scope.ALL, "", why)
    settings.print(say("The enclave is resumed."))


def _resume(settings: Settings, scope: Scope, name: str, why: str) -> None:
    with opened(settings) as log, acting(settings, log) as act, granted():
        lift(act, scope, name, why)
