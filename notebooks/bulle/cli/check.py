"""`bulle check`: the pre-flight of a table or a notebook, without any service. Also the enclave's embedded mode."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from bulle.cli.failure import Code, StopError, failed
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from hub.words import say

_EXAMPLES = """\
bulle check --extract /data --sql "SELECT sex, count(*) AS stays FROM stay GROUP BY sex"
bulle check --extract /data study.ipynb --json
bulle check --extract /data --protect dp --rho 0.1 --sql "SELECT sex, count(*) AS n FROM stay GROUP BY sex"
bulle check --extract /data --protect dp --within 30 --sql "SELECT sex, count(*) AS n FROM stay GROUP BY sex\""""


class Rho(click.ParamType[Decimal]):
    """A privacy loss: above 0, at most 100, at most 9 decimals."""

    name = "rho"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Raises: BadParameter."""
        try:
            rho = Decimal(str(value))
        except InvalidOperation:
            rho = Decimal("NaN")
        exponent = rho.as_tuple().exponent
        if not rho.is_finite() or not 0 < rho <= 100 or not isinstance(exponent, int) or exponent < -9:
            self.fail("a number above 0, at most 100, with at most 9 decimals", param, ctx)
        return rho


@click.command(
    "check",
    cls=Command,
    about=say(
        "What the rules say of a table or notebook, before anybody else sees it. "
        "A notebook is run again in a child process, what it declares is computed anew from the extract, checked and "
        "protected; nothing is sent anywhere. "
        "Exit codes: 0 no automatic finding, 1 a person must look, 2 refused, 3 wrong usage or a failure."
    ),
    example=_EXAMPLES,
)
@click.argument("notebook", required=False, type=click.Path(path_type=Path), metavar="[NOTEBOOK]")
@option(
    "--extract",
    about=say("Folder of the extract, with its manifest.json."),
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
)
@option(
    "--sql", about=say("The aggregate to check, instead of a notebook; its output is called sql."), metavar="SELECT"
)
@option("--rules", about=say("Disclosure rules by name or file (default: the extract's, else health-fr)."))
@option(
    "--protect",
    about=say("How the tables are protected (default: suppress, or what the notebook says)."),
    type=click.Choice(["suppress", "round", "dp", "none"]),
)
@option("--rho", about=say("Privacy loss to spend with --protect dp."), type=Rho(), metavar="R")
@option(
    "--within",
    about=say("With --protect dp: how far each count may be off, instead of --rho; it tells what that costs."),
    type=click.FloatRange(min=1),
    metavar="N",
)
@option(
    "--ledger",
    about=say("Budget file; with it, DP outputs are drawn and paid for. Without it, they are previewed."),
    type=click.Path(path_type=Path),
    metavar="FILE",
)
@option(
    "--with",
    "files",
    about=say("A helper file that the notebook needs beside it."),
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
)
@option("--json", "as_json", about=say("Print one JSON document (schema bulle.check/1)."), is_flag=True)
@click.pass_obj
def command(settings: Settings, /, notebook: Path | None, extract: Path, sql: str | None, **options: Any) -> int:
    """See `about`."""
    if (notebook is None) == (sql is None):
        raise failed(say("Give either --sql or a notebook, one of the two."))
    if options["rho"] is not None and options["protect"] != "dp":
        raise failed(say("--rho goes with --protect dp only."))
    if options["within"] is not None and (options["protect"] != "dp" or options["rho"] is not None):
        raise failed(say("--within goes with --protect dp, and instead of --rho."))
    from bulle import checking  # noqa: PLC0415 -- the engines, when there is something to check

    wish = checking.Wish(
        extract=extract,
        rules=options["rules"],
        protect=options["protect"],
        rho=options["rho"],
        ledger=options["ledger"],
        within=options["within"],
    )
    try:
        if sql is not None:
            checked = checking.check_sql(sql, wish)
        else:
            checked = checking.check_notebook(notebook or Path(), options["files"], wish)
    except checking.CheckError as error:
        raise StopError(Code.ERROR, error.messages) from error
    if options["as_json"]:
        settings.print_json(checked.to_json(settings.language))
    else:
        click.echo(checked.to_text(settings.language))
    return {"pass": Code.PASS, "review": Code.REVIEW, "fail": Code.REFUSED}[str(checked.outcome)]
