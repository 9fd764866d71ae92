"""Declarations: read from the submitted source's syntax tree, and counted only when the re-run says the same.

A declaration is written by code that has read the data. What counts is the literal in the source that was frozen;
the re-run can only confirm it. A call that data could switch on or off is not one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from egress.outputs.calls import Call, calls_in
from egress.outputs.calls_r import calls_in_r
from egress.outputs.claimed import EmittedAcro, EmittedFrame
from egress.outputs.claims import (
    AcroCall,
    DeclaredFrame,
    FrameCall,
    confirmed_acro,
    confirmed_frame,
    folder_problem,
    frame_problem,
    words_of,
)
from egress.outputs.model import Emitted, Rendered
from hub.words import Message, say

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_TITLE = 120
MAX_SQL = 20_000
PROTECTIONS = ("suppress", "round", "dp", "none")
MAX_RHO = 100  # as in a permit
NANO = Decimal("0.000000001")


@dataclass(frozen=True)
class Declared:
    """A declaration that counts; `cell` is where it stands. `protect` is one of PROTECTIONS."""

    name: str
    sql: str
    title: str
    protect: str
    rho: Decimal | None
    cell: int


@dataclass(frozen=True)
class DeclarationProblem:
    """A declaration that does not count: its name where one could be read, the cell, the rule, one sentence."""

    name: str | None
    cell: int
    rule: str
    why: Message


_TWICE = ("declaration.twice", say("The name is declared more than once; each output needs its own."))

_ELSEWHERE = (
    "declaration.repeated",
    say("The re-run made this declaration more than once, or in another cell than the submitted source."),
)

Written: TypeAlias = Declared | FrameCall | AcroCall | DeclarationProblem
Confirmed: TypeAlias = Declared | DeclaredFrame | DeclarationProblem
AnyEmitted: TypeAlias = Emitted | EmittedFrame | EmittedAcro


def declarations(rendered: Rendered) -> tuple[Written, ...]:
    """What the source of a notebook declares, in order; what cannot count says why."""
    read = calls_in_r if rendered.r else calls_in
    found = [_check(call) for call in read((cell.number, cell.source) for cell in rendered.cells if cell.is_code)]
    times = Counter(item.name for item in found if item.name is not None)
    return tuple(
        DeclarationProblem(item.name, item.cell, *_TWICE)
        if not isinstance(item, DeclarationProblem) and times[item.name] > 1
        else item
        for item in found
    )


def reconcile(submitted: Rendered, rerun: Rendered) -> tuple[Confirmed, ...]:
    """The declarations of `submitted` that `rerun` confirms, and a problem for each that it does not.

    Every output of the re-run that looks like a declaration must be one of the source's.
    """
    declared = declarations(submitted)
    emitted, before = _emitted(rerun), _emitted(submitted)
    known = {item.name for item in declared if item.name is not None}
    taken = {item.name for item in declared if not isinstance(item, AcroCall)}
    found: list[Confirmed] = []
    for item in declared:
        made, shown = ([each for _, each in where.get(item.name or "", [])] for where in (emitted, before))
        found += _in_place(
            _confirm(item, made, shown, taken), [number for number, _ in emitted.get(item.name or "", [])]
        )
    # The run of a call with computed arguments was told as that.
    told = {item.cell for item in declared if item.name is None}
    for name, items in emitted.items():
        places = [number for number, _ in items if number not in told]
        if name not in known and places:
            found.append(_stray(places[0]))
    return tuple(found)


def _in_place(items: Sequence[Confirmed], cells: list[int]) -> Sequence[Confirmed]:
    """How often, and where, a declaration comes out is the run's choice: once, in its own cell, says nothing."""
    return [
        DeclarationProblem(item.name, item.cell, *_ELSEWHERE)
        if isinstance(item, Declared | DeclaredFrame) and cells != [item.cell]
        else item
        for item in items
    ]


def _emitted(notebook: Rendered) -> dict[str, list[tuple[int, AnyEmitted]]]:
    """What a notebook's outputs declare, with the numbers of their cells, by name."""
    found: dict[str, list[tuple[int, AnyEmitted]]] = {}
    for cell in notebook.cells:
        for output in cell.outputs:
            if output.declaration is not None:
                found.setdefault(output.declaration.name, []).append((cell.number, output.declaration))
    return found


def _confirm(
    item: Written, made: list[AnyEmitted], shown: list[AnyEmitted], taken: set[str | None]
) -> Sequence[Confirmed]:
    """What the re-run made of one declaration; a folder of ACRO gives one per table. `taken` are names in use."""
    match item:
        case FrameCall():
            frame = confirmed_frame(item, made, shown)
            return [frame if isinstance(frame, DeclaredFrame) else DeclarationProblem(item.name, item.cell, *frame)]
        case AcroCall():
            tables = confirmed_acro(item, made, shown)
            if not (tables and isinstance(tables[0], DeclaredFrame)):
                return [DeclarationProblem(None, item.cell, *tables)] if tables else []
            return [_own_name(table, taken) for table in tables if isinstance(table, DeclaredFrame)]
        case Declared():
            return [_confirm_sql(item, made)]
        case _:
            return [item]


def _own_name(table: DeclaredFrame, taken: set[str | None]) -> Confirmed:
    if table.name in taken:
        return DeclarationProblem(table.name, table.cell, *_TWICE)
    taken.add(table.name)
    return table


