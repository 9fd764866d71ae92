"""`bulle request`: what people decide on a request. Review, return, appeal, agree, recall, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from bulle.cli.asking import asking, desk_of
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from hub.words import Message, say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from egress.airlock.acts import Acts

_json = option("--json", "as_json", is_flag=True, about=say("Answer in JSON."))
_why = option("--why", required=True, about=say("The reason; whoever reads the request sees it."))


@click.command(
    "review",
    cls=Command,
    about=say("Vote as an output checker on every output that the checks did not refuse."),
    example='bulle request review my-study-1 --as carol --approve stays --change costs="Group the sites"',
)
@click.argument("request")
@option("--approve", multiple=True, metavar="NAME", about=say("An output that may leave."))
@option("--reject", multiple=True, metavar="NAME", about=say("An output that may not."))
@option(
    "--change", multiple=True, metavar="NAME=TEXT", about=say("An output to correct, and how: the request returns.")
)
@option("--comment", default="", about=say("For the author: why, and what to change."))
@option("--note", default="", about=say("For output checkers only."))
@option("--minutes", type=click.IntRange(0, 10_000), about=say("The time that the review took."))
@option(
    "--criteria",
    is_flag=True,
    about=say("Singling out, linking and inference were examined for each output that you approve."),
)
@_json
@click.pass_obj
def review(  # noqa: PLR0913 -- the command's own options
    settings: Settings,
    request: str,
    *,
    approve: tuple[str, ...],
    reject: tuple[str, ...],
    change: tuple[str, ...],
    comment: str,
    note: str,
    minutes: int | None,
    criteria: bool,
    as_json: bool,
) -> None:
    from egress.airlock.desk import Remarks  # noqa: PLC0415 -- when called
    from egress.release.review import Choice, Criterion, Vote  # noqa: PLC0415 -- when called

    examined = tuple(Criterion) if criteria else ()
    changes = [each.partition("=") for each in change]
    votes = (
        *(Vote(name, Choice.APPROVE, criteria=examined) for name in approve),
        *(Vote(name, Choice.REJECT) for name in reject),
        *(Vote(name, Choice.CHANGE, text) for name, _, text in changes),
    )
    with asking(settings) as log:
        remarks = Remarks(comment, note, minutes)
        decision = desk_of(settings, log).review(request, settings.person(), votes, remarks)
    if as_json:
        said = decision.to_dict() if decision else None
        settings.print_json({"schema": "bulle.reviewed/1", "request": request, "decision": said})
    elif decision is None:
        settings.print(say("Your review is recorded; the decision waits for another output checker."))
    elif decision.changes:
        settings.print(say("Request {request} goes back to its author.", request=request))
    else:
        settings.print(
            say(
                "Request {request} is decided: {approved} approved, {rejected} rejected.",
                request=request,
                approved=len(decision.approved),
                rejected=len(decision.rejected),
            )
        )


@click.command(
    "return",
    cls=Command,
    about=say(
        "Send a request back to its author, or take your own back to correct it: the same request, another turn."
    ),
    example='bulle request return my-study-1 --as carol --why "Say which years the table covers"',
)
@click.argument("request")
@_why
@_json
@click.pass_obj
def return_(settings: Settings, request: str, why: str, *, as_json: bool) -> None:
    done = say("Request {request} is with its author, who corrects it.", request=request)
    _do(settings, lambda acts, person: acts.send_back(request, person, why), "returned", request, done, as_json=as_json)


@click.command(
    "appeal",
    cls=Command,
    about=say("Ask, once, that other people decide on your rejected request."),
    example='bulle request appeal my-study-1 --as alice --why "The small cells are published by the ministry"',
)
@click.argument("request")
@_why
@_json
@click.pass_obj
def appeal(settings: Settings, request: str, why: str, *, as_json: bool) -> None:
    done = say("Request {request} waits for other output checkers, who decide on the appeal.", request=request)
    _do(settings, lambda acts, person: acts.appeal(request, person, why), "appealed", request, done, as_json=as_json)


@click.command(
    "agree",
    cls=Command,
    about=say("Agree to what the output checkers decided, in the role whose agreement the rules ask for; or do not."),
    example="bulle request agree my-study-1 --as hilda",
)
@click.argument("request")
@option("--no", "refuses", is_flag=True, about=say("You do not agree: nothing leaves."))
@option("--comment", default="", about=say("For the author; needed where you do not agree."))
@_json
@click.pass_obj
def agree(settings: Settings, request: str, comment: str, *, refuses: bool, as_json: bool) -> None:
    done = say("Your answer on request {request} is recorded.", request=request)
    _do(
        settings,
        lambda acts, person: acts.answer(request, person, comment, agrees=not refuses),
        "answered",
        request,
        done,
        as_json=as_json,
    )


@click.command(
    "recall",
    cls=Command,
    about=say("Recall a release that should not have left: its package is not given out any more."),
    example='bulle request recall my-study-1 --as carol --why "Table 2 shows a cell of 4 persons"',
)
@click.argument("request")
@_why
@_json
@click.pass_obj
def recall(settings: Settings, request: str, why: str, *, as_json: bool) -> None:
    done = say("Request {request} was recalled; its package is not given out any more.", request=request)
    _do(settings, lambda acts, person: acts.recall(request, person, why), "recalled", request, done, as_json=as_json)


@click.command(
    "seen",
    cls=Command,
    about=say("Say that you looked at a release of the automatic lane which the lot had chosen, and what you found."),
    example='bulle request seen my-study-1 --as carol --why "Nothing to object"',
)
@click.argument("request")
@_why
@_json
@click.pass_obj
def seen(settings: Settings, request: str, why: str, *, as_json: bool) -> None:
    done = say("Your answer on request {request} is recorded.", request=request)
    _do(settings, lambda acts, person: acts.see_sample(request, person, why), "seen", request, done, as_json=as_json)


@click.command(
    "withdraw",
    cls=Command,
    about=say("Take your own request back before its release."),
    example="bulle request withdraw my-study-1 --as alice",
)
@click.argument("request")
@_json
@click.pass_obj
def withdraw(settings: Settings, request: str, *, as_json: bool) -> None:
    done = say("Request {request} was withdrawn by its author.", request=request)
    _do(settings, lambda acts, person: acts.withdraw(request, person), "withdrawn", request, done, as_json=as_json)


COMMANDS = (review, return_, appeal, agree, recall, seen, withdraw)


def _do(  # noqa: PLR0913 -- what is done, and the two ways to say so
    settings: Settings, act: Callable[[Acts, str], None], word: str, request: str, done: Message, *, as_json: bool
) -> None:
    from egress.airlock.acts import Acts  # noqa: PLC0415 -- when called
    from egress.airlock.following import Following  # noqa: PLC0415 -- when called

    person = settings.person()
    with asking(settings) as log:
        act(Acts(Following(log)), person)
    if as_json:
        settings.print_json({"schema": f"bulle.{word}/1", "request": request})
    else:
        settings.print(done)
