"""bulle.release_acro: reads a folder that ACRO wrote as declarations.

Its verdicts are not read: whoever wrote the folder could write them too.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from bulle.reader import language
from egress.outputs.claimed import ACRO_MIME, ACRO_SCHEMA
from egress.outputs.claims import folder_problem
from egress.outputs.frames import MAX_ASKED, MAX_ROWS, MAX_TABLES, read_acro
from egress.outputs.strict import is_label
from hub.words import Message, say

RESULTS = "results.json"
# Bounds of reading, with room for any table that people could look at.
MAX_RESULTS = 8_000_000
MAX_CSV = 2_000_000
MAX_HEADER = 4

_CSV = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}\.csv")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class AcroError(Exception):
    """The folder cannot be read; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def release_acro(folder: str) -> None:
    """Declare every table of a folder that ACRO's `finalise` wrote, and show what the rules say of each.

    Write the folder's name as a literal. Statuses, outcomes and exceptions in it are ignored: nothing is known of the
    persons behind its tables, so that each goes to people. Other outputs than tables are not read.
    """
    display_bundle(declared_acro(folder))


def declared_acro(folder: str) -> dict[str, Any]:
    """The MIME bundle of one call: the tables beside what their author sees, or one sentence."""
    problem = folder_problem(folder)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    payload: dict[str, Any] = {}

    def shown() -> dict[str, Any]:
        made, others = acro_payload(folder)
        payload.update(made)
        return {} if is_rerun() else _preflight(made, others)

    pictured = attempt(shown)
    declared = {ACRO_MIME: payload} if payload else {}
    return declared if is_rerun() else {**declared, **under(would_not_count(), pictured)}


def acro_payload(folder: str) -> tuple[dict[str, Any], int]:
    """What is declared, and how many outputs were no tables. Raises: AcroError."""
    results = _results(Path(folder))
    tables: list[dict[str, Any]] = []
    others = 0
    for uid, output in results.items():
        if not isinstance(output, dict) or output.get("type") != "table":
            others += 1
            continue
        for file in _files(output, uid):
            if len(tables) == MAX_TABLES:
                raise AcroError(say("The folder holds more than {most} tables.", most=MAX_TABLES))
            rows = list(_long(_grid(Path(folder) / file, file), file))
            whole = all(isinstance(value, int | None) for _, _, value in rows)
            measure = {"name": "value", "agg": "value", "of": None, "binary": False, "whole": whole}
            tables.append(
                {
                    "name": f"acro_{len(tables) + 1}",
                    "title": "",
                    "asked": _asked(output, file),
                    "keys": ["row", "column"],
                    "measures": [measure],
                    "rows": [list(row) for row in rows],
                }
            )
    if not tables:
        raise AcroError(say("The folder holds no table."))
    payload = {"schema": ACRO_SCHEMA, "folder": folder, "tables": tables}
    if read_acro(payload) is None:
        raise AcroError(say("The folder's tables have no form that can be declared."))
    return payload, others


def _results(folder: Path) -> dict[str, Any]:
    """`results` of results.json: ACRO 1.0's format."""
    if folder.is_symlink() or not folder.is_dir():
        raise AcroError(say("There is no folder of that name beside the notebook; ACRO's finalise() writes it."))
    try:
        document = json.loads(_bytes(folder / RESULTS, RESULTS, MAX_RESULTS).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise AcroError(say("{file} is not a file that ACRO writes.", file=RESULTS)) from error
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict) or not all(is_label(uid) for uid in results):
        raise AcroError(say("{file} is not a file that ACRO writes.", file=RESULTS))
    return results


def _files(output: dict[str, Any], uid: str) -> Iterator[str]:
    """The names of an output's tables: plain names inside the folder."""
    files = output.get("files")
    for item in files if isinstance(files, list) else [None]:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not _CSV.fullmatch(name):
            raise AcroError(say("Output {uid} names a file that is no table of this folder.", uid=uid))
        yield name


