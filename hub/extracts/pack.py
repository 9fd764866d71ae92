"""Packs Parquet files into an extract: verified against their catalogue, then written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from hub.catalogue.model import Catalogue
from hub.extracts.bounded import Bound, limits, write_bounded
from hub.extracts.contradiction import Contradiction, PackError, PackInputError, shown
from hub.extracts.engine import check_parquet, column_types, engine, scan
from hub.extracts.manifest import MANIFEST, BoundedTable, Manifest, PackedTable
from hub.extracts.numbers import check_numbers, number_persons, numbered
from hub.extracts.verify import Scan, Verified, verify_table
from hub.words import say


@dataclass(frozen=True)
class Provenance:
    """What an extract built from a permit says of itself beyond its data.

    `dp_rows`: the most rows of one person in the copies that DP releases read, where the permit says so.
    """

    rules: str | None = None
    project: str | None = None
    permit_sha256: str | None = None
    source_sha256: str | None = None
    pseudonymised: bool = False
    dp_rows: Mapping[str, int] = field(default_factory=dict)


def pack(
    catalogue: Catalogue, files: Mapping[str, Path], out_dir: Path, now: datetime, provenance: Provenance | None = None
) -> Manifest:
    """Write the extract of `files` (table to Parquet file) to `out_dir`, which appears complete or not at all.

    Tables of the catalogue without a file are left out of the manifest.
    Raises: PackError with every contradiction; PackInputError for files and folders that cannot be used.
    """
    _check_input(catalogue, files, out_dir)
    origin = provenance or Provenance(catalogue.source.rules)
    with _staging(out_dir) as staging:
        inside = staging / "extract"
        inside.mkdir(mode=0o755)
        with engine(files.values(), staging, spill=True) as connection:
            verified = _verify(connection, catalogue, files, staging)
            persons = _write_all(connection, verified, catalogue.source.person_key, inside)
            bounded = _write_bounded(connection, verified, catalogue, origin.dp_rows, inside) if persons else {}
        manifest = Manifest(
            catalogue=catalogue.restricted({name: catalogue.tables[name] for name in verified}),
            tables={name: _packed(inside, name, table) for name, table in verified.items()},
            rules=origin.rules,
            project=origin.project,
            permit_sha256=origin.permit_sha256,
            source_sha256=origin.source_sha256 or digest_of_files(files),
            pseudonymised=origin.pseudonymised,
            numbered=persons,
            bounded=bounded,
            created_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        )
        (inside / MANIFEST).write_text(spelled(manifest), encoding="utf-8")
        _settle(inside)
        _appear(inside, out_dir)
    return manifest


def spelled(manifest: Manifest) -> str:
    """The text of `manifest.json`."""
    return manifest.model_dump_json(by_alias=True, indent=2, exclude_none=True) + "\n"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_files(files: Mapping[str, Path]) -> str:
    """One SHA-256 over the names and contents of `files`."""
    lines = (f"{name} {sha256_of(path)}\n" for name, path in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _check_input(catalogue: Catalogue, files: Mapping[str, Path], out_dir: Path) -> None:
    folder = shown(str(out_dir))
    if out_dir.is_symlink() or (out_dir.exists() and not out_dir.is_dir()):
        raise PackInputError(say("{folder} is not a folder.", folder=folder))
    if out_dir.is_dir() and any(out_dir.iterdir()):
        raise PackInputError(say("{folder} is not empty; an extract is written to a new folder only.", folder=folder))
    if not files:
        raise PackInputError(say("No table was given; name at least one as NAME=FILE.parquet."))
    unknown = [name for name in files if name not in catalogue.tables]
    if unknown:
        raise PackError(tuple(_unknown(name) for name in unknown))
    for path in files.values():
        check_parquet(path)


def _unknown(name: str) -> Contradiction:
    table = shown(name)
    return Contradiction(table, None, "table", None, say("The catalogue has no table {table}.", table=table))


@contextmanager
def _staging(out_dir: Path) -> Iterator[Path]:
    """A private folder beside `out_dir`, so that the last step is a rename on one file system."""
    try:
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.packing-", dir=out_dir.parent))
    except OSError as error:
        raise _no_folder(out_dir, error) from error
    try:
        yield staging
    except OSError as error:
        raise _no_folder(out_dir, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _no_folder(out_dir: Path, error: OSError) -> PackInputError:
    why = error.strerror or "I/O error"
    return PackInputError(say("{folder} cannot be written: {why}.", folder=shown(str(out_dir)), why=why))


def _verify(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, files: Mapping[str, Path], staging: Path
) -> dict[str, Verified]:
    person_key = catalogue.source.person_key
    verified = {}
    for name in (name for name in catalogue.tables if name in files):
        source = scan(files[name], staging / f".{name}.source.parquet")
        types = column_types(connection, source, files[name])
        verified[name] = verify_table(Scan(connection, source, types), name, catalogue.tables[name], person_key)
    contradictions = [each for table in verified.values() for each in table.contradictions]
    if not contradictions and all(table.persons is None for table in verified.values()):
        why = say("No table has the person key {column}.", column=person_key)
        contradictions.append(Contradiction("", person_key, "person_key", None, why))
    if contradictions:
        raise PackError(tuple(contradictions))
    return verified


def _write_all(
    connection: duckdb.DuckDBPyConnection, verified: Mapping[str, Verified], person_key: str, inside: Path
) -> int | None:
    """Every table to its file; how many persons have a number, None when their keys are of several types."""
    keyed = {name: table for name, table in verified.items() if table.persons is not None}
    persons = number_persons(connection, person_key, keyed.values())
    if persons is None:
        keyed = {}
    for name, table in verified.items():
        path = inside / f"{name}.parquet"
        # Sorted by person, then by every other column: one person's rows lie together, which is what evidence reads
        # fastest, and the order in which the source was filled (dates of arrival, one ward after the other) is gone.
        # The same data give the same file, whatever order they came in.
        rows = numbered(table, person_key) if name in keyed else f"{table.select} ORDER BY ALL"
        _write(connection, rows, table, path, name)
        if name in keyed:
            check_numbers(connection, scan(path, inside.parent / f".{name}.packed.parquet"), person_key, name)
    return persons


def _write_bounded(
    connection: duckdb.DuckDBPyConnection,
    verified: Mapping[str, Verified],
    catalogue: Catalogue,
    asked: Mapping[str, int],
    inside: Path,
) -> dict[str, BoundedTable]:
    """The copies that DP releases read, of tables with the person key and a known limit."""
    key = catalogue.source.person_key
    most = limits({name: catalogue.tables[name] for name in verified}, asked)
    copies = {}
    for name, table in verified.items():
        if table.persons is not None and name in most:
            columns = tuple(column for column in table.columns if column in catalogue.tables[name].columns)
            bound = Bound(name, table, tuple(column for column in columns if column != key), key, most[name])
            copies[name] = write_bounded(connection, bound, inside, sha256_of)
    return copies


def _write(connection: duckdb.DuckDBPyConnection, rows: str, table: Verified, path: Path, name: str) -> None:
    target = str(path).replace("'", "''")
    done = connection.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
    if done is None or done[0] != table.rows:
        raise PackInputError(say("The file of table {table} changed while it was read; pack again.", table=name))


def _packed(inside: Path, name: str, table: Verified) -> PackedTable:
    file = f"{name}.parquet"
    return PackedTable(file=file, sha256=sha256_of(inside / file), rows=table.rows, persons=table.persons)


def _settle(inside: Path) -> None:
    """Readable by the sandbox user, written by nobody again, and on the disk before the folder gets its name."""
    for path in sorted(inside.iterdir()):
        path.chmod(0o644)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    inside.chmod(0o755)


def _appear(inside: Path, out_dir: Path) -> None:
    try:
        inside.rename(out_dir)
    except OSError as error:
        raise _no_folder(out_dir, error) from error
