"""Finds the calls of bulle.release in source code, by its syntax tree. Nothing is run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Bounds of this parser: a cell beyond them is not read, and nothing in it counts.
MAX_CELL = 200_000
MAX_SOURCE = 1_000_000
MAX_MAGICS = 20

_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.,\s]+=\s*[%!]|.*\?\s*$)")
_PARAMETERS = ("name", "sql")
_KEYWORDS = {"name", "sql", "title", "protect", "rho"}

Constant = str | int | float | bytes | complex | bool | None


@dataclass(frozen=True)
class Call:
    """One call of bulle.release. `arguments` is None when one of them is not a literal or not known.

    `top_level` says that it is a statement of its own, outside of any condition, loop, function or block.
    """

    cell: int
    top_level: bool
    arguments: dict[str, Constant] | None


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
            if isinstance(node, ast.Call) and _is_release(node.func, modules, functions):
                yield Call(number, id(node) in statements, _arguments(node))


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


def _names(trees: Iterable[ast.Module]) -> tuple[set[str], set[str]]:
    """The names under which the cells import the package, and the function."""
    modules, functions = set(), set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {
                    alias.asname or "bulle"
                    for alias in node.names
                    if alias.name == "bulle" or (alias.name.startswith("bulle.") and alias.asname is None)
                }
            elif isinstance(node, ast.ImportFrom) and node.module in {"bulle", "bulle.release"}:
                functions |= {alias.asname or alias.name for alias in node.names if alias.name == "release"}
    return modules, functions


def _is_release(function: ast.expr, modules: set[str], functions: set[str]) -> bool:
    if isinstance(function, ast.Attribute):
        owner = function.value
        return function.attr == "release" and isinstance(owner, ast.Name) and owner.id in modules
    return isinstance(function, ast.Name) and function.id in functions


def _own_call(statement: ast.stmt) -> ast.expr | None:
    return statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign) else None


def _arguments(call: ast.Call) -> dict[str, Constant] | None:
    given: dict[str, Constant] = {}
    if len(call.args) > len(_PARAMETERS):
        return None
    pairs = [*zip(_PARAMETERS, call.args, strict=False), *((word.arg, word.value) for word in call.keywords)]
    for name, value in pairs:
        if name is None or name not in _KEYWORDS or name in given or not isinstance(value, ast.Constant):
            return None
        if value.value is Ellipsis:
            return None
        given[name] = value.value
    return given
