"""`bulle register`: the public register as files, for who serves them from somewhere else than the enclave's edge."""

from __future__ import annotations

from pathlib import Path

import click

from bulle.cli.permit import policies_option
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, option
from bulle.cli.state import enclave_of, opened, policy_stop, purposes_of
from hub.words import say


@click.command(
    "register",
    cls=Command,
    about=say(
        "Write the public register into the folder DIR: two pages, two feeds and register.json. The service keeps the "
        "same files for the enclave's edge; nothing in them names a person."
    ),
    example="bulle register ./site/register --address https://research.example/register/",
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@option("--address", about=say("Where the files will be served, for the feeds."), required=True, metavar="URL")
@policies_option
@click.pass_obj
def command(settings: Settings, folder: Path, address: str, policies: Path | None) -> None:
    from egress.register.__main__ import Registrar  # noqa: PLC0415 -- when called
    from hub.policy.files import PolicyFileError  # noqa: PLC0415 -- when called
    from hub.policy.register import read_register  # noqa: PLC0415 -- when called

    try:
        policy = read_register(policies)
    except PolicyFileError as error:
        raise policy_stop(error) from error
    with opened(settings) as log:
        enclave_of(log)
        registrar = Registrar(log, policy, purposes_of(policies), folder, address.rstrip("/") + "/")
        count = registrar.look()
    settings.print(say("{count} files of the register are in {folder}.", count=count, folder=str(folder)))
