"""A protected table as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import re

import pandas as pd

from egress.checks.table import Table, Value, plain

# What makes a spreadsheet read a cell as a formula (OWASP, CSV Injection), with the full-width forms.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# Where a spreadsheet separates by semicolons, as French ones do, what follows one is a cell of its own, quoted or not.
_NEXT_CELL = re.compile(r';([\s"]*)(?=[' + re.escape("".join(FORMULA)) + r"])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def to_csv(table: Table) -> bytes:
    """UTF-8, one header row, a suppressed value empty; texts that begin like a formula get an apostrophe."""
    rows = [[_cell(value) for value in row] for row in table.rows]
    frame = pd.DataFrame(rows, columns=[neutral(column) for column in table.columns], dtype=object)
    return frame.to_csv(index=False, lineterminator="\n", na_rep="").encode()


def neutral(text: str) -> str:
    """`text` as a spreadsheet reads it literally."""
    text = _CONTROL.sub(" ", text)  # a lone carriage return would end a row that no writer quotes
    text = _NEXT_CELL.sub(r";\1'", text)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def _cell(value: Value | None) -> bool | int | float | str | None:
    known = plain(value)
    return neutral(known) if isinstance(known, str) else known
