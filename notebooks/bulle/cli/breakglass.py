"""`bulle breakglass`: an operator does one act outside their role, once, with another person's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bulle.cli.failure import failed, refused
from bulle.cli.permit import policies_option
from bulle.cli.reason import why_option
from bulle.cli.settings import CHANNEL, Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened, policy_stop
from bulle.cli.table import aligned
from bulle.cli.taken import take_folder, take_frozen
from egress.release.fold import fold as fold_requests
from egress.store.quarantine import Quarantine, QuarantineError
from hub.events.breakglass import fold, next_id
from hub.events.state import Enclave
from hub.policy.breakglass import BreakGlass, Emergency, may_ask, may_confirm, may_end, may_use
from hub.policy.files import PolicyFileError
from hub.policy.limits import read_limits
from hub.policy.model import DataPermit, Person
from hub.policy.verdict import Grant, Refusal
from hub.words import say

command = Group(
    "breakglass",
    about=say(
        "For operators in an incident: one act outside their role, on one project, once. It takes a reason and "
        "a second person (another operator of the project, or its oversight), and it expires. Every step is in the "
        "log, and oversight sees it."
    ),
)

_ACT = click.Choice([str(act) for act in Emergency])


@dataclass(frozen=True)
class _Seen:
    """What a step is judged on: one reading of the log, by whoever acts."""

    enclave: Enclave
    known: Mapping[str, BreakGlass]
    now: datetime
    actor: str

    def standing(self, project: str) -> tuple[Person | None, DataPermit | None]:
        return self.enclave.persons.get(self.actor), self.enclave.permits.get(project)

    def glass(self, identity: str) -> BreakGlass:
        """Raises: StopError."""
        if identity not in self.known:
            raise refused(say("There is no request called {request} for you.", request=identity))
        return self.known[identity]


@dataclass(frozen=True)
class _Judged:
    """What the rule says, and the event that says it."""

    verdict: Grant | Refusal
    kind: str
    project: str
    body: Mapping[str, str]


@command.command(
    "ask",
    cls=Command,
    about=say("Ask for ACT on PROJECT: quarantine (what was handed in) or folders (homes and the shared folder)."),
    example='bulle breakglass ask quarantine my-study --why "a notebook looks like an attack" --as opal',
)
@click.argument("act", type=_ACT)
@click.argument("project")
@why_option
@option("--hours", about=say("For how long, at most (default: 1)."), type=float, default=1.0, metavar="HOURS")
@policies_option
@click.pass_obj
def ask(settings: Settings, act: str, project: str, why: str, hours: float, policies: Path | None) -> None:  # noqa: PLR0913, PLR0917 -- a command line
    duration, longest = _hours(hours), timedelta(hours=_max_hours(policies))

    def judge(seen: _Seen) -> _Judged:
        verdict = may_ask(*seen.standing(project), duration, longest, seen.enclave.stops)
        until = (seen.now + duration).isoformat(timespec="seconds")
        body = {"id": next_id(seen.known), "act": act, "why": why, "until": until}
        return _Judged(verdict, "breakglass.asked", project, body)

    body = _step(settings, judge)
    settings.print(
        say(
            "{id} waits until {until} (UTC) for another operator or oversight: bulle breakglass confirm {id}",
            id=body["id"],
            until=_moment(body["until"]),
        )
    )


@command.command(
    "confirm",
    cls=Command,
    about=say("Confirm what somebody else asked for as ID."),
    example="bulle breakglass confirm bg-1 --as olga",
)
@click.argument("identity", metavar="ID")
@click.pass_obj
def confirm(settings: Settings, identity: str) -> None:
    _say_of(settings, identity, may_confirm, "breakglass.confirmed")
    settings.print(say("{id} is confirmed; it can be used once.", id=identity))


@command.command(
    "use",
    cls=Command,
    about=say("Do ACT on PROJECT as ID allows it, once: copy what it opens into the new folder DIR."),
    example="bulle breakglass use bg-1 quarantine my-study ./evidence --as opal",
)
@click.argument("identity", metavar="ID")
@click.argument("act", type=_ACT)
@click.argument("project")
@click.argument("out", type=click.Path(path_type=Path), metavar="DIR")
@click.pass_obj
def use(settings: Settings, identity: str, act: str, project: str, out: Path) -> None:
    if out.exists():
        raise failed(say("{path} is there already; name a folder that is not.", path=str(out)))

    def judge(seen: _Seen) -> _Judged:
        glass = seen.glass(identity)
        person, permit = seen.standing(glass.project)
        verdict = may_use(glass, Emergency(act), project, person, permit, seen.now, seen.enclave.stops)
        return _Judged(verdict, "breakglass.used", glass.project, {"id": identity, "act": act})

    _step(settings, judge)
    files = _take(settings, Emergency(act), project, out)
    settings.print(say("Files copied into {path}: {number}. {id} is used.", path=str(out), number=files, id=identity))


@command.command(
    "end", cls=Command, about=say("End ID before it is used."), example="bulle breakglass end bg-1 --as olga"
)
@click.argument("identity", metavar="ID")
@click.pass_obj
def end(settings: Settings, identity: str) -> None:
    _say_of(settings, identity, may_end, "breakglass.ended")
    settings.print(say("{id} is ended.", id=identity))


@command.command(
    "list", cls=Command, about=say("List what was asked for and how far it came."), example="bulle breakglass list"
)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_requests(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    now = datetime.now(UTC)
    with opened(settings) as log:
        enclave_of(log)
        known = fold(log.read()).values()
    if as_json:
        settings.print_json({"schema": "bulle.breakglass/1", "requests": [_described(each, now) for each in known]})
        return
    titles = (
        say("id"),
        say("act"),
        say("project"),
        say("person"),
        say("confirmed by"),
        say("until"),
        say("stage"),
        say("reason"),
    )
    rows = [tuple(_described(each, now).values()) for each in known]
    click.echo(aligned([settings.text(title) for title in titles], rows))


def _say_of(settings: Settings, identity: str, rule: Callable[..., Grant | Refusal], kind: str) -> None:
    """A step that only says something of what was asked for. Raises: StopError."""

    def judge(seen: _Seen) -> _Judged:
        glass = seen.glass(identity)
        verdict = rule(glass, *seen.standing(glass.project), seen.now, seen.enclave.stops)
        return _Judged(verdict, kind, glass.project, {"id": identity})

    _step(settings, judge)


def _step(settings: Settings, judge: Callable[[_Seen], _Judged]) -> Mapping[str, str]:
    """One step, judged and written in one transaction; a refused one is an event, too. Raises: StopError."""
    actor = settings.person()
    with opened(settings) as log, log.transaction() as transaction:
        seen = _Seen(enclave_of(transaction), fold(transaction.read()), transaction.now(), actor)
        judged = judge(seen)
        body = {**judged.body, "channel": CHANNEL}
        if isinstance(judged.verdict, Refusal):
            told = {**body, "rule": judged.verdict.rule, "reason": judged.verdict.reason.to_dict()}
            transaction.append(actor, "breakglass.refused", judged.project, told)
        else:
            transaction.append(actor, judged.kind, judged.project, body)
    if isinstance(judged.verdict, Refusal):
        raise refused(judged.verdict.reason)
    return body


def _take(settings: Settings, act: Emergency, project: str, out: Path) -> int:
    layout = settings.layout()
    out.mkdir(mode=0o700, parents=True)
    if act is Emergency.FOLDERS:
        homes, shared = Path(layout.root) / "homes" / project, Path(layout.shared(project))
        return take_folder(homes, out / "homes") + take_folder(shared, out / "project")
    with opened(settings) as log:
        requests = [each for each in fold_requests(log.read()).values() if each.project == project]
    try:
        return take_frozen(requests, Quarantine(Path(layout.quarantine)), out)
    except QuarantineError as error:
        raise failed(error.message) from error


def _hours(hours: float) -> timedelta:
    try:
        return timedelta(hours=hours)
    except (OverflowError, ValueError) as error:
        raise failed(say("{hours} is no number of hours.", hours=str(hours))) from error


def _max_hours(policies: Path | None) -> int:
    try:
        return read_limits(policies).breakglass.max_hours
    except PolicyFileError as error:
        raise policy_stop(error) from error


def _moment(at: str) -> str:
    return at[:16].replace("T", " ")


def _described(glass: BreakGlass, now: datetime) -> dict[str, str]:
    return {
        "id": glass.id,
        "act": str(glass.act),
        "project": glass.project,
        "by": glass.by,
        "confirmed_by": glass.confirmed_by,
        "until": _moment(glass.until.isoformat()),
        "stage": glass.stage_at(now),
        "why": glass.why,
    }
