"""Builds an extract from its plan: granted columns and years only, opted-out persons removed, keys replaced."""

# ruff: noqa: S608 -- identifiers are quoted by `casts.quote`, literals are whole numbers of a validated permit

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from hub.catalogue.model import ColumnType
from hub.extracts.casts import key_kind, lossless, quote
from hub.extracts.contradiction import PackInputError
from hub.extracts.engine import check_parquet, column_types, engine, scan
from hub.extracts.manifest import MANIFEST, Manifest
from hub.extracts.optout import read_optout
from hub.extracts.pack import Provenance, digest_of_files, pack, sha256_of
from hub.extracts.plan import ExtractPlan, TablePlan
from hub.extracts.pseudonyms import pseudonym
from hub.words import say

# Of the mapping; no column of a source can be called so, names have no spaces.
_KEY, _PSEUDONYM = quote("its key"), quote("its pseudonym")


@dataclass(frozen=True)
class Built:
    """A finished extract: its folder's name, its manifest and the manifest's digest.

    `opted_out` counts the persons of the opt-out list that were in the granted tables; `listed` is its length.
    """

    folder: str
    manifest: Manifest
    sha256: str
    opted_out: int
    listed: int


def build(plan: ExtractPlan, source: Path, key: bytes, extracts: Path, now: datetime) -> Built:
    """Build `plan` from the Parquet files in the folder `source` into a new folder under `extracts`.

    Raises: PackError for data that contradict the catalogue; PackInputError for files that cannot be used.
    """
    files = {table.name: source / f"{table.name}.parquet" for table in plan.tables}
    for path in files.values():
        if not path.is_file():
            raise PackInputError(say("The source {source} has no file {file}.", source=plan.source, file=path.name))
        check_parquet(path)
    with _staging(extracts) as staging:
        digest = digest_of_files(files)
        with engine(files.values(), staging, spill=False) as connection:
            removal = _Tables(connection, plan, files, staging)
            opted_out, listed = removal.write(source / "opt-out.txt", key)
        packed = staging / "packed"
        dp_rows = {table.name: table.dp_rows for table in plan.tables if table.dp_rows is not None}
        provenance = Provenance(
            plan.rules, plan.project, plan.permit_sha256, digest, pseudonymised=True, dp_rows=dp_rows
        )
        written = {name: staging / f"{name}.parquet" for name in files}
        manifest = pack(plan.catalogue, written, packed, now, provenance)
        if digest_of_files(files) != digest:
            raise PackInputError(say("The source {source} changed while it was read; build again.", source=plan.source))
        sha256 = sha256_of(packed / MANIFEST)
        folder = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{sha256[:12]}"
        packed.rename(extracts / folder)
    return Built(folder, manifest, sha256, opted_out, listed)


@contextmanager
def _staging(extracts: Path) -> Iterator[Path]:
    """A folder that nobody else reads: rows stand there with their pseudonyms, but not yet verified."""
    staging = extracts / f".building-{secrets.token_hex(8)}"
    try:
        extracts.mkdir(mode=0o755, parents=True, exist_ok=True)
        staging.mkdir(mode=0o700)
        yield staging
    except OSError as error:
        why = error.strerror or "I/O error"
        raise PackInputError(say("The extract's folder cannot be written: {why}.", why=why)) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