def to_emitted(name: str, sql: str, title: str, protect: str, rho: object) -> Emitted:
    """The spelling that bulle.release leaves in a cell's output. `rho`: int, float, str, Decimal or None."""
    return Emitted(name, sql, title, protect, None if rho is None else spell_rho(Decimal(str(rho))))


def spell_rho(rho: Decimal) -> str:
    """One spelling per number: no exponent, no closing zeros."""
    text = format(rho, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _confirm_sql(item: Declared, seen: list[AnyEmitted]) -> Declared | DeclarationProblem:
    if not seen:
        why = say("The re-run did not reach this declaration; check that the notebook runs from its first cell.")
        return DeclarationProblem(item.name, item.cell, "declaration.missing", why)
    expected = to_emitted(item.name, item.sql, item.title, item.protect, item.rho)
    if any(other != expected for other in seen):
        why = say("The re-run declared something else under this name than the submitted source says.")
        return DeclarationProblem(item.name, item.cell, "declaration.differs", why)
    return item


def _stray(cell: int) -> DeclarationProblem:
    # Its name was made by the run and may carry anything: it is not repeated.
    why = say("The re-run declared an output that no bulle.release call in the submitted source declares.")
    return DeclarationProblem(None, cell, "declaration.stray", why)


def argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """The rule that a call's arguments break and the sentence for its author, or None."""
    if (problem := _words_problem(arguments)) is not None:
        return problem
    sql, protect = arguments.get("sql"), arguments.get("protect", PROTECTIONS[0])
    if not isinstance(sql, str) or not sql.strip() or len(sql) > MAX_SQL:
        return "declaration.sql", say("Its SQL must be a text of at most {limit} characters.", limit=MAX_SQL)
    if protect not in PROTECTIONS:
        why = say("Its protection must be one of: {known}.", known=", ".join(PROTECTIONS))
        return "declaration.protect", why
    return _rho_problem(arguments.get("rho"), protect)


def frame_argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_frame without its data."""
    return _words_problem(arguments) or frame_problem(arguments)


def _words_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    if _name(arguments) is None:
        why = say("Its name must be lower-case letters, digits and underscores, beginning with a letter, at most 40.")
        return "declaration.name", why
    title = arguments.get("title", "")
    if not isinstance(title, str) or len(title) > MAX_TITLE or not _is_plain(title):
        why = say("Its title must be plain text on one line, of at most {limit} characters.", limit=MAX_TITLE)
        return "declaration.title", why
    return None


def _check(call: Call) -> Written:
    given = call.arguments
    if given is None and call.mixed:
        why = say("In R, a declaration stands in a cell of its own: library(bulle), comments and such calls only.")
        return DeclarationProblem(None, call.cell, "declaration.mixed", why)
    if given is None:
        why = say("Its arguments must be literals: no variable, f-string, expression or unknown keyword.")
        return DeclarationProblem(None, call.cell, "declaration.computed", why)
    problem = _PROBLEMS[call.function](given) if call.top_level else _NOT_TOP_LEVEL
    if problem is not None:
        return DeclarationProblem(_name(given), call.cell, *problem)
    if call.function == "release_frame":
        return FrameCall(words_of(given), call.cell)
    if call.function == "release_acro":
        return AcroCall(str(given["folder"]), call.cell)
    rho = given.get("rho")
    return Declared(
        name=str(given["name"]),
        sql=str(given["sql"]),
        title=str(given.get("title", "")),
        protect=str(given.get("protect", PROTECTIONS[0])),
        rho=None if rho is None else Decimal(str(rho)),
        cell=call.cell,
    )


_PROBLEMS: dict[str, Callable[[Mapping[str, object]], tuple[str, Message] | None]] = {
    "release": argument_problem,
    "release_frame": frame_argument_problem,
    "release_acro": lambda given: folder_problem(given.get("folder")),
}

_NOT_TOP_LEVEL = (
    "declaration.conditional",
    say("It must be a statement of its own, not inside a condition, loop, function, block or other call."),
)


def _name(arguments: Mapping[str, object]) -> str | None:
    name = arguments.get("name")
    return name if isinstance(name, str) and NAME.fullmatch(name) else None


def _rho_problem(rho: object, protect: object) -> tuple[str, Message] | None:
    if rho is None:
        return None
    if protect != "dp":
        return "declaration.rho", say('A rho is for protect="dp" only.')
    number = _decimal(rho)
    if number is None or not 0 < number <= MAX_RHO:
        return "declaration.rho", say("Its rho must be a number above 0 and at most {limit}.", limit=MAX_RHO)
    if number % NANO:
        return "declaration.rho", say("Its rho may have at most 9 decimals.")
    return None


def _decimal(rho: object) -> Decimal | None:
    """`rho` as written; a text is welcome, since 0.1 is no binary number."""
    if isinstance(rho, bool) or not isinstance(rho, int | float | str | Decimal) or len(str(rho)) > 40:
        return None
    try:
        number = Decimal(str(rho))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_plain(title: str) -> bool:
    """No control, format (zero-width, direction) or private characters, and no second spelling of a letter."""
    if unicodedata.normalize("NFC", title) != title:
        return False
    return all(character == " " or unicodedata.category(character)[0] not in "CZ" for character in title)
