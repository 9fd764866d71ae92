"""A file of cells as it is read: keys, counts and totals per line; nothing computed yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from egress.protect.codes import distinct, folded, soundly_spelled
from egress.protect.csvlines import Lines, read_lines
from egress.protect.figures import Figures
from egress.protect.unusable import UnusableError
from hub.words import say

MAX_KEYS = 8
COUNT, VALUE, TOP1, TOP2, UNITS = "n", "value", "top1", "top2", "units"
NUMBERS = (COUNT, VALUE, TOP1, TOP2, UNITS)


@dataclass(frozen=True)
class CellFile:
    """`codes[i]` and `numbers[…][i]` are what `lines[i]` of the file says; a number that it does not tell is None.

    `decimals`: the digits behind the decimal mark, per column. `names`: what the file calls the columns of NUMBERS.
    """

    name: str
    keys: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    numbers: Mapping[str, tuple[float | None, ...]]
    decimals: Mapping[str, int]
    lines: tuple[int, ...]
    names: Mapping[str, str]
    total: str


def read_cells(name: str, raw: bytes, total: str = "Total", renamed: Mapping[str, str] | None = None) -> CellFile:
    """The cells of a CSV file. `renamed` says which header stands for one of NUMBERS. Raises: UnusableError."""
    lines = read_lines(name, raw)
    places = _places(lines, renamed or {})
    keys = tuple(at for at in range(len(lines.header)) if at not in places.values())
    if not 0 < len(keys) <= MAX_KEYS:
        raise UnusableError(
            say(
                "{file} has {found} key columns; there must be 1 to {limit}.",
                file=name,
                found=len(keys),
                limit=MAX_KEYS,
            )
        )
    figures = Figures(name, lines.separator)
    codes: list[tuple[str, ...]] = []
    numbers: dict[str, list[float | None]] = {column: [] for column in places}
    at_lines: list[int] = []
    for line, fields in lines.rows():
        codes.append(tuple(fields[at] for at in keys))
        at_lines.append(line)
        for column, at in places.items():
            numbers[column].append(_number(figures, line, column, lines.header[at], fields[at]))
        _possible(name, line, {column: read[-1] for column, read in numbers.items()})
    if not codes:
        raise UnusableError(say("{file} holds no cells.", file=name))
    read = CellFile(
        name,
        tuple(lines.header[at] for at in keys),
        tuple(codes),
        {column: tuple(values) for column, values in numbers.items()},
        {column: figures.decimals.get(lines.header[at], 0) for column, at in places.items()},
        tuple(at_lines),
        {column: lines.header[at] for column, at in places.items()},
        total,
    )
    _sound_codes(read)
    return read


def _places(lines: Lines, renamed: Mapping[str, str]) -> dict[str, int]:
    header = [folded(column) for column in lines.header]
    for at, column in enumerate(lines.header):
        soundly_spelled(lines.name, 1, str(at + 1), column)
    if len(set(header)) != len(header):
        raise UnusableError(say("{file} names a column twice.", file=lines.name))
    places: dict[str, int] = {}
    for column in NUMBERS:
        wanted = folded(renamed.get(column, column))
        if wanted in header:
            places[column] = header.index(wanted)
        elif column in renamed or column == COUNT:
            raise UnusableError(
                say("{file} has no column {column}.", file=lines.name, column=renamed.get(column, column))
            )
    return places


def _number(figures: Figures, line: int, column: str, header: str, text: str) -> float | None:
    if text == "" and column not in {COUNT, VALUE}:
        return None
    if text == "":
        raise UnusableError(
            say("{file}, line {line}: {column} is missing.", file=figures.file, line=line, column=header)
        )
    return figures.count(line, header, text) if column in {COUNT, UNITS} else figures.read(line, header, text)


def _possible(file: str, line: int, numbers: Mapping[str, float | None]) -> None:
    """Raises: UnusableError when the numbers of one cell contradict each other."""
    count, value = numbers[COUNT] or 0.0, numbers.get(VALUE)
    first, second = numbers.get(TOP1), numbers.get(TOP2)
    if count == 0 and (value or first or second):
        raise UnusableError(say("{file}, line {line}: a cell of nobody has a value.", file=file, line=line))
    if (first or 0.0) < 0 or (second or 0.0) < 0 or (first is not None and second is not None and second > first):
        raise UnusableError(
            say(
                "{file}, line {line}: top1 and top2 must be the two largest contributions, in that order.",
                file=file,
                line=line,
            )
        )
    if value is not None and value >= 0 and (first or 0.0) + (second or 0.0) > value * (1 + 1e-9) + 1e-6:
        raise UnusableError(
            say(
                "{file}, line {line}: the largest contributions are more than the total; with negative contributions "
                "leave top1 and top2 out.",
                file=file,
                line=line,
            )
        )


def _sound_codes(read: CellFile) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for line, codes in zip(read.lines, read.codes, strict=True):
        other = seen.setdefault(codes, line)
        if other != line:
            raise UnusableError(
                say("{file}: lines {first} and {second} are the same cell.", file=read.name, first=other, second=line)
            )
    for at, column in enumerate(read.keys):
        first_line: dict[str, int] = {}
        for line, codes in zip(read.lines, read.codes, strict=True):
            if first_line.setdefault(codes[at], line) == line:
                soundly_spelled(read.name, line, column, codes[at])
        _no_second_total(read, column, first_line)
        distinct(read.name, column, first_line)
        _no_numbers(read, column, tuple(first_line))


def _no_second_total(read: CellFile, column: str, first_line: Mapping[str, int]) -> None:
    for code, line in first_line.items():
        if code != read.total and folded(code) == folded(read.total):
            raise UnusableError(
                say(
                    "{file}, line {line}: the total in the column {column} must be spelled {total}.",
                    file=read.name,
                    line=line,
                    column=column,
                    total=read.total,
                )
            )


def _no_numbers(read: CellFile, column: str, codes: Sequence[str]) -> None:
    """A column of measured numbers is no key: nearly each line would be a category of its own."""
    if len(read.keys) == 1 or len(codes) < 5 or len(codes) < 0.9 * len(read.lines):
        return
    if sum("." in code and code.replace(".", "", 1).lstrip("-").isdigit() for code in codes) > len(codes) / 2:
        raise UnusableError(
            say(
                "{file}: the column {column} holds numbers and would be read as categories; leave it out, "
                "or say what it is with --column.",
                file=read.name,
                column=column,
            )
        )
