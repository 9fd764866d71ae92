"""`bulle rerun`: a reproducibility reviewer has an approved request run again, and reads what came out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulle.cli.failure import Code, refused
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from hub.words import Message, say

if TYPE_CHECKING:  # keeps `bulle --help` from loading the database driver
    from egress.airlock.reviewer import ReviewerDesk

PAUSE = 1.0  # seconds between two looks at the log


@click.command(
    "rerun",
    cls=Command,
    about=say(
        "Have an approved request run again in the sealed runner, from its reproduction dossier, and see of each "
        "output whether it has the same bytes. It takes a permit of your own as a reproducibility reviewer of its "
        "project."
    ),
    example="bulle rerun my-study-1 --as rita --wait 900",
)
@click.argument("request")
@option(
    "--wait",
    about=say("How many seconds to wait for the result; the worker goes on without you."),
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
)
@option("--last", about=say("Show your last re-run of it instead of asking for another."), is_flag=True)
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def command(settings: Settings, request: str, wait: int, *, last: bool, as_json: bool) -> Code:
    with _desk(settings) as desk:
        person = settings.person()
        asked = desk.last(request, person) if last else desk.ask(request, person)
        found = _awaited(desk, asked, wait)
    if as_json:
        settings.print_json(_described(settings, request, asked, found))
    elif isinstance(found, Message):
        raise refused(found)
    elif found is None:
        settings.print(say("Asked as entry {entry} of the log; the worker runs it. See it with --last.", entry=asked))
    else:
        _print(settings, found)
    return _code(found)


@contextmanager
def _desk(settings: Settings) -> Iterator[ReviewerDesk]:
    from egress.airlock.reviewer import ReviewerDesk  # noqa: PLC0415 -- when called
    from egress.store.quarantine import Quarantine, QuarantineError  # noqa: PLC0415 -- when called
    from hub.policy.verdict import RefusedError  # noqa: PLC0415 -- when called

    layout, log = settings.layout(), settings.log()
    try:
        yield ReviewerDesk(log, Quarantine(Path(layout.quarantine)))
    except RefusedError as error:
        raise refused(error.refusal.reason) from error
    except QuarantineError as error:
        raise refused(error.message) from error
    finally:
        log.close()


def _awaited(desk: ReviewerDesk, asked: int, seconds: int) -> dict[str, Any] | Message | None:
    deadline = time.monotonic() + seconds
    while (found := desk.certificate(asked)) is None and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return found


def _code(found: Mapping[str, Any] | Message | None) -> Code:
    if isinstance(found, Message):
        return Code.REFUSED
    whole = found is not None and found["summary"]["same"] == len(found["outputs"])
    return Code.PASS if whole else Code.REVIEW


def _described(
    settings: Settings, request: str, asked: int, found: Mapping[str, Any] | Message | None
) -> dict[str, object]:
    answer: dict[str, object] = {"schema": "bulle.rerun/1", "request": request, "asked": asked}
    if not isinstance(found, Mapping):
        return {**answer, "certificate": None, "why": settings.text(found) if found else None}
    outputs = [{**each, "where": [settings.text(place) for place in each["where"]]} for each in found["outputs"]]
    says = [settings.text(sentence) for sentence in found["says"]]
    return {**answer, "certificate": {**found, "says": says, "outputs": outputs}, "why": None}


def _print(settings: Settings, found: Mapping[str, Any]) -> None:
    for sentence in found["says"]:
        settings.print(sentence)
    for each in found["outputs"]:
        click.echo(f"  {settings.text(_WORDS[each['verdict']]):<14} {each['name']}  {each['file']}")
        for place in each["where"]:
            click.echo(f"      {settings.text(place)}")
    settings.print(say("Image: {image}", image=found["image"] or "-"))
    settings.print(say("Extract (SHA-256 of its manifest): {digest}", digest=found["extract"]))
    settings.print(say("Dossier (SHA-256): {digest}", digest=found["dossier"]))


_WORDS = {
    "same": say("same"),
    "differs": say("differs"),
    "missing": say("missing"),
    "not_compared": say("not compared"),
}
