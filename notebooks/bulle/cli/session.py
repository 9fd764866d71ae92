"""`bulle session`: which workspaces are open, since when, and how the others were closed last."""

from __future__ import annotations

from typing import Any

import click

from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened
from bulle.cli.table import aligned
from hub.events.log import utc_now
from hub.running import Closed, Running, closed, running
from hub.words import say

command = Group(
    "session",
    about=say("The workspaces that are open. To close them: bulle halt."),
)


@command.command(
    "list",
    cls=Command,
    about=say("The open workspaces, the longest open first; with --closed how the others were closed last."),
    example="bulle session list --project my-study",
)
@option("--project", about=say("Only those of this project."), metavar="PROJECT")
@option("--closed", "with_closed", about=say("Also those that are not open."), is_flag=True)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_(settings: Settings, project: str | None, *, with_closed: bool, as_json: bool) -> None:
    with opened(settings) as log:
        enclave = enclave_of(log)
    now_open = [each for each in running(enclave, utc_now()) if project in {None, each.project}]
    before = [each for each in closed(enclave) if project in {None, each.project}]
    if as_json:
        answer: dict[str, Any] = {
            "schema": "bulle.sessions/1",
            "open": [_open_json(each, settings) for each in now_open],
        }
        if with_closed:
            answer["closed"] = [_closed_json(each) for each in before]
        settings.print_json(answer)
        return
    if now_open:
        titles = (
            say("person"),
            say("project"),
            say("open since (UTC)"),
            say("closes, unused, at (UTC)"),
            say("closing"),
        )
        click.echo(aligned([settings.text(title) for title in titles], [_open_row(each) for each in now_open]))
    else:
        settings.print(say("No workspace is open."))
    if with_closed and before:
        heads = (say("person"), say("project"), say("closed at (UTC)"), say("rule"))
        rows = [
            (each.person, each.project, _minute(each.closing.at.isoformat()), each.closing.rule or "-")
            for each in before
        ]
        click.echo("\n" + aligned([settings.text(head) for head in heads], rows))


def _open_row(each: Running) -> tuple[str, ...]:
    warned = _minute(each.warned.until.isoformat()) if each.warned else "-"
    return (
        each.person,
        each.project,
        _minute(each.since.isoformat()),
        warned,
        each.refusal.rule if each.refusal else "-",
    )


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _open_json(each: Running, settings: Settings) -> dict[str, Any]:
    return {
        "person": each.person,
        "project": each.project,
        "since": each.since.isoformat(),
        "warned_at": each.warned.at.isoformat() if each.warned else None,
        "closes_at": each.warned.until.isoformat() if each.warned else None,
        "closing": None
        if each.refusal is None
        else {"rule": each.refusal.rule, "why": settings.text(each.refusal.reason)},
    }


def _closed_json(each: Closed) -> dict[str, Any]:
    return {
        "person": each.person,
        "project": each.project,
        "at": each.closing.at.isoformat(),
        "rule": each.closing.rule or None,
    }
