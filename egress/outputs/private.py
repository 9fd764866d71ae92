"""Private releases that are no SQL table: what the arguments of their calls say. Pure; read from literals only.

Name, title and rho are looked at where those of every declaration are; columns and bounds against the catalogue by
the kind's own reader (`egress.privacy.ols.read_ols`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hub.words import Message, say

# Bounds of this reader; what a release may hold is its kind's to say.
MAX_CONDITION = 2_000
MAX_COLUMNS = 40
MAX_ROWS = 1_000_000


class PrivateKind(StrEnum):
    """What is computed with noise."""

    OLS = "ols"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class OlsWords:
    """A regression as its author wrote it; `where` is a condition of the SQL grammar."""

    table: str
    outcome: str
    predictors: tuple[str, ...]
    where: str | None


@dataclass(frozen=True)
class SyntheticWords:
    """Synthetic rows as their author asked for them."""

    table: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class DeclaredPrivate:
    """A private release that the source declares; nothing that the notebook computed is part of it."""

    name: str
    kind: PrivateKind
    arguments: OlsWords | SyntheticWords
    title: str
    rho: Decimal
    cell: int


def words_of(kind: PrivateKind, arguments: Mapping[str, object]) -> OlsWords | SyntheticWords | Message:
    """What a call asks for, or one sentence that says why it asks for nothing."""
    table = arguments.get("table")
    if not _is_text(table):
        return say("Its table must be the name of one table.")
    if kind is PrivateKind.OLS:
        return _ols(str(table), arguments)
    columns, rows = _texts(arguments.get("columns")), arguments.get("rows")
    if columns is None:
        return say("Its columns must be a list of at most {most} different names.", most=MAX_COLUMNS)
    if isinstance(rows, bool) or not isinstance(rows, int) or not 1 <= rows <= MAX_ROWS:
        return say("Its rows must be a whole number from 1 to {most}.", most=MAX_ROWS)
    return SyntheticWords(str(table), columns, rows)


def _ols(table: str, arguments: Mapping[str, object]) -> OlsWords | Message:
    outcome, predictors = arguments.get("outcome"), _texts(arguments.get("predictors"))
    where = arguments.get("where")
    if not _is_text(outcome):
        return say("Its outcome must be the name of one column.")
    if predictors is None or outcome in predictors:
        return say(
            "Its predictors must be a list of at most {most} different names, without the outcome.", most=MAX_COLUMNS
        )
    if where is not None and (not isinstance(where, str) or not where.strip() or len(where) > MAX_CONDITION):
        return say("Its where must be a condition of at most {limit} characters.", limit=MAX_CONDITION)
    return OlsWords(table, str(outcome), predictors, None if where is None else str(where))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 60


def _texts(value: object) -> tuple[str, ...] | None:
    """The names of a list of literals, none twice; None for anything else, and for no names."""
    if not isinstance(value, tuple | list) or not 1 <= len(value) <= MAX_COLUMNS:
        return None
    names = tuple(name for name in value if isinstance(name, str) and _is_text(name))
    return names if len(set(names)) == len(value) else None
