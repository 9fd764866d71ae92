"""Microdata in a pandas frame become a small extract of one table, on which the engine gathers evidence as ever.

Units are numbered, rows without a key are left out (as pandas leaves them out of groupby, pivot_table and crosstab),
and whatever cannot be a table is one sentence: names of columns may stand in it, values never.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from egress.frames import FRAME
from egress.outputs.claimed import FrameWords
from egress.outputs.frames import MAX_ROWS
from egress.outputs.strict import MAX_LABEL, is_column, is_label
from hub.catalogue.model import Catalogue
from hub.extracts.manifest import Manifest, PackedTable
from hub.words import Message, say

Label = bool | int | str


class FrameError(Exception):
    """The frame cannot be declared; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Microdata:
    """The columns that a declaration needs: persons numbered, keys as labels, values as numbers."""

    table: pa.Table
    keys: tuple[str, ...]
    persons: int
    binary: bool
    whole: bool

    def written(self, folder: Path, words: FrameWords) -> Manifest:
        """An extract in `folder` that holds this one table, called frame."""
        pq.write_table(self.table, folder / "frame.parquet")
        kinds = {pa.bool_(): "boolean", pa.int64(): "integer", pa.float64(): "number", pa.string(): "string"}
        columns = {
            field.name: {"type": kinds[field.type], "description": "-"}
            for field in self.table.schema
            if field.name != words.units
        } or {"nothing_": {"type": "integer", "description": "-"}}
        catalogue = Catalogue.model_validate(
            {"source": {"name": FRAME, "person_key": words.units}, "tables": {FRAME: {"columns": columns}}}
        )
        packed = PackedTable(file="frame.parquet", sha256="", rows=self.table.num_rows, persons=self.persons)
        return Manifest(catalogue=catalogue, tables={FRAME: packed}, created_at="")


def microdata_of(frame: object, words: FrameWords, keys: tuple[str, ...]) -> Microdata:
    """What `words` need of `frame`, grouped by `keys`. Raises: FrameError."""
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(
            say("The microdata must be a pandas DataFrame: pass it as frame, or beside a result as microdata=.")
        )
    if words.units in keys or words.units == words.values:
        raise FrameError(say("The units cannot be a key or a column of values: they name persons."))
    if words.values in keys:
        raise FrameError(say("Column {column} cannot be a key and the values.", column=str(words.values)))
    units, persons = units_of(column_of(frame, words.units))
    parts = {key: _keys(column_of(frame, key), key) for key in keys}
    known = np.ones(len(frame), dtype=bool)
    for codes, _ in parts.values():
        known &= codes >= 0
    _enough([codes[known] for codes, _ in parts.values()], [len(labels) for _, labels in parts.values()])
    arrays: dict[str, pa.Array] = {words.units: pa.array(units[known])}
    for key, (codes, labels) in parts.items():
        arrays[key] = _labels_array(labels, key).take(pa.array(codes[known]))
    binary = whole = False
    if words.values is not None:
        numbers, binary, whole = _numbers(column_of(frame, words.values), words.values)
        arrays.setdefault(words.values, numbers.filter(pa.array(known)))
    if not arrays.keys() - {words.units}:
        arrays["nothing_"] = pa.array(np.zeros(int(known.sum()), dtype=np.int64))
    return Microdata(pa.table(arrays), keys, persons, binary, whole)


