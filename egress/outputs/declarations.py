"""Declarations: read from the submitted source's syntax tree, and counted only when the re-run says the same.

A declaration is written by code that has read the data. What counts is the literal in the source that was frozen;
the re-run can only confirm it. A call that data could switch on or off is not one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from egress.outputs.calls import Call, calls_in
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


def declarations(rendered: Rendered) -> tuple[Declared | DeclarationProblem, ...]:
    """What the source of a notebook declares, in order; what cannot count says why."""
    found = [_check(call) for call in calls_in((cell.number, cell.source) for cell in rendered.cells if cell.is_code)]
    times = Counter(item.name for item in found if item.name is not None)
    return tuple(
        DeclarationProblem(
            item.name,
            item.cell,
            "declaration.twice",
            say("The name is declared more than once; each output needs its own."),
        )
        if isinstance(item, Declared) and times[item.name] > 1
        else item
        for item in found
    )


def reconcile(submitted: Rendered, rerun: Rendered) -> tuple[Declared | DeclarationProblem, ...]:
    """The declarations of `submitted` that `rerun` confirms, and a problem for each that it does not.

    Every output of the re-run that looks like a declaration must be one of the source's.
    """
    emitted: dict[str, list[Emitted]] = {}
    strays: dict[str, DeclarationProblem] = {}
    declared = declarations(submitted)
    known = {item.name for item in declared if item.name is not None}
    told = {item.cell for item in declared if item.name is None}
    for cell in rerun.cells:
        for output in cell.outputs:
            if output.declaration is None:
                continue
            name = output.declaration.name
            emitted.setdefault(name, []).append(output.declaration)
            # The run of a call with computed arguments was told as that.
            if name not in known and name not in strays and cell.number not in told:
                strays[name] = _stray(cell.number)
    return (*(_confirm(item, emitted) for item in declared), *strays.values())


def to_emitted(name: str, sql: str, title: str, protect: str, rho: object) -> Emitted:
    """The spelling that bulle.release leaves in a cell's output. `rho`: int, float, str, Decimal or None."""
    return Emitted(name, sql, title, protect, None if rho is None else spell_rho(Decimal(str(rho))))


def spell_rho(rho: Decimal) -> str:
    """One spelling per number: no exponent, no closing zeros."""
    text = format(rho, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _confirm(item: Declared | DeclarationProblem, emitted: dict[str, list[Emitted]]) -> Declared | DeclarationProblem:
    if isinstance(item, DeclarationProblem):
        return item
    seen = emitted.get(item.name)
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
    if _name(arguments) is None:
        why = say("Its name must be lower-case letters, digits and underscores, beginning with a letter, at most 40.")
        return "declaration.name", why
    sql, title, protect = arguments.get("sql"), arguments.get("title", ""), arguments.get("protect", PROTECTIONS[0])
    if not isinstance(sql, str) or not sql.strip() or len(sql) > MAX_SQL:
        return "declaration.sql", say("Its SQL must be a text of at most {limit} characters.", limit=MAX_SQL)
    if not isinstance(title, str) or len(title) > MAX_TITLE or not _is_plain(title):
        why = say("Its title must be plain text on one line, of at most {limit} characters.", limit=MAX_TITLE)
        return "declaration.title", why
    if protect not in PROTECTIONS:
        why = say("Its protection must be one of: {known}.", known=", ".join(PROTECTIONS))
        return "declaration.protect", why
    return _rho_problem(arguments.get("rho"), protect)


def _check(call: Call) -> Declared | DeclarationProblem:
    given = call.arguments
    if given is None:
        why = say("Its arguments must be literals: no variable, f-string, expression or unknown keyword.")
        return DeclarationProblem(None, call.cell, "declaration.computed", why)
    problem = argument_problem(given) if call.top_level else _NOT_TOP_LEVEL
    if problem is not None:
        return DeclarationProblem(_name(given), call.cell, *problem)
    rho = given.get("rho")
    return Declared(
        name=str(given["name"]),
        sql=str(given["sql"]),
        title=str(given.get("title", "")),
        protect=str(given.get("protect", PROTECTIONS[0])),
        rho=None if rho is None else Decimal(str(rho)),
        cell=call.cell,
    )


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
