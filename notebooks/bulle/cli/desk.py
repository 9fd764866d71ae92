"""`bulle desk`: what administrators see at their desk, for programs: how long requests take and what comes of them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened
from bulle.cli.table import aligned
from hub.words import say

if TYPE_CHECKING:  # keeps `bulle --help` quick
    from egress.release.figures import Figures, Took
    from egress.release.figures import Group as Turns

command = Group("desk", about=say("What administrators see at their desk, as tables and for programs."))

_HOUR = timedelta(hours=1)
_DELAYS = ("verdict", "first_review", "decision")


@command.command(
    "figures",
    cls=Command,
    about=say(
        "How long requests take, by month and rules: median and ninth decile in hours from a submission to the "
        "machine's verdict, to the first review and to the answer; and what came of them."
    ),
    example="bulle desk figures --csv > figures.csv",
)
@option("--json", "form", flag_value="json", about=say("Print JSON, with each output checker's load."))
@option("--csv", "form", flag_value="csv", about=say("Print CSV: one line a month and set of rules."))
@click.pass_obj
def figures(settings: Settings, form: str | None) -> None:
    from egress.release.figures import figures as counted  # noqa: PLC0415 -- when called
    from egress.release.fold import fold  # noqa: PLC0415 -- when called

    with opened(settings) as log:
        enclave, requests = enclave_of(log), fold(log.read())
    found = counted(requests.values(), {project: permit.rules for project, permit in enclave.permits.items()})
    if form == "json":
        settings.print_json(_described(found))
        return
    rows = [_row(each) for each in found.groups]
    if form == "csv":
        out = io.StringIO()
        csv.DictWriter(out, _columns(), lineterminator="\n").writeheader()
        csv.DictWriter(out, _columns(), lineterminator="\n").writerows(rows)
        click.echo(out.getvalue(), nl=False)
    elif rows:
        click.echo(aligned(_columns(), [["-" if value is None else value for value in row.values()] for row in rows]))
    else:
        settings.print(say("No request was submitted yet."))


def _columns() -> list[str]:
    from egress.release.figures import Came  # noqa: PLC0415 -- when called

    delays = [f"{name}_{what}" for name in _DELAYS for what in ("cases", "median_hours", "p90_hours")]
    return ["month", "rules", "turns", *delays, *Came]


def _row(group: Turns) -> dict[str, Any]:
    from egress.release.figures import Came  # noqa: PLC0415 -- when called

    row: dict[str, Any] = {"month": group.month, "rules": group.rules, "turns": group.turns}
    for name in _DELAYS:
        row |= {f"{name}_{key}": value for key, value in _took(getattr(group, name)).items()}
    return {**row, **{str(came): group.came.get(came, 0) for came in Came}}


def _took(took: Took) -> dict[str, int | float | None]:
    return {"cases": took.cases, "median_hours": _hours(took.median), "p90_hours": _hours(took.p90)}


def _hours(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration / _HOUR, 2)


def _described(found: Figures) -> dict[str, Any]:
    return {
        "schema": "bulle.figures/1",
        "groups": [
            {
                "month": group.month,
                "rules": group.rules,
                "turns": group.turns,
                **{name: _took(getattr(group, name)) for name in _DELAYS},
                "came": {str(came): count for came, count in sorted(group.came.items())},
            }
            for group in found.groups
        ],
        "requests_by_turns": {str(turns): count for turns, count in found.turns.items()},
        "appeals": {str(came): count for came, count in sorted(found.appeals.items())},
        "checkers": [
            {"month": load.month, "checker": load.checker, "reviews": load.reviews, "minutes": load.minutes}
            for load in found.loads
        ],
    }