class _Tables:
    """The source's tables on their way to `staging`, with the keys' pseudonyms in memory only.

    The connection may not spill: a mapping from keys to pseudonyms never touches a disk.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, plan: ExtractPlan, files: Mapping[str, Path], staging: Path
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._staging = staging
        self._person_key = plan.catalogue.source.person_key
        self._sources = {name: scan(path, staging / f".{name}.source.parquet") for name, path in files.items()}
        self._types = {name: column_types(connection, self._sources[name], path) for name, path in files.items()}

    def write(self, optout: Path, key: bytes) -> tuple[int, int]:
        """Write every table; how many opted-out persons were found, and how many are listed."""
        self._check_columns()
        listed = read_optout(optout, self._key_type(self._person_key))
        self._connection.execute("CREATE TEMP TABLE opted_out (value VARCHAR)")
        self._connection.execute("INSERT INTO opted_out SELECT unnest(?::VARCHAR[])", [sorted(listed)])
        found = 0
        for column in sorted(self._plan.keys):
            values = self._values(column)
            if column == self._person_key:
                found = len(listed.intersection(values))
                values = [value for value in values if value not in listed]
            self._map(column, values, key)
        for table in self._plan.tables:
            self._write_table(table)
        return found, len(listed)

    def _check_columns(self) -> None:
        for table in self._plan.tables:
            needed = {*table.columns, *([table.years.column] if table.years else [])}
            types = self._types[table.name]
            missing = sorted(needed - set(types))
            if table.years and table.years_type and table.years.column in types:
                by = table.years.column
                missing += [by] if lossless(by, types[by], table.years_type) is None else []
            if missing:
                raise PackInputError(
                    say(
                        "The source {source}, table {table}, lacks {columns} as its catalogue describes it.",
                        source=self._plan.source,
                        table=table.name,
                        columns=", ".join(missing),
                    )
                )

    def _key_type(self, column: str) -> ColumnType | None:
        """What the key is in all tables that hold it. Raises PackInputError when tables disagree."""
        kinds = {key_kind(types[column]) for types in self._types.values() if column in types}
        if len(kinds) > 1 or None in kinds:
            raise PackInputError(
                say("The key {column} must be text everywhere or whole numbers everywhere.", column=column)
            )
        return next(iter(kinds), None)

    def _spelling(self, table: str, column: str) -> str:
        """SQL of a key's one spelling: 5, 5.0 and 5 as a BIGINT are one person."""
        found, raw = self._types[table][column], quote(column)
        if self._key_type(column) is not ColumnType.INTEGER or found in {"BIGINT", "HUGEINT", "UBIGINT", "UHUGEINT"}:
            return f"CAST({raw} AS VARCHAR)"
        cast = lossless(column, found, ColumnType.INTEGER)
        if cast is not None and cast.lost:
            row = self._connection.execute(
                f"SELECT count(*) FROM {self._sources[table]} WHERE {cast.lost}"
            ).fetchone() or (0,)
            if row[0]:
                raise PackInputError(
                    say(
                        "Table {table}, column {column}: a key that is not a whole number (rows: {count}).",
                        table=table,
                        column=column,
                        count=row[0],
                    )
                )
        return f"CAST({cast.value if cast else raw} AS VARCHAR)"

    def _values(self, column: str) -> list[str]:
        """The distinct spellings of a key in the planned tables."""
        held = [table.name for table in self._plan.tables if self._holds(table, column)]
        union = " UNION ALL ".join(
            f"SELECT {self._spelling(name, column)} AS value FROM {self._sources[name]}" for name in held
        )
        if not union:
            return []
        rows = self._connection.execute(f"SELECT DISTINCT value FROM ({union}) WHERE value IS NOT NULL").fetchall()
        return [row[0] for row in rows]

    def _holds(self, table: TablePlan, column: str) -> bool:
        return column in table.columns or (column == self._person_key and column in self._types[table.name])

    def _map(self, column: str, values: list[str], key: bytes) -> None:
        pseudonyms = [pseudonym(key, column, value) for value in values]
        if len(set(pseudonyms)) != len(values):
            raise PackInputError(say("Two keys of {column} got one pseudonym; nothing was built.", column=column))
        mapping = pa.table(
            [pa.array(values, pa.string()), pa.array(pseudonyms, pa.string())], ["its key", "its pseudonym"]
        )
        self._connection.register(f"mapping of {column}", mapping)

    def _write_table(self, table: TablePlan) -> None:
        columns = [column for column in (self._person_key, *table.columns) if self._holds(table, column)]
        listed, joins, where = [], [], ["true"]
        for column in columns:
            if column not in self._plan.keys:
                listed.append(f"t.{quote(column)}")
                continue
            alias, spelled = quote(f"key {column}"), self._spelling(table.name, column)
            listed.append(f"{alias}.{_PSEUDONYM} AS {quote(column)}")
            joins.append(f"LEFT JOIN {quote('mapping of ' + column)} AS {alias} ON {alias}.{_KEY} = {spelled}")
            if column == self._person_key:
                where.append(f"({spelled} IS NULL OR {spelled} NOT IN (SELECT value FROM opted_out))")
        where.extend(_in_years(table))
        select = f"SELECT {', '.join(listed)} FROM {self._sources[table.name]} AS t {' '.join(joins)}"
        target = str(self._staging / f"{table.name}.parquet").replace("'", "''")
        self._connection.execute(f"COPY ({select} WHERE {' AND '.join(where)}) TO '{target}' (FORMAT parquet)")


def _in_years(table: TablePlan) -> Iterator[str]:
    if table.years is not None:
        column = f"t.{quote(table.years.column)}"
        year = f"year(CAST({column} AS DATE))" if table.years_type is ColumnType.DATE else column
        yield f"{year} BETWEEN {table.years.first:d} AND {table.years.last:d}"
