"""Which category is part of which: the levels of a classification, read from a CSV file.

Two forms. Levels: one column per level from coarse to fine, one line per finest category (`A10,A21,A88`); a name that
is repeated on the next level is one category. Parents: columns `child` and `parent`; an empty parent, or the total,
means the top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from egress.protect.codes import distinct, folded, soundly_spelled
from egress.protect.csvlines import Lines, read_lines
from egress.protect.unusable import UnusableError
from hub.words import say

MAX_DEPTH = 20


@dataclass(frozen=True)
class Hierarchy:
    """`parents` has every category; those at the top have None. `column` is the key it is about, when that was said."""

    name: str
    parents: Mapping[str, str | None]
    column: str | None = None

    def above(self, code: str) -> Iterator[str]:
        """The categories that `code` is part of, the nearest first."""
        parent = self.parents.get(code)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)


def read_hierarchy(name: str, raw: bytes, column: str | None = None, total: str = "Total") -> Hierarchy:
    """The hierarchy in a CSV file. Raises: UnusableError."""
    lines = read_lines(name, raw)
    if len(lines.header) < 2:
        raise UnusableError(say("{file} names one level only: a hierarchy has at least two columns.", file=name))
    parents: dict[str, str | None] = {}
    first_line: dict[str, int] = {}
    for line, path in _paths(lines):
        above: str | None = None
        for code in path:
            if code != total:
                first_line.setdefault(code, line)
                _put(name, line, parents, code, above)
                above = code
    if not parents:
        raise UnusableError(say("{file} holds no categories.", file=name))
    for code, line in first_line.items():
        soundly_spelled(name, line, lines.header[0], code)
    distinct(name, lines.header[0], first_line)
    _no_circle(name, parents, first_line)
    return Hierarchy(name, parents, column)


def _paths(lines: Lines) -> Iterator[tuple[int, Sequence[str]]]:
    """The categories of each line, from coarse to fine; in the form with parents, two of them or one."""
    header = [folded(column) for column in lines.header]
    if {"child", "parent"} <= set(header):
        child, parent = header.index("child"), header.index("parent")
        for line, fields in lines.rows():
            if not fields[child]:
                raise UnusableError(say("{file}, line {line}: no category is named.", file=lines.name, line=line))
            yield line, [fields[parent], fields[child]] if fields[parent] else [fields[child]]
        return
    for line, fields in lines.rows():
        filled = [code for code in fields if code]
        if not filled or fields[: len(filled)] != filled:
            raise UnusableError(
                say("{file}, line {line}: a level is empty that a finer one stands under.", file=lines.name, line=line)
            )
        yield line, list(dict.fromkeys(filled)) if _repeats_down(filled) else filled


def _repeats_down(path: Sequence[str]) -> bool:
    """Whether names are repeated from one level to the next only."""
    return all(path[at] == path[at - 1] or path[at] not in path[:at] for at in range(1, len(path)))


def _put(file: str, line: int, parents: dict[str, str | None], code: str, parent: str | None) -> None:
    if code == parent:
        raise UnusableError(say("{file}, line {line}: a category is part of itself.", file=file, line=line))
    known = parents.get(code)
    # As a parent alone a category says nothing of where it stands itself.
    if known is not None and parent is not None and known != parent:
        raise UnusableError(
            say("{file}, line {line}: {code} is part of two categories.", file=file, line=line, code=code)
        )
    parents[code] = parent if parent is not None else known


def _no_circle(file: str, parents: Mapping[str, str | None], first_line: Mapping[str, int]) -> None:
    """Raises: UnusableError. Each category is walked up once."""
    depth: dict[str, int] = {}
    for code in parents:
        path: list[str] = []
        at: str | None = code
        while at is not None and at not in depth and len(path) <= MAX_DEPTH:
            path.append(at)
            at = parents[at]
        base = depth.get(at, 0) if at is not None else 0
        if base + len(path) > MAX_DEPTH:
            raise UnusableError(
                say(
                    "{file}, line {line}: {code} is part of itself by way of others, or lies below {limit} levels.",
                    file=file,
                    line=first_line[code],
                    code=code,
                    limit=MAX_DEPTH,
                )
            )
        depth.update((one, base + len(path) - place) for place, one in enumerate(path))


def assigned(
    hierarchies: Iterable[Hierarchy], keys: Sequence[str], codes: Sequence[Mapping[str, int]], total: str
) -> Mapping[str, Hierarchy]:
    """The hierarchy of each key that has one. `codes`: per key, names with their first lines. Raises: UnusableError."""
    found: dict[str, Hierarchy] = {}
    for one in hierarchies:
        key = one.column if one.column is not None else _fitting(one, keys, codes, total)
        if key not in keys:
            raise UnusableError(say("{file}: there is no key column {column}.", file=one.name, column=key))
        if key in found:
            raise UnusableError(say("Two hierarchies are given for the column {column}.", column=key))
        _knows_all(one, key, codes[keys.index(key)], total)
        found[key] = one
    return found


def _fitting(one: Hierarchy, keys: Sequence[str], codes: Sequence[Mapping[str, int]], total: str) -> str:
    """The key that most of whose names the hierarchy knows."""
    shares = [sum(code in one.parents for code in known) / max(len(set(known) - {total}), 1) for known in codes]
    best = max(shares)
    if best == 0 or shares.count(best) > 1:
        raise UnusableError(
            say("{file}: it is not clear which column this hierarchy is about; write COLUMN=FILE.", file=one.name)
        )
    return keys[shares.index(best)]


def _knows_all(one: Hierarchy, key: str, codes: Mapping[str, int], total: str) -> None:
    for code, line in codes.items():
        if code not in one.parents and code != total:
            raise UnusableError(
                say(
                    "Line {line}: {code} of the column {column} is not in the hierarchy {file}.",
                    line=line,
                    code=code,
                    column=key,
                    file=one.name,
                )
            )
