"""Bytes of a CSV file as rows of text: strict, bounded, and the same on every machine."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from egress.protect.unusable import UnusableError
from hub.words import say

# Limits of memory and time, not of disclosure.
MAX_BYTES = 64 << 20
MAX_LINES = 500_000
MAX_COLUMNS = 32
MAX_LINE = 20_000

_SEPARATORS = (",", ";", "\t")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Lines:
    """A CSV file: its name for sentences, its header, its separator, and its text."""

    name: str
    header: tuple[str, ...]
    separator: str
    text: str

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line number (the header is 1) and fields of each row. Raises: UnusableError."""
        for number, fields in _parsed(self.name, self.text, self.separator):
            if number == 1 or not fields:
                continue
            if len(fields) != len(self.header):
                raise UnusableError(
                    say(
                        "{file}, line {line}: {found} fields where the header has {expected}.",
                        file=self.name,
                        line=number,
                        found=len(fields),
                        expected=len(self.header),
                    )
                )
            yield number, [field.strip() for field in fields]


def read_lines(name: str, raw: bytes) -> Lines:
    """The file's rows. Raises: UnusableError, with one sentence."""
    text = _decoded(name, raw)
    first = text.split("\n", 1)[0]
    if not first.strip():
        raise UnusableError(say("{file} is empty: its first line must name the columns.", file=name))
    if text.count("\n") > MAX_LINES:
        raise UnusableError(say("{file} has more than {limit} lines.", file=name, limit=MAX_LINES))
    separator = max(_SEPARATORS, key=first.count)
    if first.count(separator) >= MAX_COLUMNS:
        raise UnusableError(say("{file} has more than {limit} columns.", file=name, limit=MAX_COLUMNS))
    _, fields = next(_parsed(name, text, separator), (1, []))
    return Lines(name, tuple(field.strip() for field in fields), separator, text)


def _decoded(name: str, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise UnusableError(say("{file} is larger than {limit} MiB.", file=name, limit=MAX_BYTES >> 20))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnusableError(
            say("{file}, line {line}: this is not UTF-8 text; save the file as UTF-8.", file=name, line=line)
        ) from error
    if "\0" in text or raw.startswith(_UTF16):
        raise UnusableError(say("{file} holds zero bytes: it is no CSV file in UTF-8.", file=name))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parsed(name: str, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_bounded(name, text), delimiter=separator, strict=True)
    before = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnusableError(
                say("{file}, line {line}: the quotes of this line do not match.", file=name, line=reader.line_num)
            ) from error
        if reader.line_num != before + 1:
            raise UnusableError(
                say("{file}, line {line}: a quoted field ends on another line.", file=name, line=before + 1)
            )
        before = reader.line_num
        yield before, fields


def _bounded(name: str, text: str) -> Iterator[str]:
    start, number = 0, 0
    while start < len(text):
        number += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MAX_LINE:
            raise UnusableError(
                say(
                    "{file}, line {line}: a line of more than {limit} characters.",
                    file=name,
                    line=number,
                    limit=MAX_LINE,
                )
            )
        yield text[start : end + 1]
        start = end + 1
