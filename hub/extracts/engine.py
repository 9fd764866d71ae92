"""DuckDB for extracts: it reads the named files and writes to one folder, and reaches nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hub.extracts.contradiction import PackInputError, shown
from hub.words import say


@contextmanager
def engine(readable: Iterable[Path], folder: Path, *, spill: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may read the files `readable` and use `folder`; with `spill`, also for what memory cannot hold.

    Raises: PackInputError in place of DuckDB's errors, whose texts quote values.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    try:
        connection.execute("SET allowed_paths = ?", [[str(path.resolve()) for path in readable]])
        connection.execute("SET allowed_directories = ?", [[str(folder.resolve())]])
        connection.execute("SET temp_directory = ?", [str(folder.resolve() / ".spill") if spill else ""])
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise PackInputError(say("There is not enough memory or disk for these tables.")) from error
    except duckdb.IOException as error:
        raise PackInputError(say("A file could not be read or written; is the disk full?")) from error
    except duckdb.Error as error:
        raise PackInputError(
            say("A file cannot be read to its end as Parquet ({kind}).", kind=type(error).__name__)
        ) from error
    finally:
        connection.close()


def scan(path: Path, staged: Path) -> str:
    """SQL that reads `path` through a link called `staged`: DuckDB takes stars and brackets in a name for a pattern."""
    if not staged.is_symlink():
        staged.symlink_to(path.resolve())
    return "read_parquet('" + str(staged).replace("'", "''") + "')"


def column_types(connection: duckdb.DuckDBPyConnection, source: str, path: Path) -> dict[str, str]:
    """Column to DuckDB type, for the columns whose name can only mean one thing.

    Two columns that differ only by case are left out: SQL cannot tell them apart.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 -- made by `scan`
    names = [name.lower() for name in pq.read_schema(path).names]
    return {row[0]: row[1] for row in described if names.count(row[0].lower()) == 1}


def check_parquet(path: Path) -> None:
    """Raises PackInputError when `path` is not a readable Parquet file."""
    name = shown(str(path))
    if not path.is_file():
        raise PackInputError(say("{file} is not a file.", file=name))
    try:
        pq.read_schema(path)
    except (OSError, pa.ArrowException, ValueError) as error:
        if isinstance(error, OSError) and error.strerror:  # Arrow also calls a damaged footer an OSError
            why = error.strerror
            raise PackInputError(say("{file} cannot be read: {why}.", file=name, why=why)) from error
        raise PackInputError(say("{file} is not a Parquet file.", file=name)) from error
