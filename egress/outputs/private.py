"""Private releases that are no SQL table: what the arguments of their calls say. Pure; read from literals only.

Name, title and rho are looked at where those of every declaration are; columns and bounds against the catalogue by
the kind's own reader (`egress.privacy.ols.read_ols`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from hub.words import Message, say

PRIVATE_MIME = "application/vnd.bulle.private+json"
PRIVATE_SCHEMA = "bulle.private/1"

# Bounds of this reader; what a release may hold is its kind's to say.
MAX_CONDITION = 2_000
MAX_COLUMNS = 40
MAX_ROWS = 1_000_000

_KEYS = {"schema", "kind", "name", "arguments", "title", "rho"}
_RHO = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")


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

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.outcome, *self.predictors)


@dataclass(frozen=True)
class SyntheticWords:
    """Synthetic rows as their author asked for them."""

    table: str
    columns: tuple[str, ...]
    rows: int
    algorithm: str

    @property
    def where(self) -> str | None:
        """All rows of the table."""
        return None


PrivateWords: TypeAlias = OlsWords | SyntheticWords


@dataclass(frozen=True)
class DeclaredPrivate:
    """A private release that the source declares; nothing that the notebook computed is part of it.

    `rho` is None where its author wishes none: then it costs what a table without a wish costs.
    """

    name: str
    kind: PrivateKind
    arguments: PrivateWords
    title: str
    rho: Decimal | None
    cell: int

    @property
    def asked(self) -> str:
        """The call as people read it."""
        words = "".join(f", {name}={value!r}" for name, value in written(self.arguments).items() if value is not None)
        return f"bulle.release_{self.kind}({self.name!r}{words})"


@dataclass(frozen=True)
class EmittedPrivate:
    """The same as it stood in an output: what hostile code left there. `rho` is its decimal spelling or None."""

    name: str
    kind: PrivateKind
    arguments: PrivateWords
    title: str
    rho: str | None


def declared_private(kind: PrivateKind, arguments: Mapping[str, object], cell: int) -> DeclaredPrivate:
    """The declaration of a call that `private_argument_problem` found nothing wrong with.

    Raises: TypeError for another one.
    """
    words, rho = words_of(kind, arguments), arguments.get("rho")
    if not isinstance(words, PrivateWords):
        raise TypeError(str(words))
    title = str(arguments.get("title", ""))
    return DeclaredPrivate(str(arguments["name"]), kind, words, title, None if rho is None else Decimal(str(rho)), cell)


def to_payload(emitted: EmittedPrivate) -> dict[str, Any]:
    """What stands in the cell's output under PRIVATE_MIME."""
    return {
        "schema": PRIVATE_SCHEMA,
        "kind": str(emitted.kind),
        "name": emitted.name,
        "arguments": written(emitted.arguments),
        "title": emitted.title,
        "rho": emitted.rho,
    }


def read_private(raw: Any) -> EmittedPrivate | None:
    """The declaration in an output, or None for anything that `to_payload` does not write. Never raises."""
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != PRIVATE_SCHEMA:
        return None
    texts, rho, arguments = [raw[key] for key in ("kind", "name", "title")], raw["rho"], raw["arguments"]
    if not all(isinstance(text, str) and text.isprintable() for text in texts) or texts[0] not in set(PrivateKind):
        return None
    if rho is not None and not (isinstance(rho, str) and _RHO.fullmatch(rho)):
        return None
    kind = PrivateKind(texts[0])
    words = words_of(kind, arguments) if isinstance(arguments, dict) else None
    if words is None or isinstance(words, Message) or set(arguments) != set(written(words)):
        return None
    return EmittedPrivate(texts[1], kind, words, texts[2], rho)


def written(words: PrivateWords) -> dict[str, Any]:
    """The words as JSON holds them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(words).items()}


def words_of(kind: PrivateKind, arguments: Mapping[str, object]) -> PrivateWords | Message:
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
    algorithm = arguments.get("algorithm", "fixed")
    if not _is_text(algorithm):
        return say("Its algorithm must be the name of one.")
    return SyntheticWords(str(table), columns, rows, str(algorithm))


def _ols(table: str, arguments: Mapping[str, object]) -> OlsWords | Message:
    outcome, predictors = arguments.get("outcome"), _texts(arguments.get("predictors"))
    where = arguments.get("where")
    if not _is_text(outcome):
        return say("Its outcome must be the name of one column.")
    if predictors is None or outcome in predictors:
        return say(
            "Its predictors must be a list of at most {most} different names, without the outcome.", most=MAX_COLUMNS
        )
    if where is not None and not (isinstance(where, str) and where.strip() and _fits(where)):
        return say("Its where must be a condition of at most {limit} characters.", limit=MAX_CONDITION)
    return OlsWords(table, str(outcome), predictors, None if where is None else str(where))


def _fits(where: str) -> bool:
    # A literal can spell half a character; nothing after this point may meet one.
    return len(where) <= MAX_CONDITION and where == where.encode("utf-8", "replace").decode("utf-8")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 60 and value.isprintable()


def _texts(value: object) -> tuple[str, ...] | None:
    """The names of a list of literals, none twice; None for anything else, and for no names."""
    if not isinstance(value, tuple | list) or not 1 <= len(value) <= MAX_COLUMNS:
        return None
    names = tuple(name for name in value if isinstance(name, str) and _is_text(name))
    return names if len(set(names)) == len(value) else None
