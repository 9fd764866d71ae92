"""`bulle extract`: the data of one project, packed from files or built from a permit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from bulle.cli.failure import Code, failed, refused
from bulle.cli.permit import policies_option
from bulle.cli.settings import CHANNEL, Settings
from bulle.cli.shape import Command, Group, option
from bulle.cli.state import enclave_of, opened, policy_stop, purposes_of
from bulle.cli.table import aligned
from hub.catalogue.files import read_catalogue
from hub.catalogue.model import Catalogue
from hub.extracts.contradiction import PackError, PackInputError, shown
from hub.extracts.extractor import Extractor, Folders
from hub.extracts.manifest import Manifest
from hub.extracts.pack import pack as write_pack
from hub.extracts.plan import ExtractPlan, permit_digest, plan_extract
from hub.extracts.reader import ExtractError, open_extract
from hub.policy.files import PolicyFileError, read_permit
from hub.policy.model import DataPermit
from hub.policy.verdict import Refusal, RefusedError
from hub.words import say

command = Group(
    "extract",
    about=say(
        "The data of one project: Parquet tables with a manifest. `pack` makes an extract from files, `build` from a "
        "permit, with opted-out persons removed and keys replaced by pseudonyms of the project."
    ),
)


@command.command(
    "pack",
    cls=Command,
    about=say(
        "Hold Parquet files against their catalogue and write them as an extract to the new folder OUT_DIR. "
        "Columns that the catalogue does not describe stay out. Data that contradict it are refused, all at once."
    ),
    example="bulle extract pack --catalogue rand-hie.toml --table person_year=py.parquet OUT_DIR",
)
@option(
    "--catalogue", about=say("The catalogue (TOML)."), type=click.Path(path_type=Path), required=True, metavar="FILE"
)
@option(
    "--table",
    "tables",
    about=say("A table of the catalogue and its file; once per table."),
    multiple=True,
    metavar="NAME=FILE",
)
@click.argument("out_dir", type=click.Path(path_type=Path))
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def pack(settings: Settings, catalogue: Path, tables: tuple[str, ...], out_dir: Path, as_json: bool) -> int:  # noqa: FBT001 -- a command line flag
    try:
        known = read_catalogue(catalogue)
        manifest = write_pack(known, _files(tables), out_dir, datetime.now(UTC))
    except PolicyFileError as error:
        raise policy_stop(error, Code.ERROR) from error
    except PackInputError as error:
        raise failed(*error.messages) from error
    except PackError as error:
        if not as_json:
            raise refused(*(each.why for each in error.contradictions)) from error
        listed = [each.to_dict(settings.text(each.why)) for each in error.contradictions]
        settings.print_json({"schema": "bulle.pack/1", "verdict": "refused", "contradictions": listed})
        return Code.REFUSED
    absent = [name for name in known.tables if name not in manifest.tables]
    if as_json:
        settings.print_json(
            {
                "schema": "bulle.pack/1",
                "verdict": "pass",
                "extract": str(out_dir),
                "tables": _sizes(manifest),
                "absent": absent,
            }
        )
        return Code.PASS
    click.echo(_inside(settings, manifest))
    _tell_losses(settings, manifest)
    if absent:
        settings.print(say("Not inside, as no file was given: {tables}.", tables=", ".join(absent)))
    settings.print(say("The extract is in {folder}.", folder=shown(str(out_dir))))
    return Code.PASS


@command.command(
    "plan",
    cls=Command,
    about=say("Show what the permit in the file PERMIT would give, without building it."),
    example="bulle extract plan policies/permits/reste-a-charge.toml --catalogue rand-hie.toml",
)
@click.argument("permit", type=click.Path(path_type=Path))
@option(
    "--catalogue",
    about=say("The source's catalogue (default: as registered)."),
    type=click.Path(path_type=Path),
    metavar="FILE",
)
@policies_option
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def plan(settings: Settings, permit: Path, catalogue: Path | None, policies: Path | None, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    asked = _permit(permit)
    planned = plan_extract(asked, _known(settings, asked.source, catalogue), purposes_of(policies))
    if isinstance(planned, Refusal):
        raise refused(planned.reason)
    rows = list(_lines(planned))
    if as_json:
        warnings = [settings.text(warning) for warning in planned.warnings]
        names = ("table", "column", "type", "years", "pseudonym")
        settings.print_json(
            {
                "schema": "bulle.plan/1",
                "project": planned.project,
                "source": planned.source,
                "permit_sha256": planned.permit_sha256,
                "columns": [dict(zip(names, row, strict=True)) for row in rows],
                "warnings": warnings,
            }
        )
        return
    titles = (say("table"), say("column"), say("type"), say("years"), say("replaced"))
    shown_rows = [(*row[:3], row[3] or "-", settings.text(say("yes") if row[4] else say("no"))) for row in rows]
    click.echo(aligned([settings.text(title) for title in titles], shown_rows))
    for warning in planned.warnings:
        settings.print(warning)


@command.command(
    "build",
    cls=Command,
    about=say("Build the extract of PROJECT from its permit in force. A permit's file may stand for its project."),
    example="bulle extract build reste-a-charge",
)
@click.argument("project", metavar="PROJECT")
@policies_option
@option("--json", "as_json", about=say("Print JSON."), is_flag=True)
@click.pass_obj
def build(settings: Settings, project: str, policies: Path | None, as_json: bool) -> None:  # noqa: FBT001 -- a command line flag
    purposes = purposes_of(policies)
    asked = _permit(Path(project)) if project.endswith(".toml") else None
    with opened(settings) as log:
        enclave = enclave_of(log)
        name = project if asked is None else asked.project
        issued = enclave.permits.get(name)
        if asked is not None and (issued is None or permit_digest(issued) != permit_digest(asked)):
            raise refused(
                say("{file} is not the permit that was issued for project {project}.", file=project, project=name)
            )
        layout = settings.layout()
        folders = Folders(Path(layout.sources), Path(layout.keys), Path(layout.extract(name, "")).parent)
        extractor = Extractor(log, folders, purposes, settings.person(), CHANNEL)
        try:
            built = extractor.build(name, datetime.now(UTC))
        except RefusedError as error:
            raise refused(error.refusal.reason) from error
        except PackError as error:
            raise refused(*(each.why for each in error.contradictions)) from error
        except PackInputError as error:
            raise failed(*error.messages) from error
    if as_json:
        settings.print_json(
            {
                "schema": "bulle.build/1",
                "project": name,
                "folder": built.folder,
                "sha256": built.sha256,
                "tables": _sizes(built.manifest),
                "opted_out": built.opted_out,
                "opt_out_listed": built.listed,
            }
        )
        return
    click.echo(_inside(settings, built.manifest))
    _tell_losses(settings, built.manifest)
    if built.listed:
        settings.print(
            say(
                "Opted out: {found} of {listed} listed persons were there and are not inside.",
                found=built.opted_out,
                listed=built.listed,
            )
        )
    settings.print(say("The extract of project {project} is {folder}.", project=name, folder=built.folder))


@command.command(
    "show",
    cls=Command,
    about=say("Show what the extract in the folder DIR holds."),
    example="bulle extract show DIR --verify",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@option("--verify", "verify_digests", about=say("Also hold every file against its digest."), is_flag=True)
@option("--json", "as_json", about=say("Print the manifest as JSON."), is_flag=True)
@click.pass_obj
def show(settings: Settings, folder: Path, verify_digests: bool, as_json: bool) -> None:  # noqa: FBT001 -- command line flags
    try:
        extract = open_extract(folder, verify_digests=verify_digests)
    except ExtractError as error:
        raise (refused if verify_digests else failed)(error.message) from error
    if as_json:
        click.echo(extract.manifest.model_dump_json(by_alias=True, indent=2))
        return
    click.echo(_inside(settings, extract.manifest))
    _tell_losses(settings, extract.manifest)
    for name, table in extract.manifest.catalogue.tables.items():
        click.echo(f"{name}: {', '.join(table.columns)}")
    if verify_digests:
        settings.print(say("Every file is what was packed."))


def _tell_losses(settings: Settings, manifest: Manifest) -> None:
    """What DP releases do not count, for those who set the limit; it depends on data and leaves with no release."""
    for name, copy in manifest.bounded.items():
        if copy.lost_rows:
            settings.print(
                say(
                    "{table}: DP releases count {most} rows of one person at most; {rows} rows of {persons} persons "
                    "are left out of them.",
                    table=name,
                    most=copy.rows_per_person,
                    rows=copy.lost_rows,
                    persons=copy.cut_persons,
                )
            )


def _files(tables: tuple[str, ...]) -> Mapping[str, Path]:
    files: dict[str, Path] = {}
    for each in tables:
        name, equals, file = each.partition("=")
        if not (name and equals and file):
            raise failed(say("{given} is not NAME=FILE.", given=shown(each)))
        if name in files:
            raise failed(say("The table {table} was given twice.", table=shown(name)))
        files[name] = Path(file)
    return files


def _permit(file: Path) -> DataPermit:
    try:
        return read_permit(file)
    except PolicyFileError as error:
        raise policy_stop(error) from error


def _known(settings: Settings, source: str, catalogue: Path | None) -> Catalogue:
    """The catalogue in a file, else the registered one."""
    if catalogue is not None:
        try:
            return read_catalogue(catalogue)
        except PolicyFileError as error:
            raise policy_stop(error, Code.ERROR) from error
    with opened(settings) as log:
        known = enclave_of(log).sources.get(source)
    if known is None:
        raise refused(say("The source {source} is not registered.", source=source))
    return known


def _lines(planned: ExtractPlan) -> list[tuple[str, str, str, str | None, bool]]:
    """Table, column, type, years, whether a pseudonym stands in it; the person key of each table included."""
    person_key = planned.catalogue.source.person_key
    lines: list[tuple[str, str, str, str | None, bool]] = []
    for table in planned.tables:
        years = f"{table.years.first}-{table.years.last} ({table.years.column})" if table.years else None
        entries = planned.catalogue.tables[table.name].columns
        for column in (person_key, *table.columns):
            kind = str(entries[column].type) if column in entries else "string"
            lines.append((table.name, column, kind, years, column in planned.keys))
    return lines


def _sizes(manifest: Manifest) -> dict[str, dict[str, int | None]]:
    return {name: {"rows": table.rows, "persons": table.persons} for name, table in manifest.tables.items()}


def _inside(settings: Settings, manifest: Manifest) -> str:
    titles = (say("table"), say("rows"), say("persons"), say("columns"))
    rows = [
        (
            name,
            table.rows,
            "-" if table.persons is None else table.persons,
            len(manifest.catalogue.tables[name].columns),
        )
        for name, table in manifest.tables.items()
    ]
    return aligned([settings.text(title) for title in titles], rows)
