"""`bulle mail`: what is wrong with the messages that tell people of news; no address is known here."""

from __future__ import annotations

import click

from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from bulle.cli.state import enclave_of, opened
from bulle.cli.table import aligned
from hub.words import say


@click.command(
    "mail",
    cls=Command,
    about=say(
        "Whether the site's mail server takes messages, whose wait, and whose it refused for good. The codes are the "
        "server's; addresses are not known here."
    ),
    example="bulle mail --json",
)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    from egress.mail.told import Told  # noqa: PLC0415 -- when called

    with opened(settings) as log:
        enclave_of(log)
        told = Told().after(log.read())
    troubles = [*told.deferred.values(), *told.refused]
    if as_json:
        rows = [
            {"person": each.person, "at": each.at, "rule": each.rule, "code": each.code, "final": each.final}
            for each in troubles
        ]
        server = {"failing": told.failing or None, "since": told.failing_since or None}
        settings.print_json({"schema": "bulle.mail/1", "server": server, "messages": rows})
        return
    if told.failing:
        settings.print(
            say("The mail server takes no message since {at}: {rule}.", at=told.failing_since, rule=told.failing)
        )
    else:
        settings.print(say("Nothing is known against the mail server."))
    if troubles:
        titles = [settings.text(title) for title in (say("person"), say("since"), say("code"), say("becomes"))]
        ends = {False: settings.text(say("tried again")), True: settings.text(say("refused for good"))}
        click.echo(aligned(titles, [[each.person, each.at, str(each.code), ends[each.final]] for each in troubles]))
