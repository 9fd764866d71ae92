"""The command `bulle`: lists its commands without loading them, loads the one that is called."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import click

from bulle.cli.failure import failed
from bulle.cli.shape import Group, Option, settings_of
from hub.words import Message, say


@dataclass(frozen=True)
class Entry:
    """One line of `bulle --help`; the command stands in `bulle.cli.<name>`, or where `_MODULES` says."""

    section: Message
    about: Message
    example: str


_RESEARCH = say("For researchers and output checkers")
_GRANT = say("For those who grant and extract")
_STOP = say("For those who stop")
_PROVE = say("For those who verify")

COMMANDS = MappingProxyType(
    {
        "check": Entry(
            _RESEARCH,
            say("What the rules say of a table or notebook, before anybody else sees it."),
            'bulle check --extract /data --sql "SELECT sex, count(*) AS stays FROM stay GROUP BY sex"',
        ),
        "protect": Entry(
            _RESEARCH,
            say("Protect a table that was made elsewhere, and see what can still be worked out of it."),
            "bulle protect cells.csv --rules business-fr",
        ),
        "request": Entry(
            _RESEARCH,
            say("Submit a notebook for release, review it, download what was released."),
            "bulle request submit study.ipynb",
        ),
        "software": Entry(
            _RESEARCH,
            say("The packages that are installed here, and their bill of materials."),
            "bulle software list",
        ),
        "import": Entry(
            _RESEARCH,
            say("What is brought into projects: read it, approve or refuse it, withdraw it."),
            "bulle import list",
        ),
        "person": Entry(
            _GRANT, say("The persons known to the enclave."), 'bulle person add alice --name "Alice Martin"'
        ),
        "source": Entry(_GRANT, say("The data sources and their catalogues."), "bulle source register catalogue.toml"),
        "permit": Entry(_GRANT, say("Who may use which data, for what, until when."), "bulle permit issue permit.toml"),
        "budget": Entry(
            _GRANT, say("What each source and project may spend of its privacy budget, and spent."), "bulle budget show"
        ),
        "extract": Entry(_GRANT, say("The data of one project, made from its permit."), "bulle extract build my-study"),
        "campaign": Entry(
            _GRANT, say("Habilitation reviews: who still needs which project."), "bulle campaign list review-1"
        ),
        "desk": Entry(_GRANT, say("How long requests take, and what comes of them."), "bulle desk figures --csv"),
        "alarm": Entry(
            _STOP,
            say("What was refused and is abnormal, and what was found behind it."),
            "bulle alarm list --unanswered",
        ),
        "session": Entry(_STOP, say("The workspaces that are open."), "bulle session list"),
        "halt": Entry(
            _STOP,
            say("Stop a project, a person or everything, now."),
            'bulle halt project my-study --why "an incident"',
        ),
        "resume": Entry(_STOP, say("Lift a halt."), 'bulle resume project my-study --why "cleared"'),
        "breakglass": Entry(
            _STOP,
            say("One act of an operator outside their role, with a second person."),
            "bulle breakglass list",
        ),
        "verify": Entry(
            _PROVE,
            say("Whether a release package is what the enclave signed."),
            "bulle verify package.zip --key enclave.pub",
        ),
        "rerun": Entry(
            _PROVE,
            say("Have an approved request run again, and see which outputs come out the same."),
            "bulle rerun my-study-1 --as rita",
        ),
        "log": Entry(_PROVE, say("The sealed log of every act."), "bulle log verify"),
        "mail": Entry(_PROVE, say("Whether news reaches people by e-mail."), "bulle mail"),
        "register": Entry(
            _PROVE,
            say("The public register: permits, delays, results, alerts, and nobody's name."),
            "bulle register ./site/register --address https://research.example/register/",
        ),
        "schemas": Entry(
            _PROVE, say("JSON Schemas of every file and answer, for editors and programs."), "bulle schemas DIR"
        ),
    }
)


# A module cannot be called as the language calls a statement.
_MODULES = MappingProxyType({"import": "imports"})


class Root(Group):
    """Commands are modules, loaded when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        module = f"bulle.cli.{_MODULES.get(cmd_name, cmd_name)}"
        if find_spec(module) is None:
            raise failed(say("The command {name} is not part of this installation.", name=cmd_name))
        command: click.Command = import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # click looks for near names among the commands it was given; ours are not loaded yet
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=list(COMMANDS), ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        text = settings_of(ctx).text
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            with formatter.section(text(section)):
                for name, entry in COMMANDS.items():
                    if entry.section == section:
                        formatter.write_dl([(name.ljust(10), text(entry.about))])
                        formatter.write(" " * (formatter.current_indent + 12) + f"$ {entry.example}\n")


def _print_version(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
    if value:
        try:
            click.echo(f"bulle {version('bulle')}")
        except PackageNotFoundError:
            click.echo("bulle (from a checkout that was not installed)")
        ctx.exit()


root = Root(
    "bulle",
    about=say(
        "Bulle is a sealed research enclave: researchers work on sensitive data inside it, and only results that were "
        "computed by the enclave, checked and decided upon leave it. "
        "Each command explains itself: bulle COMMAND --help. "
        "Exit codes: 0 pass, 1 review, 2 refused, 3 wrong usage or a failure."
    ),
    params=[
        Option(
            ["--version"],
            about=say("Show the version."),
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
        )
    ],
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
)
