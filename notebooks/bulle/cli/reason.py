"""The reason that acts against somebody's access give, for the log and those who answer for it."""

from __future__ import annotations

import click

from bulle.cli.failure import failed
from bulle.cli.shape import option
from hub.policy.reason import MOST, reason
from hub.policy.verdict import Refusal
from hub.words import say


def _reason(_context: click.Context, _param: click.Parameter, value: str) -> str:
    text = reason(value)
    if isinstance(text, Refusal):
        raise failed(say("Give a reason of 1 to {most} characters with --why.", most=MOST))
    return text


why_option = option(
    "--why",
    about=say("The reason, kept in the event log; name no patient in it."),
    required=True,
    metavar="TEXT",
    callback=_reason,
)
