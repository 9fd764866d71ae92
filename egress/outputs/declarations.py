"""Declarations: read from the submitted source's syntax tree, and counted only when the re-run says the same.

A declaration is written by code that has read the data. What counts is the literal in the source that was frozen;
the re-run can only confirm it. A call that data could switch on or off is not one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from egress.outputs.arguments import (
    PROTECTIONS,
    argument_problem,
    chart_argument_problem,
    figure_argument_problem,
    frame_argument_problem,
    model_argument_problem,
    name_of,
    private_argument_problem,
    source_argument_problem,
    text_argument_problem,
    to_emitted,
    to_emitted_private,
)
from egress.outputs.calls import Call, calls_in
from egress.outputs.calls_r import calls_in_r
from egress.outputs.charts import DeclaredChart, declared_chart, emitted_chart
from egress.outputs.claims import (
    AcroCall,
    DeclaredFrame,
    FrameCall,
    confirmed_acro,
    confirmed_frame,
    folder_problem,
    words_of,
)
from egress.outputs.figures import DeclaredFigure, FigureCall, confirmed_figure, figure_call
from egress.outputs.model import AnyEmitted, Rendered
from egress.outputs.model_claims import DeclaredModel, ModelCall, confirmed_model, model_words
from egress.outputs.private import DeclaredPrivate, PrivateKind, declared_private
from egress.outputs.source_claim import DeclaredSource, EmittedSource, declared_source
from egress.outputs.sources import source_text
from egress.outputs.text_claim import DeclaredText, Files, declared_text, with_file
from hub.words import Message, say


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

# What is nothing but words: all that a re-run can do is say the same.
Worded: TypeAlias = Declared | DeclaredPrivate | DeclaredSource | DeclaredText | DeclaredChart
Written: TypeAlias = Worded | FrameCall | AcroCall | FigureCall | ModelCall | DeclarationProblem
Confirmed: TypeAlias = Worded | DeclaredFrame | DeclaredFigure | DeclaredModel | DeclarationProblem


def declarations(rendered: Rendered) -> tuple[Written, ...]:
    """What the source of a notebook declares, in order; what cannot count says why."""
    read = calls_in_r if rendered.r else calls_in
    found = [_check(call) for call in read((cell.number, cell.source) for cell in rendered.cells if cell.is_code)]
    times = Counter(name for item in found for name in _names(item))
    return tuple(
        DeclarationProblem(item.name, item.cell, *_TWICE)
        if not isinstance(item, DeclarationProblem) and any(times[name] > 1 for name in _names(item))
        else item
        for item in found
    )


def _names(item: Written) -> tuple[str, ...]:
    """The names of the outputs that a declaration makes, as far as the source tells them."""
    if isinstance(item, ModelCall):
        return item.names
    return () if item.name is None else (item.name,)


def reconcile(submitted: Rendered, rerun: Rendered) -> tuple[Confirmed, ...]:
    """The declarations of `submitted` that `rerun` confirms, and a problem for each that it does not.

    Every output of the re-run that looks like a declaration must be one of the source's.
    """
    declared = declarations(submitted)
    emitted, before = _emitted(rerun), _emitted(submitted)
    known = {item.name for item in declared if item.name is not None}
    taken = {name for item in declared if not isinstance(item, AcroCall) for name in _names(item)}
    found: list[Confirmed] = []
    for each in declared:
        item = replace(each, text=source_text(submitted, each.cells)) if isinstance(each, DeclaredSource) else each
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


def told(item: Confirmed, read: Files) -> Confirmed:
    """`item`, of a text that a file holds with what that file says. `read` answers a frozen file of the request."""
    if not isinstance(item, DeclaredText):
        return item
    found = with_file(item, read)
    return found if isinstance(found, DeclaredText) else DeclarationProblem(item.name, item.cell, *found)


def _in_place(items: Sequence[Confirmed], cells: list[int]) -> Sequence[Confirmed]:
    """How often, and where, a declaration comes out is the run's choice: once, in its own cell, says nothing."""
    return [
        DeclarationProblem(item.name, item.cell, *_ELSEWHERE)
        if isinstance(item, Worded | DeclaredFrame | DeclaredFigure | DeclaredModel) and cells != [item.cell]
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


def _confirm(item: Written, made: list[AnyEmitted], shown: list[AnyEmitted], taken: set[str]) -> Sequence[Confirmed]:
    """What the re-run made of one declaration; a folder of ACRO gives one per table. `taken` are names in use."""
    match item:
        case FrameCall():
            frame = confirmed_frame(item, made, shown)
            return [frame if isinstance(frame, DeclaredFrame) else DeclarationProblem(item.name, item.cell, *frame)]
        case FigureCall():
            figure = confirmed_figure(item, made, shown)
            return [figure if isinstance(figure, DeclaredFigure) else DeclarationProblem(item.name, item.cell, *figure)]
        case ModelCall():
            model = confirmed_model(item, made, shown)
            return [model if isinstance(model, DeclaredModel) else DeclarationProblem(item.name, item.cell, *model)]
        case AcroCall():
            tables = confirmed_acro(item, made, shown)
            if not (tables and isinstance(tables[0], DeclaredFrame)):
                return [DeclarationProblem(None, item.cell, *tables)] if tables else []
            return [_own_name(table, taken) for table in tables if isinstance(table, DeclaredFrame)]
        case Declared() | DeclaredPrivate() | DeclaredSource() | DeclaredText() | DeclaredChart():
            return [_confirm_words(item, made)]
        case _:
            return [item]


def _own_name(table: DeclaredFrame, taken: set[str]) -> Confirmed:
    if table.name in taken:
        return DeclarationProblem(table.name, table.cell, *_TWICE)
    taken.add(table.name)
    return table


def _confirm_words(item: Worded, seen: list[AnyEmitted]) -> Confirmed:
    """What is nothing but words: the re-run's must be those of the source."""
    if not seen:
        why = say("The re-run did not reach this declaration; check that the notebook runs from its first cell.")
        return DeclarationProblem(item.name, item.cell, "declaration.missing", why)
    if any(other != _emitted_by(item) for other in seen):
        why = say("The re-run declared something else under this name than the submitted source says.")
        return DeclarationProblem(item.name, item.cell, "declaration.differs", why)
    return item


def _emitted_by(item: Worded) -> AnyEmitted:
    match item:
        case Declared():
            return to_emitted(item.name, item.sql, item.title, item.protect, item.rho)
        case DeclaredPrivate():
            return to_emitted_private(item.kind, item.name, item.arguments, item.title, item.rho)
        case DeclaredSource():
            return EmittedSource(item.name, item.cells, item.title)
        case DeclaredText():
            return item.emitted
        case DeclaredChart():
            return emitted_chart(item.name, item.table, item.chart, item.title)


def _stray(cell: int) -> DeclarationProblem:
    # Its name was made by the run and may carry anything: it is not repeated.
    why = say("The re-run declared an output that no bulle.release call in the submitted source declares.")
    return DeclarationProblem(None, cell, "declaration.stray", why)


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
        return DeclarationProblem(name_of(given), call.cell, *problem)
    return _MADE[call.function](given, call.cell)


def _declared(given: Mapping[str, object], cell: int) -> Declared:
    rho = given.get("rho")
    return Declared(
        name=str(given["name"]),
        sql=str(given["sql"]),
        title=str(given.get("title", "")),
        protect=str(given.get("protect", PROTECTIONS[0])),
        rho=None if rho is None else Decimal(str(rho)),
        cell=cell,
    )


_PRIVATE = {f"release_{kind}": kind for kind in PrivateKind}
_PROBLEMS: dict[str, Callable[[Mapping[str, object]], tuple[str, Message] | None]] = {
    "release": argument_problem,
    "release_frame": frame_argument_problem,
    "release_model": model_argument_problem,
    "release_source": source_argument_problem,
    "release_text": text_argument_problem,
    "release_chart": chart_argument_problem,
    "release_figure": figure_argument_problem,
    "release_acro": lambda given: folder_problem(given.get("folder")),
    **{name: partial(private_argument_problem, kind) for name, kind in _PRIVATE.items()},
}
# What a call that nothing is wrong with declares.
_MADE: dict[str, Callable[[Mapping[str, object], int], Written]] = {
    "release": _declared,
    "release_frame": lambda given, cell: FrameCall(words_of(given), cell),
    "release_model": lambda given, cell: ModelCall(model_words(given), cell),
    "release_source": declared_source,
    "release_text": declared_text,
    "release_chart": declared_chart,
    "release_figure": figure_call,
    "release_acro": lambda given, cell: AcroCall(str(given["folder"]), cell),
    **{name: partial(declared_private, kind) for name, kind in _PRIVATE.items()},
}

_NOT_TOP_LEVEL = (
    "declaration.conditional",
    say("It must be a statement of its own, not inside a condition, loop, function, block or other call."),
)
