"""Finds the calls of bulle.release and its sisters in source code, by its syntax tree. Nothing is run."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# Bounds of this parser: a cell beyond them is not read, and nothing in it counts.
MAX_CELL = 200_000
MAX_SOURCE = 1_000_000
MAX_MAGICS = 20

_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.,\s]+=\s*[%!]|.*\?\s*$)")


@dataclass(frozen=True)
class Signature:
    """How a function is called: the order of its arguments, all of them, and those that hold data.

    Data are no part of a declaration: any expression may stand there. A dict of literals at a place of `json` is read
    as its JSON text.
    """

    order: tuple[str, ...]
    known: frozenset[str]
    data: frozenset[str] = frozenset()
    json: frozenset[str] = frozenset()


FUNCTIONS = {
    "release": Signature(("name", "sql"), frozenset({"name", "sql", "title", "protect", "rho"})),
    "release_frame": Signature(
        ("name", "frame"),
        frozenset({"name", "frame", "microdata", "units", "by", "values", "agg", "title", "protect", "margins"}),
        data=frozenset({"frame", "microdata"}),
    ),
    "release_acro": Signature(("folder",), frozenset({"folder"})),
    "release_chart": Signature(
        ("name", "table", "chart"), frozenset({"name", "table", "chart", "title"}), json=frozenset({"chart"})
    ),
    "release_figure": Signature(
        ("name", "figure"), frozenset({"name", "figure", "shows", "title"}), data=frozenset({"figure"})
    ),
    "release_model": Signature(
        ("name", "fitted"),
        frozenset({"name", "fitted", "microdata", "units", "title", "outcome", "duration", "event", "by", "every"}),
        data=frozenset({"fitted", "microdata"}),
    ),
    "release_ols": Signature(("name",), frozenset({"name", "table", "outcome", "predictors", "where", "title", "rho"})),
    "release_source": Signature(("name",), frozenset({"name", "cells", "title"})),
    "release_text": Signature(("name", "text"), frozenset({"name", "text", "file", "title"})),
    "release_synthetic": Signature(
        ("name",), frozenset({"name", "table", "columns", "rows", "algorithm", "title", "rho"})
    ),
}
_MODULES = ("release", "frame", "acro", "private", "source", "chart", "figure", "text", "model")
_HOMES = {"bulle", *(f"bulle.{module}" for module in _MODULES)}

Constant = str | int | float | bytes | complex | bool | None
Argument = Constant | tuple[Constant, ...]


@dataclass(frozen=True)
class Call:
    """One call of a function of FUNCTIONS. `arguments` is None when one of them is not a literal or not known.

    `top_level` says that it is a statement of its own, outside of any condition, loop, function or block. `mixed`: it
    stands in an R cell beside other code, and was not read. Lists of literals are tuples; data are left out.
    """

    cell: int
    top_level: bool
    arguments: Mapping[str, Argument] | None
    mixed: bool = False
    function: str = "release"


def calls_in(cells: Iterable[tuple[int, str]]) -> Iterator[Call]:
    """The calls in code cells (number, source), in order. Cells that are no Python have none."""
    trees: list[tuple[int, ast.Module]] = []
    left = MAX_SOURCE
    for number, source in cells:
        left -= len(source)
        tree = parse(source) if left >= 0 else None
        if tree is not None:
            trees.append((number, tree))
    modules, functions = _names(tree for _, tree in trees)
    for number, tree in trees:
        statements = {id(call) for statement in tree.body if (call := _own_call(statement)) is not None}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (function := _function(node.func, modules, functions)) is not None:
                yield Call(number, id(node) in statements, _arguments(node, FUNCTIONS[function]), function=function)


def parse(source: str) -> ast.Module | None:
    """The tree of a cell, IPython's magic lines left out; None when it is not Python or beyond the bounds."""
    if len(source) > MAX_CELL:
        return None
    lines = source.split("\n")
    for _ in range(MAX_MAGICS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a hostile "\d" must not write to our standard error
                return ast.parse("\n".join(lines))
        except SyntaxError as error:
            place = (error.lineno or 0) - 1
            if not 0 <= place < len(lines) or not _MAGIC.match(lines[place]):
                return None
            lines[place] = lines[place][: len(lines[place]) - len(lines[place].lstrip())] + "pass"
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _names(trees: Iterable[ast.Module]) -> tuple[set[str], dict[str, str]]:
    """The names under which the cells import the package, and its functions."""
    modules: set[str] = set()
    functions: dict[str, str] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {
                    alias.asname or "bulle"
                    for alias in node.names
                    if alias.name == "bulle" or (alias.name.startswith("bulle.") and alias.asname is None)
                }
            elif isinstance(node, ast.ImportFrom) and node.module in _HOMES:
                functions |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in FUNCTIONS}
    return modules, functions


def _function(called: ast.expr, modules: set[str], functions: dict[str, str]) -> str | None:
    """Which of FUNCTIONS `called` is."""
    if isinstance(called, ast.Attribute):
        owner = called.value
        ours = called.attr in FUNCTIONS and isinstance(owner, ast.Name) and owner.id in modules
        return called.attr if ours else None
    return functions.get(called.id) if isinstance(called, ast.Name) else None


def _own_call(statement: ast.stmt) -> ast.expr | None:
    return statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign) else None


def _arguments(call: ast.Call, signature: Signature) -> dict[str, Argument] | None:
    given: dict[str, Argument] = {}
    seen: set[str] = set()
    if len(call.args) > len(signature.order) or any(isinstance(value, ast.Starred) for value in call.args):
        return None
    pairs = [*zip(signature.order, call.args, strict=False), *((word.arg, word.value) for word in call.keywords)]
    for name, value in pairs:
        if name is None or name not in signature.known or name in seen:
            return None
        seen.add(name)
        if name in signature.data:
            continue
        literal = _json(value) if name in signature.json and isinstance(value, ast.Dict) else _literal(value)
        if literal is Ellipsis:
            return None
        given[name] = literal  # type: ignore[assignment]  # not Ellipsis, so an Argument
    return given


def _literal(node: ast.expr) -> object:
    """The value of a constant, or of a list or tuple of constants; Ellipsis for anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        items = [item.value if isinstance(item, ast.Constant) else ... for item in node.elts]
        return ... if ... in items else tuple(items)
    return ...


def _json(node: ast.Dict) -> object:
    """The JSON text of a dict of literals; Ellipsis for anything else."""
    try:
        return json.dumps(ast.literal_eval(node), sort_keys=True, allow_nan=False)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return ...