def column_of(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column, or a level of the index that is called so."""
    if frame.columns.nlevels > 1:
        raise FrameError(say("The microdata's columns have several levels: give a plain frame."))
    if name in frame.index.names and name not in frame.columns:
        return frame.index.get_level_values(name).to_series(index=frame.index)
    if name not in frame.columns:
        raise FrameError(
            say(
                "The microdata have no column {column}: give the frame that has it, as microdata= beside a result.",
                column=name,
            )
        )
    if int((frame.columns == name).sum()) > 1:
        raise FrameError(say("Two columns of the microdata are called {column}.", column=name))
    return frame[name]


def units_of(series: pd.Series[Any]) -> tuple[np.ndarray[Any, np.dtype[np.int64]], int]:
    """A number per row, and how many units there are."""
    try:
        codes, found = pd.factorize(series)
    except TypeError as error:
        raise FrameError(say("The units must be numbers or texts, one per row.")) from error
    if (codes < 0).any():
        raise FrameError(say("Some rows have no unit: leave them out first, or nobody can be counted."))
    return codes.astype(np.int64), len(found)


def _keys(series: pd.Series[Any], name: str) -> tuple[np.ndarray[Any, Any], list[Label]]:
    """A code per row (-1: no key) and the labels of the codes."""
    try:
        codes, found = pd.factorize(series)
    except TypeError as error:
        raise FrameError(say("Column {column} holds lists or other objects: it is no key.", column=name)) from error
    if len(found) > MAX_ROWS:
        raise FrameError(
            say("Column {column} has more than {most} different values: group it first.", column=name, most=MAX_ROWS)
        )
    labels = [label_of(value, name) for value in found]
    if len({type(label) for label in labels}) > 1:
        raise FrameError(say("Column {column} mixes numbers, texts or truth values.", column=name))
    if len(set(labels)) != len(labels):
        raise FrameError(say("Two values of column {column} would have the same label.", column=name))
    return codes, labels


def label_of(value: object, name: str) -> Label:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer) or (isinstance(value, float | np.floating) and float(value).is_integer()):
        number = int(value)
        if abs(number) < 1 << 53:
            return number
    if isinstance(value, float | np.floating):
        raise FrameError(say("Column {column} holds numbers with decimals: group it into classes first.", column=name))
    if isinstance(value, datetime) and value.time() != datetime.min.time():
        raise FrameError(say("Column {column} holds times of day: group it by date.", column=name))
    text = _text(value)
    if not is_label(text):
        raise FrameError(
            say(
                "A label of column {column} is empty, longer than {most} characters, or has characters that cannot be "
                "seen.",
                column=name,
                most=MAX_LABEL,
            )
        )
    return text


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, str | date | pd.Period | pd.Interval):
        return str(value)
    return ""  # no label


def _labels_array(labels: list[Label], name: str) -> pa.Array:
    try:
        return pa.array(labels, _type(labels))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError) as error:
        raise FrameError(say("Column {column} holds values that cannot be labels.", column=name)) from error


def _type(labels: list[Label]) -> pa.DataType:
    if labels and isinstance(labels[0], bool):
        return pa.bool_()
    return pa.int64() if labels and isinstance(labels[0], int) else pa.string()


def _enough(codes: list[np.ndarray[Any, Any]], sizes: list[int]) -> None:
    """Raises: FrameError when the table would have more rows than may be declared."""
    if math.prod(sizes) <= MAX_ROWS:
        return
    together = np.zeros(len(codes[0]) if codes else 0, dtype=np.int64)
    for code, size in zip(codes, sizes, strict=True):
        together = np.unique(together * max(size, 1) + code, return_inverse=True)[1].astype(np.int64)
    if len(together) and int(together.max()) + 1 > MAX_ROWS:
        raise FrameError(say("The table would have more than {most} rows: use coarser keys.", most=MAX_ROWS))


def _numbers(series: pd.Series[Any], name: str) -> tuple[pa.Array, bool, bool]:
    """The values as numbers, whether they are 0 and 1 only, and whether they are whole."""
    wrong = FrameError(say("Column {column} does not hold numbers.", column=name))
    if pd.api.types.is_bool_dtype(series.dtype):
        series = series.astype("Int64")
    if not pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_complex_dtype(series.dtype):
        raise wrong
    whole = pd.api.types.is_integer_dtype(series.dtype)
    try:
        if whole:
            array = pa.array(series, type=pa.int64(), from_pandas=True)
        else:
            values = series.to_numpy(dtype=np.float64, na_value=np.nan)
            if np.isinf(values).any():
                raise FrameError(say("Column {column} holds infinite values.", column=name))
            array = pa.array(values, type=pa.float64(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError, TypeError) as error:
        raise wrong from error
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    flags = pc.is_in(array.drop_null(), value_set=pa.array([0, 1], array.type))
    return array, bool(pc.all(flags, min_count=1).as_py()), whole


def names_of(result: object) -> tuple[str, ...]:
    """The keys of a result of crosstab, pivot_table or groupby: the names of its index, then of its columns."""
    if isinstance(result, pd.Series):
        names = list(result.index.names)
    elif isinstance(result, pd.DataFrame):
        names = [*result.index.names, *(name for name in result.columns.names if name is not None)]
    else:
        raise FrameError(say("The frame must be a pandas DataFrame or Series."))
    if not names or not all(is_column(name) for name in names) or len(set(names)) != len(names):
        raise FrameError(
            say("The frame's keys have no usable names: say by=, in letters without accents, digits and underscores.")
        )
    return tuple(str(name) for name in names)
