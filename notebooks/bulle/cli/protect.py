"""`bulle protect`: a table made elsewhere, protected under a rule set; no service and no data but the table itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bulle.cli.failure import Code, StopError, failed
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from hub.policy.files import PolicyFileError
from hub.words import say

_EXAMPLES = """\
bulle protect cells.csv --rules business-fr
bulle protect cells.csv --rules business-fr --hierarchy activity=nace.csv --publish both --json
bulle protect counts.csv --rules health-fr --method controlled --base 15 --out protected.csv"""


@click.command(
    "protect",
    cls=Command,
    about=say(
        "Protect a table that was made elsewhere: which cells must go by rule, which others would give them back, and "
        "what an attacker can still work out of each. "
        "CELLS.csv has key columns, n (persons or units per cell) and optionally value, top1, top2 and units; totals "
        "are rows whose key is Total, and are added up where they are missing. "
        "Exit codes: 0 no automatic finding, 1 a person must look, 2 refused, 3 wrong usage or a failure."
    ),
    example=_EXAMPLES,
)
@click.argument("cells", type=click.Path(path_type=Path), metavar="CELLS.csv")
@option("--rules", about=say("Disclosure rules by name or file."), required=True)
@option(
    "--hierarchy",
    "hierarchies",
    about=say("Which categories are part of which: one column per level, or columns child and parent."),
    multiple=True,
    metavar="[COLUMN=]FILE",
)
@option(
    "--method",
    about=say(
        "suppress; round: flagged cells suppressed, the others rounded; controlled: counts rounded, totals stay sums."
    ),
    type=click.Choice(["suppress", "round", "controlled"]),
)
@option("--round", "as_round", about=say("The same as --method round."), is_flag=True)
@option("--base", about=say("Multiples to round counts to (default: the rules')."), type=click.IntRange(2, 1_000_000))
@option(
    "--publish",
    about=say("What is to be published (default: value where the file has it, else n)."),
    type=click.Choice(["n", "value", "both"]),
)
@option("--means", about=say("Add means of what is published."), is_flag=True)
@option(
    "--column", "columns", about=say("What the file calls a column, as n=N_OBS."), multiple=True, metavar="NAME=HEADER"
)
@option("--total", about=say("The name of totals in the file (default: Total)."), default="Total", metavar="NAME")
@option(
    "--no-margins", about=say("Add no totals: those of a column that has none are published nowhere."), is_flag=True
)
@option("--tauargus", about=say("Let τ-ARGUS propose which cells to suppress; the audit judges."), is_flag=True)
@option(
    "--out",
    about=say("Write the protected table to this new CSV file."),
    type=click.Path(path_type=Path),
    metavar="FILE",
)
@option("--json", "as_json", about=say("Print one JSON document (schema bulle.protect/1)."), is_flag=True)
@click.pass_obj
def command(settings: Settings, /, cells: Path, rules: str, **options: Any) -> int:
    """See `about`."""
    method = options["method"] or ("round" if options["as_round"] else "suppress")
    if options["as_round"] and method != "round":
        raise failed(say("--round goes with --method round only."))
    if options["base"] is not None and method == "suppress":
        raise failed(say("--base goes with rounding only."))
    if options["tauargus"] and method != "suppress":
        raise failed(say("--tauargus goes with suppression only."))
    from bulle import protecting  # noqa: PLC0415 -- the engines, when there is something to protect
    from egress.protect.protectedcells import Method  # noqa: PLC0415 -- see above
    from egress.protect.unusable import UnusableError  # noqa: PLC0415 -- see above

    try:
        request = protecting.Request(
            cells,
            rules,
            options["hierarchies"],
            protecting.renamed(options["columns"]),
            options["publish"],
            Method(method),
            options["base"],
            options["means"],
            options["total"],
            not options["no_margins"],
            options["tauargus"],
        )
        done = protecting.protect_file(request)
    except UnusableError as error:
        raise failed(error.message) from error
    except PolicyFileError as error:
        raise StopError(Code.ERROR, error.messages) from error
    refused = str(done.outcome) == "fail"
    if options["out"] is not None and done.done.columns and not refused:
        protecting.write_table(done, options["out"])
    if options["as_json"]:
        settings.print_json(done.to_json(settings.language))
    else:
        click.echo(done.to_text(settings.language))
    return {"pass": Code.PASS, "review": Code.REVIEW, "fail": Code.REFUSED}[str(done.outcome)]