def _asked(output: dict[str, Any], file: str) -> str:
    """How the table was made, for people: the command as ACRO kept it."""
    command = output.get("command")
    text = f"ACRO {file}: {command if isinstance(command, str) else ''}"
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_ASKED]


def _bytes(path: Path, name: str, limit: int) -> bytes:
    """The bytes of a plain file: no link is followed, no pipe waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            known = os.fstat(handle)
            if not stat.S_ISREG(known.st_mode):
                raise AcroError(say("{file} is not a file.", file=name))
            if known.st_size > limit:
                raise AcroError(say("{file} is larger than the {limit} bytes allowed.", file=name, limit=limit))
            return file.read(limit)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "I/O error"
        raise AcroError(say("{file} cannot be read: {why}.", file=name, why=why)) from error


def _grid(path: Path, name: str) -> list[list[str]]:
    """The cells of a CSV file, all lines of one width."""
    try:
        text = _bytes(path, name, MAX_CSV).decode("utf-8")
        grid = [line for line in csv.reader(io.StringIO(text), strict=True) if line]
    except (ValueError, csv.Error) as error:
        raise AcroError(say("{file} is not a table that ACRO writes.", file=name)) from error
    if len(grid) < 2 or len({len(line) for line in grid}) != 1 or len(grid[0]) < 2:
        raise AcroError(say("{file} is not a table that ACRO writes.", file=name))
    if len(grid) * len(grid[0]) > MAX_ROWS:
        raise AcroError(say("{file} has more than {most} cells.", file=name, most=MAX_ROWS))
    return grid


def _long(grid: list[list[str]], name: str) -> Iterator[tuple[str, str, int | float | None]]:
    """(labels of the row, labels of the column, value) of each cell: pandas writes labels around a block of numbers."""
    header, keys = _shape(grid)
    names = [" / ".join(part for part in (line[at] for line in grid[:header]) if part) for at in range(len(grid[0]))]
    seen: set[tuple[str, str]] = set()
    for line in grid[header:]:
        row = " / ".join(part for part in line[:keys] if part)
        for at in range(keys, len(line)):
            place = (row or "-", names[at] or "-")
            if place in seen or not all(is_label(label) for label in place):
                raise AcroError(say("{file} has labels that stand twice, are too long or cannot be seen.", file=name))
            seen.add(place)
            yield *place, _value(line[at], name)


def _shape(grid: list[list[str]]) -> tuple[int, int]:
    """How many lines and columns hold labels."""
    for at, line in enumerate(grid[:MAX_HEADER]):
        filled = [part != "" for part in line]
        width = filled.index(False) if False in filled else len(line)
        if at and 0 < width < len(line) and not any(filled[width:]):
            return at + 1, width
    texts = [at for at in range(len(grid[0])) if any(line[at] and not _NUMBER.fullmatch(line[at]) for line in grid[1:])]
    return 1, min(max([0, *texts]) + 1, len(grid[0]) - 1)


def _value(text: str, name: str) -> int | float | None:
    if text in {"", "nan", "NaN"}:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise AcroError(say("{file} has a cell that is no number.", file=name))
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number


def _preflight(payload: dict[str, Any], others: int) -> dict[str, Any]:
    from bulle.judge import judged_of  # noqa: PLC0415 -- the engine, which a re-run does not need here
    from bulle.preflight import shown, workspace  # noqa: PLC0415 -- see above
    from egress.frames import assess_on  # noqa: PLC0415 -- see above
    from egress.query.engine import Engine  # noqa: PLC0415 -- see above

    emitted = read_acro(payload)
    context = workspace()
    with Engine(context.folder, context.manifest) as engine:
        tables = emitted.claimed if emitted is not None else ()
        judged = [judged_of(assess_on(engine, table, context.rules)) for table in tables]
    if others and judged:
        note = say("{count} outputs of the folder are no tables, and were not read.", count=others)
        judged[0] = replace(judged[0], notes=(note,))
    bundles = [shown(one, language()) for one in judged]
    return {kind: "\n\n".join(str(bundle[kind]) for bundle in bundles) for kind in ("text/html", "text/plain")}
