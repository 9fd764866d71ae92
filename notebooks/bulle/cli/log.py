"""`bulle log`: read and verify the sealed log."""

from __future__ import annotations

import re

import click

from bulle.cli.failure import Code, failed
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import opened
from bulle.cli.table import aligned
from hub.events.chain import Event
from hub.words import say

command = Group(
    "log",
    about=say(
        "The sealed log of every act. Each entry holds the digest of the one before it: keep the head elsewhere, and "
        "no entry can be changed, removed or added in between without `verify` saying so."
    ),
)


@command.command(
    "verify",
    cls=Command,
    about=say("Find the first entry that is not what was written: changed, removed, inserted or moved."),
    example="bulle log verify --head $(cat head-kept-elsewhere)",
)
@option("--head", about=say("A head kept elsewhere: also finds a cut-off tail and a rewritten log."), metavar="HEX")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def verify(settings: Settings, head: str | None, as_json: bool) -> int:  # noqa: FBT001 -- a command line flag
    if head is not None and not re.fullmatch(r"[0-9a-f]{64}", head.strip().lower()):
        raise failed(say("A head is 64 hexadecimal digits, as `bulle log head` prints them."))
    with opened(settings) as log:
        tampering = log.verify(head.strip().lower() if head else None)
        entries, last = len(log.read()), log.head()
    if as_json:
        first = None if tampering is None else {"seq": tampering.seq, "why": settings.text(tampering.why)}
        verdict = "pass" if tampering is None else "refused"
        settings.print_json(
            {"schema": "bulle.log-verify/1", "verdict": verdict, "entries": entries, "head": last, "first_bad": first}
        )
    elif tampering is None:
        settings.print(say("{entries} entries are what was written; the head is {head}.", entries=entries, head=last))
    else:
        settings.print(tampering.why)
    return Code.PASS if tampering is None else Code.REFUSED


@command.command(
    "head",
    cls=Command,
    about=say("Print the digest of the last entry, to be kept elsewhere."),
    example="bulle log head > head-kept-elsewhere",
)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def head(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        last, entries = log.head(), len(log.read())
    if as_json:
        settings.print_json({"schema": "bulle.log-head/1", "head": last, "entries": entries})
    else:
        click.echo(last)


@command.command("list", cls=Command, about=say("List the entries."), example="bulle log list --project reste-a-charge")
@option("--project", about=say("Only entries of this project."), metavar="PROJECT")
@option("--kind", about=say("Only entries of this kind, or whose kind begins so (request.)."), metavar="KIND")
@option("--after", about=say("Only entries after this place."), type=click.IntRange(min=0), default=0, metavar="SEQ")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_events(settings: Settings, project: str | None, kind: str | None, after: int, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        events = [event for event in log.read(after) if _asked(event, project, kind)]
    if as_json:
        settings.print_json({"schema": "bulle.log/1", "events": [_described(event) for event in events]})
        return
    titles = (say("entry"), say("time (UTC)"), say("actor"), say("kind"), say("project"), say("digest"))
    rows = [(each.seq, each.at[:19], each.actor, each.kind, each.project or "-", each.digest[:12]) for each in events]
    click.echo(aligned([settings.text(title) for title in titles], rows))


def _asked(event: Event, project: str | None, kind: str | None) -> bool:
    return (project is None or event.project == project) and (kind is None or event.kind.startswith(kind))


def _described(event: Event) -> dict[str, object]:
    return {
        "seq": event.seq,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "project": event.project,
        "body": dict(event.body),
        "previous": event.previous,
        "digest": event.digest,
    }
