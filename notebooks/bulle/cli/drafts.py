"""`bulle permit draft` and what follows: the admin's desk on the command line, with its second pair of eyes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from bulle.cli.acting import acting
from bulle.cli.failure import Code, granted, refused
from bulle.cli.issuing import known_of
from bulle.cli.plan import plan_lines
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from bulle.cli.state import filed, opened, policy_stop
from bulle.cli.table import aligned
from hub.administration.acts import Acting, draft, issue_draft, withdraw_draft
from hub.administration.papers import FATES, Papers
from hub.administration.plan import plan
from hub.policy.desk import read_desk
from hub.policy.files import PolicyFileError, read_permit
from hub.policy.model import DataPermit
from hub.policy.verdict import Refusal
from hub.words import say

_policies = option(
    "--policies",
    about=say("Folder of purposes and rules (default: the variable BULLE_POLICIES, else the shipped ones)."),
    type=click.Path(path_type=Path),
    envvar="BULLE_POLICIES",
    metavar="DIR",
)


@click.command(
    "draft",
    cls=Command,
    about=say(
        "Draft the permit in FILE, for another administrator to issue; of a project that has one, its next version."
    ),
    example="bulle permit show my-study --toml >next.toml\nbulle permit draft next.toml --as erin",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def draft_permit(settings: Settings, file: Path) -> None:
    permit = _read(file)
    with opened(settings) as log, acting(settings, log) as act, granted():
        identity = draft(act, permit)
    settings.print(say("{draft} is drafted; another administrator issues it.", draft=identity))


@click.command("drafts", cls=Command, about=say("List the drafts of permits."), example="bulle permit drafts --json")
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_drafts(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    with opened(settings) as log:
        _, papers = filed(log)
    rows = [(each.id, each.permit.project, each.by, each.at[:16], str(each.fate)) for each in papers.drafts.values()]
    if as_json:
        listed = [dict(zip(("id", "project", "by", "at", "fate"), row, strict=True)) for row in rows]
        settings.print_json({"schema": "bulle.drafts/1", "drafts": listed})
        return
    titles = (say("draft"), say("project"), say("by"), say("time (UTC)"), say("state"))
    words = {str(fate): settings.text(word) for fate, word in FATES.items()}
    told = [(*row[:4], words[row[4]]) for row in rows]
    click.echo(aligned([settings.text(title) for title in titles], told))


@click.command(
    "plan",
    cls=Command,
    about=say("Tell what would follow from the permit in a file, or from a draft, without effect."),
    example="bulle permit plan my-study-draft-1",
)
@click.argument("what", metavar="FILE|DRAFT")
@_policies
@click.pass_obj
def show_plan(settings: Settings, what: str, policies: Path | None) -> int:
    with opened(settings) as log:
        enclave, papers = filed(log)
    found = plan(_named(papers, what), known_of(policies, enclave))
    for line in plan_lines(found, settings.text):
        click.echo(line)
    return Code.REFUSED if found.refusals else Code.PASS


@click.command(
    "issue-draft",
    cls=Command,
    about=say("Issue the draft ID, which another administrator wrote."),
    example="bulle permit issue-draft my-study-draft-1 --as frank",
)
@click.argument("identity", metavar="ID")
@_policies
@click.pass_obj
def issue(settings: Settings, identity: str, policies: Path | None) -> None:
    try:
        second = read_desk(policies).second_administrator.value
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error
    _step(settings, lambda act: issue_draft(act, identity, known_of(policies, act.enclave), second=second))
    settings.print(say("{draft} is issued.", draft=identity))


@click.command(
    "withdraw-draft",
    cls=Command,
    about=say("Take the draft ID back, or turn it down."),
    example='bulle permit withdraw-draft my-study-draft-1 --why "one column too many" --as frank',
)
@click.argument("identity", metavar="ID")
@why_option
@click.pass_obj
def withdraw(settings: Settings, identity: str, why: str) -> None:
    _step(settings, lambda act: withdraw_draft(act, identity, why))
    settings.print(say("{draft} is withdrawn.", draft=identity))


COMMANDS = (draft_permit, list_drafts, show_plan, issue, withdraw)


def _step(settings: Settings, act: Callable[[Acting], Refusal | None]) -> None:
    with opened(settings) as log, acting(settings, log) as now:
        refusal = act(now)
    if refusal is not None:
        raise refused(refusal.reason)


def _named(papers: Papers, what: str) -> DataPermit:
    if what in papers.drafts:
        return papers.drafts[what].permit
    return _read(Path(what))


def _read(file: Path) -> DataPermit:
    try:
        return read_permit(file)
    except PolicyFileError as error:
        raise policy_stop(error) from error
