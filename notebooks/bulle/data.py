"""Free work on the extract inside the workspace: what is granted, and a researcher's own queries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bulle.context import workspace_extract

if TYPE_CHECKING:  # `import bulle` stays quick in a re-run
    import duckdb
    import pandas as pd


def tables() -> pd.DataFrame:
    """The granted tables and columns, with what the data holder says of each."""
    import pandas as pd  # noqa: PLC0415 -- see above

    from hub.extracts.reader import open_extract  # noqa: PLC0415 -- see above

    catalogue = open_extract(workspace_extract()).manifest.catalogue
    rows = [
        {
            "table": table,
            "column": name,
            "type": str(column.type),
            "description": column.description,
            "categories": ", ".join(str(value) for value in column.categories or ()),
        }
        for table, entry in catalogue.tables.items()
        for name, column in entry.columns.items()
    ]
    return pd.DataFrame(rows, columns=["table", "column", "type", "description", "categories"])


def sql(query: str) -> pd.DataFrame:
    """The result of a DuckDB query over the extract's tables. It stays in the workspace; only releases leave.

    Raises: duckdb.Error for what DuckDB cannot run.
    """
    with _connect(workspace_extract()) as connection:
        frame: pd.DataFrame = connection.sql(query).df()
        return frame


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection that can read the extract's files and nothing else of the machine."""
    import duckdb  # noqa: PLC0415 -- see above

    from hub.extracts.person_number import PERSON_NUMBER  # noqa: PLC0415 -- see above
    from hub.extracts.reader import open_extract  # noqa: PLC0415 -- see above

    extract = open_extract(folder)
    files = {table: str(extract.path / packed.file) for table, packed in extract.manifest.tables.items()}
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    # Persons' numbers are how the extract is laid out, and no data.
    columns = f"COLUMNS(lambda name: name <> '{PERSON_NUMBER}')"
    for table, file in files.items():
        escaped = file.replace("'", "''")
        connection.execute(f"CREATE VIEW \"{table}\" AS SELECT {columns} FROM read_parquet('{escaped}')")  # noqa: S608 -- names are checked patterns, the file is escaped
    connection.execute("SET allowed_paths = ?", [list(files.values())])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
