"""The reason that acts against somebody's access give, for the log and those who answer for it."""

from __future__ import annotations

import click

from bulle.cli.failure import failed
from bulle.cli.shape import option
from hub.words import say

MOST = 500  # characters: a sentence or two; the log is no place for a report


def _reason(_context: click.Context, _param: click.Parameter, value: str) -> str:
    # other characters would be commands to the terminal of whoever reads the log
    text = "".join(letter for letter in value if letter.isprintable()).strip()
    if not 0 < len(text) <= MOST:
        raise failed(say("Give a reason of 1 to {most} characters with --why.", most=MOST))
    return text


why_option = option(
    "--why",
    about=say("The reason, kept in the event log; name no patient in it."),
    required=True,
    metavar="TEXT",
    callback=_reason,
)
