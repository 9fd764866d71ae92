"""`bulle software`: what is installed in this image, for whoever works in it or runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bulle.cli.failure import Code, failed
from bulle.cli.settings import Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.table import aligned
from hub.words import say

BILL = Path("/usr/share/bulle/sbom.cdx.json")  # scripts/images writes it into every image
KINDS = ("python", "r", "debian", "npm")

command = Group(
    "software",
    about=say("What is installed in this image: packages of Python, R, Debian and npm, each with its version."),
)
_bill_option = option(
    "--file",
    "path",
    about=say("A bill of materials (CycloneDX) taken out of an image."),
    type=click.Path(path_type=Path),
    metavar="FILE",
    default=BILL,
)


@command.command(
    "list",
    cls=Command,
    about=say("The packages, or those whose name holds TEXT."),
    example="bulle software list survival --kind r",
)
@click.argument("text", default="")
@option("--kind", about=say("Packages of one kind only."), type=click.Choice(KINDS))
@_bill_option
@click.pass_obj
def list_(settings: Settings, text: str, kind: str | None, path: Path) -> int:
    found = [
        (one_kind, name, version)
        for one_kind, name, version in _packages(path)
        if kind in {None, one_kind} and text.lower() in name.lower()
    ]
    if not found:
        settings.print(say("No package here is called so; who runs the enclave can add one (docs/software.md)."))
        return Code.REVIEW
    header = (settings.text(say("kind")), settings.text(say("package")), settings.text(say("version")))
    click.echo(aligned(header, found))
    return Code.PASS


@command.command(
    "sbom",
    cls=Command,
    about=say("The whole bill of materials (CycloneDX, JSON), for programs that look for known weaknesses."),
    example="docker run --rm --network none bulle/workspace:local bulle software sbom",
)
@_bill_option
@click.pass_obj
def sbom(settings: Settings, path: Path) -> None:
    settings.print_json(_bill(path))


def _packages(path: Path) -> list[tuple[str, str, str]]:
    """Kind, name and version, sorted."""
    try:
        found = [
            (
                next(one["value"] for one in part["properties"] if one["name"] == "bulle:kind"),
                part["name"],
                part["version"],
            )
            for part in _bill(path)["components"]
        ]
    except (LookupError, TypeError, StopIteration) as error:
        raise failed(say("{file} is no bill of materials of an image of the enclave.", file=str(path))) from error
    return sorted(found, key=lambda row: (KINDS.index(row[0]) if row[0] in KINDS else len(KINDS), row[1].lower()))


def _bill(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = error.strerror or "I/O error"
        raise failed(say("{file} cannot be read: {why}.", file=str(path), why=why)) from error
    except ValueError as error:
        raise failed(say("{file} is no bill of materials of an image of the enclave.", file=str(path))) from error
    if not isinstance(read, dict):
        raise failed(say("{file} is no bill of materials of an image of the enclave.", file=str(path)))
    return read
