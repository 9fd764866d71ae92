"""The command `bulle`: every way a command can end becomes one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import click
from click import exceptions as usage

from bulle.cli.failure import Code, StopError
from bulle.cli.root import root
from bulle.cli.settings import Settings
from bulle.cli.shape import settings_of
from hub.words import Message, say

# Which extra of the distribution brings a package that a command misses.
EXTRAS = {
    "opendp": "privacy",
    "docker": "hub",
    "ldap3": "hub",
    "jupyterhub": "hub",
    "starlette": "web",
    "httpx": "web",
    "statsmodels": "workspace",
    "psycopg": "postgresql",
}


def main() -> None:
    """The installed program's entry."""
    sys.exit(run(sys.argv[1:], os.environ))


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line; the exit code (0 pass, 1 review, 2 refused, 3 usage, I/O or internal error)."""
    settings = Settings.from_environment(environ)
    if "_BULLE_COMPLETE" in environ:  # a shell asks for completions: click's own protocol
        root.main(list(arguments), prog_name="bulle", obj=settings)
    try:
        code = _invoke(arguments, settings)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _tell(click.Abort(), settings)
    except BrokenPipeError:
        # The reader went away (`| head`): nobody is left to tell, and the interpreter must not try at its end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.ERROR
    except Exception as error:  # the last door: a person never meets a traceback
        if environ.get("BULLE_DEBUG") and not isinstance(error, (StopError, click.ClickException, click.Abort)):
            raise
        context = error.ctx if isinstance(error, click.UsageError) else click.get_current_context(silent=True)
        return _tell(error, settings_of(context) if context is not None else settings)
    return code


def _invoke(arguments: Sequence[str], settings: Settings) -> int:
    # not click's main(): it answers some endings itself, with codes that mean something else here
    try:
        with root.make_context("bulle", list(arguments), obj=settings) as context:
            answer = root.invoke(context)
    except usage.Exit as end:
        return end.exit_code
    return answer if isinstance(answer, int) else Code.PASS


def _tell(error: Exception, settings: Settings) -> int:
    """Print `error` on standard error as sentences; the exit code."""
    code, messages = Code.ERROR, _sentences(error)
    if isinstance(error, StopError):
        code = error.code
    try:
        if isinstance(error, usage.NoArgsIsHelpError):
            click.echo(error.format_message(), err=True)
        for message in messages:
            click.echo(settings.text(message), err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None and messages:
            hint = say("`{command} --help` shows how it is used.", command=error.ctx.command_path)
            click.echo(settings.text(hint), err=True)
    except OSError:
        return Code.ERROR
    return code


def _sentences(error: Exception) -> tuple[Message, ...]:  # noqa: C901 -- a table of exceptions, one line each
    """What a person reads for each kind of ending. An unknown one tells its type only: its text may hold data."""
    match error:
        case StopError():
            return error.messages
        case usage.NoArgsIsHelpError():
            return ()
        case usage.NoSuchCommand():
            return (say("There is no command {name}.", name=error.command_name),)
        case usage.NoSuchOption():
            return (say("There is no option {name}.", name=error.option_name),)
        case usage.MissingParameter() if error.param is not None:
            return (say("{name} is missing.", name=error.param.get_error_hint(error.ctx).strip("'")),)
        case click.UsageError():
            return (say("Wrong usage: {why}", why=error.format_message()),)
        case click.ClickException():
            return (say("It did not work: {why}", why=error.format_message()),)
        case click.Abort():
            return (say("Interrupted; nothing more was done."),)
        case ModuleNotFoundError() if (error.name or "").split(".")[0] in EXTRAS:
            package = str(error.name).split(".")[0]
            return (
                say(
                    "This command needs the package {package}, which is not installed; install bulle[{extra}].",
                    package=package,
                    extra=EXTRAS[package],
                ),
            )
        case OSError():
            return (
                say(
                    "{path} cannot be read or written: {why}.",
                    path=str(error.filename or "A file"),
                    why=error.strerror or type(error).__name__,
                ),
            )
        case _:
            return (
                say(
                    "An internal error ended the command ({kind}); nothing was judged. BULLE_DEBUG=1 shows its place.",
                    kind=type(error).__name__,
                ),
            )


if __name__ == "__main__":
    main()
