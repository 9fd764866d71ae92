"""Text -> the syntax tree of one SELECT, by sqlglot, within limits of size. Any text is answered or refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from egress.query.refused import RefusedSqlError, line_and_column
from hub.words import say

# Limits of the text itself, so that no author can make the parser slow; nothing to do with disclosure.
MAX_SQL = 20_000
MAX_TOKENS = 4_000
MAX_NESTING = 24

# It warns about statements that it does not know, quoting them; we refuse those ourselves.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

# Where sqlglot's tokenizer says that a quotation begins: line, and offset in the whole text.
_QUOTATION = re.compile(r" from \d{1,9}:(\d{1,9})\Z")

_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_PREFIXES = frozenset({TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE})
_SETS = frozenset({TokenType.ROLLUP, TokenType.CUBE, TokenType.GROUPING_SETS})

# sqlglot's own slips on texts that no database would take, and what half a tree leads to
SLIPS = (ValueError, TypeError, AttributeError, IndexError, KeyError, AssertionError)


def one_select(sql: str) -> exp.Select:
    """The one SELECT in `sql`. Sizes are looked at before the parser sees anything. Raises: RefusedSqlError."""
    if len(sql) > MAX_SQL:
        raise RefusedSqlError("size", None, say("The SQL is longer than {most} characters.", most=MAX_SQL))
    dialect = Dialect.get_or_raise("duckdb")
    try:
        tokens = dialect.tokenize(sql)
        _small(tokens)
        parsed = dialect.parser().parse(list(_told_apart(tokens)), sql)
    except SqlglotError as error:
        raise _not_sql(error, sql) from None
    except SLIPS:
        raise RefusedSqlError("syntax", None, say("This is not SQL that can be read.")) from None
    statements = [statement for statement in parsed if statement is not None]
    if len(statements) != 1:
        second = statements[1] if statements else None
        raise RefusedSqlError("statement", second, say("Exactly one SELECT is declared at a time."))
    (statement,) = statements
    if isinstance(statement, exp.SetOperation):
        raise RefusedSqlError("statement", statement, say("UNION, EXCEPT and INTERSECT are outside the grammar."))
    if not isinstance(statement, exp.Select):
        raise RefusedSqlError("statement", None, say("Only SELECT is in the grammar."))
    return statement


def _small(tokens: Sequence[Token]) -> None:
    """Refuses what is long or deep: brackets in brackets, and signs before signs."""
    depth = signs = 0
    for number, token in enumerate(tokens):
        kind = token.token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        signs = signs + 1 if kind in _PREFIXES else 0
        if number >= MAX_TOKENS or depth + signs > MAX_NESTING:
            place = (token.line, max(token.col - (token.end - token.start), 1))
            raise RefusedSqlError("size", None, say("The SQL is too long or nested too deeply."), place)


def _told_apart(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, with parentheses around each item of ROLLUP, CUBE and GROUPING SETS.

    sqlglot reads comparisons there only in parentheses; DuckDB reads them without.
    """
    # per open bracket: whether it holds such items, and whether one of them is open with a parenthesis of ours
    brackets: list[tuple[bool, bool]] = []
    for at, token in enumerate(tokens):
        kind = token.token_type
        before = tokens[at - 1].token_type if at else None
        inside, ours = brackets[-1] if brackets else (False, False)
        if inside and kind in {TokenType.COMMA, TokenType.R_PAREN} and ours:
            yield _like(TokenType.R_PAREN, ")", token)
            brackets[-1] = (True, False)
        elif inside and before in {TokenType.COMMA, TokenType.L_PAREN} and _bare(tokens, at):
            yield _like(TokenType.L_PAREN, "(", token)
            brackets[-1] = (True, True)
        if kind in _OPENING:
            brackets.append((kind is TokenType.L_PAREN and before in _SETS, False))
        elif kind in _CLOSING and brackets:
            brackets.pop()
        yield token


def _bare(tokens: Sequence[Token], at: int) -> bool:
    """Whether the item that begins at `at` is an expression: no list in parentheses, no set of its own, not empty."""
    if tokens[at].token_type in {*_SETS, TokenType.COMMA, TokenType.R_PAREN}:
        return False
    if tokens[at].token_type is not TokenType.L_PAREN:
        return True
    depth = 0
    for place in range(at, len(tokens)):
        kind = tokens[place].token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth == 0:
            after = tokens[place + 1].token_type if place + 1 < len(tokens) else None
            return after not in {TokenType.COMMA, TokenType.R_PAREN, None}
    return False


def _like(kind: TokenType, text: str, token: Token) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.start)


def _not_sql(error: SqlglotError, sql: str) -> RefusedSqlError:
    places = getattr(error, "errors", None) or [{}]
    line, column = places[0].get("line"), places[0].get("col")
    place = None
    if isinstance(line, int) and isinstance(column, int):
        place = (line, max(column - len(str(places[0].get("highlight") or ".")) + 1, 1))
    told = _QUOTATION.search(str(error.__cause__)) if place is None else None
    if told:
        line, column = line_and_column(int(told[1]), sql)
        place = None if line is None or column is None else (line, column)
    return RefusedSqlError("syntax", None, say("This is not SQL that can be read."), place)
