"""What goes wrong while computing, as sentences: DuckDB's own texts quote data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from hub.words import Message, say


class EngineError(Exception):
    """The extract cannot be computed on. `message` never holds DuckDB's text, which may quote data."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@contextmanager
def sentences() -> Iterator[None]:
    """Raises: EngineError in place of DuckDB's errors."""
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError):
        raise EngineError(say("The table needs more memory than it may use.")) from None
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        raise EngineError(say("A number of this query leaves the range that can be computed.")) from None
    except duckdb.Error:
        raise EngineError(say("This query cannot be computed on the extract.")) from None


def too_large(most: int) -> EngineError:
    """For a table of more than `most` rows."""
    why = say("This table would have more than {most} rows; group by fewer or coarser keys.", most=most)
    return EngineError(why)
