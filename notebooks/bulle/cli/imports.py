"""`bulle import`: what is brought into projects. Researchers ask in their browser; here it is read and decided on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulle.cli.failure import refused
from bulle.cli.permit import policies_option
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened
from bulle.cli.table import aligned
from hub.words import Message, say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from egress.airlock.import_desk import ImportDesk
    from egress.imports.model import Decided, ImportRequest
    from egress.scan.model import Scanned

command = Group(
    "import",
    about=say(
        "What is brought into projects: code, packages, small files. Researchers upload in their browser; the egress "
        "service looks into it; somebody who did not ask approves it."
    ),
)

_json = option("--json", "as_json", is_flag=True, about=say("Answer in JSON."))


@command.command(
    "list",
    cls=Command,
    about=say("The imports, newest first: all of them, or with --as those that this person may see."),
    example="bulle import list --project my-study",
)
@option("--project", about=say("Only those of this project."), metavar="PROJECT")
@_json
@click.pass_obj
def list_(settings: Settings, project: str | None, *, as_json: bool) -> None:
    with _desk(settings) as desk:
        everything = tuple(reversed([*desk.look().imports.values()]))
        found = everything if settings.actor is None else desk.seen_by(settings.actor)
    found = tuple(each for each in found if project in {None, each.project})
    if as_json:
        settings.print_json({"schema": "bulle.imports/1", "imports": [_described(each, settings) for each in found]})
        return
    if not found:
        settings.print(say("Nothing was asked to be brought in."))
        return
    titles = (say("import"), say("project"), say("person"), say("asked"), say("status"), say("title"))
    rows = [(each.id, each.project, each.person, _asked(each), each.status, each.title) for each in found]
    click.echo(aligned([settings.text(title) for title in titles], rows))


@command.command(
    "show",
    cls=Command,
    about=say("One import: where it stands, its files with their digests, and what the scan found."),
    example="bulle import show my-study-import-1",
)
@click.argument("identity", metavar="IMPORT")
@_json
@click.pass_obj
def show(settings: Settings, identity: str, *, as_json: bool) -> None:
    with _desk(settings) as desk:
        found = desk.show(identity, settings.actor)
        scanned = desk.report(found)
    if as_json:
        answer = {"schema": "bulle.import/1", **_described(found, settings), "findings": _findings(scanned, settings)}
        settings.print_json(answer)
        return
    for line in _lines(found, scanned, settings):
        click.echo(line)


@command.command(
    "approve",
    cls=Command,
    about=say("Approve IMPORT, whose report you have read with show: the service lays it into the project."),
    example="bulle import approve my-study-import-1 --as carol",
)
@click.argument("identity", metavar="IMPORT")
@option("--comment", default="", about=say("For whoever asked."))
@policies_option
@click.pass_obj
def approve(settings: Settings, identity: str, comment: str, policies: Path | None) -> None:
    _decide(settings, identity, policies, comment, approve=True)
    settings.print(say("{id} is approved; the egress service lays it into the project.", id=identity))


@command.command(
    "refuse",
    cls=Command,
    about=say("Reject IMPORT; whoever asked reads why."),
    example='bulle import refuse my-study-import-1 --why "bring the source, not the build" --as carol',
)
@click.argument("identity", metavar="IMPORT")
@why_option
@policies_option
@click.pass_obj
def refuse(settings: Settings, identity: str, why: str, policies: Path | None) -> None:
    _decide(settings, identity, policies, why, approve=False)
    settings.print(say("{id} is rejected; nothing of it comes in.", id=identity))


@command.command(
    "withdraw",
    cls=Command,
    about=say("Withdraw IMPORT: what lies in the project is taken away, also in open workspaces."),
    example='bulle import withdraw my-study-import-1 --why "an error in the tool" --as carol',
)
@click.argument("identity", metavar="IMPORT")
@why_option
@click.pass_obj
def withdraw(settings: Settings, identity: str, why: str) -> None:
    with _desk(settings) as desk:
        desk.withdraw(identity, settings.person(), why)
    settings.print(say("{id} is withdrawn; the egress service takes its files away.", id=identity))


def _decide(settings: Settings, identity: str, policies: Path | None, comment: str, *, approve: bool) -> None:
    with _desk(settings, policies) as desk:
        found = desk.show(identity, settings.person())
        desk.decide(identity, settings.person(), found.report, approve=approve, comment=comment)


@contextmanager
def _desk(settings: Settings, policies: Path | None = None) -> Iterator[ImportDesk]:
    """The desk of a log that is what was written. Raises: StopError."""
    from egress.airlock.following import Following  # noqa: PLC0415 -- when called
    from egress.airlock.import_desk import ImportDesk, rules_in  # noqa: PLC0415 -- when called
    from egress.store.quarantine import Quarantine  # noqa: PLC0415 -- when called
    from hub.policy.files import policies_dir  # noqa: PLC0415 -- when called
    from hub.policy.limits import read_limits  # noqa: PLC0415 -- when called
    from hub.policy.verdict import RefusedError  # noqa: PLC0415 -- when called

    folder = policies or policies_dir()
    with opened(settings) as log:
        enclave_of(log)
        quarantine = Quarantine(Path(settings.layout().quarantine))
        try:
            yield ImportDesk(Following(log), quarantine, read_limits(folder).imports, rules_in(folder))
        except RefusedError as error:
            raise refused(error.refusal.reason) from error


def _asked(found: ImportRequest) -> str:
    return found.reached[min(found.reached, key=lambda status: found.reached[status])][:16].replace("T", " ")


def _lines(found: ImportRequest, scanned: Scanned | None, settings: Settings) -> list[str]:
    said = [f"{found.id}  {found.status}  {found.person}  {found.title}", f"  {found.why}", f"  {found.origin}"]
    said += [f"  {file.name}  {file.size}  sha256 {file.sha256}" for file in found.files]
    if scanned is not None:
        said += [f"  {each['outcome']} {each['place']}: {each['why']}" for each in _findings(scanned, settings)]
        if not scanned.notices:
            said.append(f"  {settings.text(say('No automatic finding.'))}")
    told = [] if found.failure is None else [found.failure.reason]
    told += [_of(decided) for decided in (found.decided, found.withdrawn) if decided is not None]
    return [_plain(line) for line in (*said, *(f"  {settings.text(each)}" for each in told))]


def _of(decided: Decided) -> Message:
    return say("{person}, {when}: {comment}", person=decided.by, when=decided.at[:16], comment=decided.comment)


def _plain(line: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _findings(scanned: Scanned | None, settings: Settings) -> list[dict[str, str]]:
    return [
        {
            "outcome": str(notice.outcome),
            "rule": notice.rule,
            "place": notice.place,
            "why": " ".join(settings.text(sentence) for sentence in notice.sentences()),
        }
        for notice in (scanned.notices if scanned is not None else ())
    ]


def _described(found: ImportRequest, settings: Settings) -> dict[str, Any]:
    return {
        "import": found.id,
        "project": found.project,
        "person": found.person,
        "title": found.title,
        "why": found.why,
        "origin": found.origin,
        "status": str(found.status),
        "waits_for": str(found.turn),
        "folder": f"/imports/{found.folder}",
        "digest": found.digest,
        "files": [file.to_dict() for file in found.files],
        "reached": {str(status): at for status, at in found.reached.items()},
        "reasons": [settings.text(reason) for reason in found.reasons],
        "decided_by": found.decided.by if found.decided else None,
        "comment": found.decided.comment if found.decided else None,
    }
