"""`bulle alarm`: what was refused and is abnormal by the policy, and what administrators found behind it."""

from __future__ import annotations

from typing import Any

import click

from bulle.cli.acting import acting
from bulle.cli.failure import granted
from bulle.cli.reason import why_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened
from bulle.cli.table import aligned
from hub.alarms import Alarm, alarms
from hub.answering import answer_alarm
from hub.words import say

command = Group(
    "alarm",
    about=say("Alarms: what doors, hub and container engine refused and the policy calls abnormal, and the answers."),
)


@command.command(
    "list",
    cls=Command,
    about=say("The alarms, the newest first."),
    example="bulle alarm list --unanswered",
)
@option("--unanswered", about=say("Only what has no answer."), is_flag=True)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def list_(settings: Settings, *, unanswered: bool, as_json: bool) -> None:
    with opened(settings) as log:
        enclave_of(log)
        raised = reversed([*alarms(log.read(kinds="alarm.")).values()])
    found = [each for each in raised if not unanswered or each.answer is None]
    if as_json:
        settings.print_json({"schema": "bulle.alarms/1", "alarms": [_described(each) for each in found]})
        return
    if not found:
        settings.print(say("No alarm."))
        return
    titles = (say("alarm"), say("times"), say("time (UTC)"), say("answered by"), say("what was found"))
    rows = [
        (
            each.kind.id,
            each.times,
            each.at[:16].replace("T", " "),
            *((each.answer.by, each.answer.why) if each.answer else ("-", "-")),
        )
        for each in found
    ]
    click.echo(aligned([settings.text(title) for title in titles], rows))


@command.command(
    "answer",
    cls=Command,
    about=say("Say what you found behind ALARM, as bulle alarm list names it. Only administrators do."),
    example='bulle alarm answer 2026-11-20/edge/terminals/mallory/my-study --why "a mistyped address" --as erin',
)
@click.argument("alarm")
@why_option
@click.pass_obj
def answer(settings: Settings, alarm: str, why: str) -> None:
    with opened(settings) as log, acting(settings, log) as act, granted():
        answer_alarm(act, alarm, why)
    settings.print(say("The alarm {alarm} is answered.", alarm=alarm))


def _described(each: Alarm) -> dict[str, Any]:
    kind, said = each.kind, each.answer
    return {
        "alarm": kind.id,
        "day": kind.day,
        "door": kind.door,
        "tried": kind.tried,
        "person": kind.person or None,
        "project": kind.project or None,
        "times": each.times,
        "at": each.at,
        "answer": None if said is None else {"by": said.by, "at": said.at, "why": said.why},
    }
