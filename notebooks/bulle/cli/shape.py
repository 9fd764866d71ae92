"""How commands look: help in the reader's language, an example with each, and the options all commands share.

`@click.command("list", cls=Command, about=say("…"), example="bulle person list")`;
`@option("--name", about=say("…"), required=True)`; the function takes `@click.pass_obj` as `settings: Settings`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from bulle.cli.settings import Settings
from hub.words import Message, say

F = TypeVar("F", bound=Callable[..., Any])


def settings_of(ctx: click.Context) -> Settings:
    """The settings of a context; defaults where none were passed (completion, tests of a single command)."""
    return ctx.obj if isinstance(ctx.obj, Settings) else Settings()


class Option(click.Option):
    """An option whose help is a Message."""

    def __init__(self, declarations: Sequence[str], *, about: Message, **attrs: Any) -> None:
        super().__init__(declarations, help=str(about), **attrs)
        self.about = about

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        if record is None:
            return None
        text = settings_of(ctx).text
        required = f"[{text(say('required'))}]"
        return record[0], record[1].replace(str(self.about), text(self.about), 1).replace("[required]", required)


def option(*names: str, about: Message, **attrs: Any) -> Callable[[F], F]:
    """`click.option` with a Message for help."""
    return click.option(*names, cls=Option, about=about, **attrs)


class Command(click.Command):
    """A command with a Message for help and an example; it also takes --state, --as and --lang."""

    def __init__(self, name: str | None, *, about: Message, example: str = "", **attrs: Any) -> None:
        super().__init__(name, **{**attrs, "help": str(about)})  # click's decorator passes the docstring
        self.about = about
        self.example = example
        self.params.extend(shared_options())

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_usage(self, ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_about(settings_of(ctx).text(self.about), formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_options(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.example:
            with formatter.section(settings_of(ctx).text(say("Example"))):
                formatter.write_dl([(line, "") for line in self.example.splitlines()])


class Group(click.Group):
    """A group of commands with a Message for help; each command is listed with its first sentence and its example."""

    def __init__(self, name: str | None, *, about: Message, **attrs: Any) -> None:
        super().__init__(name, **{**attrs, "help": str(about)})  # click's decorator passes the docstring
        self.about = about
        self.params.extend(shared_options())

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_usage(self, ctx, formatter)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_about(settings_of(ctx).text(self.about), formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        write_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        text = settings_of(ctx).text
        rows = []
        for name in self.list_commands(ctx):
            found = self.get_command(ctx, name)
            if isinstance(found, (Command, Group)):
                rows.append((name, first_sentence(text(found.about))))
            elif found is not None:
                rows.append((name, found.get_short_help_str(200)))
        with formatter.section(text(say("Commands"))):
            formatter.write_dl(rows)
        examples = [found.example for found in self.commands.values() if isinstance(found, Command) and found.example]
        if examples:
            with formatter.section(text(say("Examples"))):
                formatter.write_dl([(line, "") for example in examples for line in example.splitlines()])


def first_sentence(text: str) -> str:
    """What stands in a list of commands."""
    return text.split(". ", 1)[0].rstrip(".") + "."


def write_usage(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """The usage line, its first word translated."""
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=settings_of(ctx).text(say("Usage:")) + " ")


def write_about(text: str, formatter: click.HelpFormatter) -> None:
    """The help text, indented, paragraphs kept."""
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text)


def write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """The options, with click's own --help in the reader's language."""
    text = settings_of(ctx).text
    rows = []
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None and isinstance(param, click.Option):  # arguments are told by the usage line
            rows.append(
                record
                if isinstance(param, Option) or not _is_help(param)
                else (record[0], text(say("Show this page.")))
            )
    with formatter.section(text(say("Options"))):
        formatter.write_dl(rows)


def _is_help(param: click.Parameter) -> bool:
    return "--help" in param.opts


def shared_options() -> list[Option]:
    """--state, --as and --lang: accepted before and after the command's name, kept in the settings."""

    def keep(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
        def callback(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
            if value is not None:
                ctx.obj = replace(settings_of(ctx), **{field: value})

        return callback

    return [
        Option(
            ["--state"],
            about=say("Folder of the enclave's state (default: the variable BULLE_STATE)."),
            type=click.Path(path_type=Path),
            metavar="DIR",
            callback=keep("state"),
            expose_value=False,
        ),
        Option(
            ["--as"],
            about=say("Who acts, as written into the event log (default: the operating system's user)."),
            metavar="PERSON",
            callback=keep("actor"),
            expose_value=False,
        ),
        Option(
            ["--lang"],
            about=say("Language of sentences (default: the variable LANG)."),
            type=click.Choice(["en", "fr"]),
            callback=keep("language"),
            is_eager=True,
            expose_value=False,
        ),
    ]
