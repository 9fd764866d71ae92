"""What is wrong with the arguments of a call of bulle.release and its sisters, in one sentence for its author. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from egress.outputs.charts import chart_problem
from egress.outputs.claims import frame_problem
from egress.outputs.figures import figure_problem
from egress.outputs.model import Emitted
from egress.outputs.model_claims import model_problem
from egress.outputs.private import EmittedPrivate, PrivateKind, PrivateWords, words_of
from egress.outputs.source_claim import cells_problem
from egress.outputs.text_claim import text_problem
from hub.words import Message, say

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_TITLE = 120
MAX_SQL = 20_000
PROTECTIONS = ("suppress", "round", "dp", "none")
MAX_RHO = 100  # as in a permit
NANO = Decimal("0.000000001")


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


def model_argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_model without its data."""
    return _words_problem(arguments) or model_problem(arguments)


def private_argument_problem(kind: PrivateKind, arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_ols or of another private release that is no SQL table."""
    if (problem := _words_problem(arguments)) is not None:
        return problem
    words = words_of(kind, arguments)
    if isinstance(words, Message):
        return f"declaration.{kind}", words
    return _rho_problem(arguments.get("rho"), "dp")


def source_argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_source."""
    return _words_problem(arguments) or cells_problem(arguments)


def text_argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_text."""
    return _words_problem(arguments) or text_problem(arguments)


def chart_argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_chart."""
    return _words_problem(arguments) or chart_problem(arguments)


def figure_argument_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    """As `argument_problem`, of a call of bulle.release_figure without its figure."""
    return _words_problem(arguments) or figure_problem(arguments)


def _words_problem(arguments: Mapping[str, object]) -> tuple[str, Message] | None:
    if name_of(arguments) is None:
        why = say("Its name must be lower-case letters, digits and underscores, beginning with a letter, at most 40.")
        return "declaration.name", why
    title = arguments.get("title", "")
    if not isinstance(title, str) or len(title) > MAX_TITLE or not _is_plain(title):
        why = say("Its title must be plain text on one line, of at most {limit} characters.", limit=MAX_TITLE)
        return "declaration.title", why
    return None


def to_emitted(name: str, sql: str, title: str, protect: str, rho: object) -> Emitted:
    """The spelling that bulle.release leaves in a cell's output. `rho`: int, float, str, Decimal or None."""
    return Emitted(name, sql, title, protect, None if rho is None else spell_rho(Decimal(str(rho))))


def to_emitted_private(kind: PrivateKind, name: str, asked: PrivateWords, title: str, rho: object) -> EmittedPrivate:
    """The same of a private release that is no SQL table."""
    return EmittedPrivate(name, kind, asked, title, None if rho is None else spell_rho(Decimal(str(rho))))


def spell_rho(rho: Decimal) -> str:
    """One spelling per number: no exponent, no closing zeros."""
    text = format(rho, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def name_of(arguments: Mapping[str, object]) -> str | None:
    """The name among a call's arguments, when it is one."""
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
