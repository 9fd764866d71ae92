"""Finds the calls of bulle::release and its sisters in R code. Nothing is run.

R has no parser in Python, so the rule is stricter than for Python and can be decided by reading words: a declaration
stands in a cell that holds nothing but `library(bulle)`, comments, and calls of release() or a sister whose arguments
are literals. A cell that calls one beside anything else declares nothing, and is told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from egress.outputs.calls import FUNCTIONS, MAX_CELL, MAX_SOURCE, Call, Constant

# Those of FUNCTIONS that the R package has.
_SISTERS = ("release", "release_chart", "release_figure", "release_source", "release_text")
_ABSENT = ("rho", "file")  # may be NULL
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f]+|\#[^\n]*)
      | (?P<end>[\n;])
      | (?P<raw>[rR](?P<quote>["'])(?P<dashes>-*)(?P<open>[(\[{]))
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?(?![\w.]))
      | (?P<name>(?:[A-Za-z]|\.(?![0-9]))[\w.]*)
      | (?P<mark>::|[(),=])""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "`": "`", " ": " ", "\n": "\n"}
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u\{?([0-9a-fA-F]{1,4})\}?|U\{?([0-9a-fA-F]{1,8})\}?|(.))", re.DOTALL)
_CALLS = re.compile(rf"\b(?:{'|'.join(_SISTERS)})\s*\(")


class _NotPlainError(Exception):
    """The cell holds something else than declarations."""


@dataclass(frozen=True)
class _Token:
    kind: str  # end, text, number, name, mark
    value: Constant


def calls_in_r(cells: Iterable[tuple[int, str]]) -> Iterator[Call]:
    """The calls in code cells (number, source), in order."""
    left = MAX_SOURCE
    for number, source in cells:
        left -= len(source)
        if left < 0 or len(source) > MAX_CELL or not _CALLS.search(source):
            continue
        try:
            found = list(_calls(list(_tokens(source))))
        except _NotPlainError:
            yield Call(number, top_level=False, arguments=None, mixed=True)
            continue
        for function, arguments in found:
            yield Call(number, top_level=True, arguments=arguments, function=function)


def _tokens(source: str) -> Iterator[_Token]:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise _NotPlainError
        at = found.end()
        kind = str(found.lastgroup) if found["raw"] is None else "raw"
        if kind == "raw":
            closing = _CLOSING[found["open"]] + found["dashes"] + found["quote"]
            end = source.find(closing, at)
            if end < 0:
                raise _NotPlainError
            yield _Token("text", source[at:end])
            at = end + len(closing)
        elif kind == "text":
            yield _Token("text", _unescaped(found["text"][1:-1]))
        elif kind == "number":
            yield _Token("number", _number(found["number"]))
        elif kind != "space":
            yield _Token(kind, found[kind])


def _unescaped(text: str) -> str:
    """What R reads between quotes. Raises: _NotPlainError for an escape that R does not know."""

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code is None and found[4] in _ESCAPES:
            return _ESCAPES[found[4]]
        # Bytes above ASCII mean what the session's encoding says; half characters and NUL mean nothing.
        if code is None or (found[1] and int(code, 16) > 0x7F) or not _is_character(int(code, 16)):
            raise _NotPlainError
        return chr(int(code, 16))

    return _ESCAPED.sub(one, text)


def _is_character(code: int) -> bool:
    return 0 < code < 0x110000 and not 0xD800 <= code < 0xE000


def _number(text: str) -> Constant:
    """A whole number as int, any other as float, as R's own spelling of it means."""
    digits = text.removesuffix("L")
    return int(digits) if digits.isdecimal() and len(digits) < 16 else float(digits)


def _calls(tokens: list[_Token]) -> Iterator[tuple[str, dict[str, Constant] | None]]:
    """Function and arguments, statement after statement.

    Raises: _NotPlainError for one that is neither a declaration nor library(bulle).
    """
    at = 0
    while at < len(tokens):
        if tokens[at].kind == "end":
            at += 1
            continue
        start, at = at, _end_of_call(tokens, at)
        words = [token.value for token in tokens[start:at]]
        if words in (["library", "(", "bulle", ")"], ["require", "(", "bulle", ")"]):
            continue
        skip = 2 if words[:2] == ["bulle", "::"] else 0
        called = words[skip] if len(words) > skip + 1 and words[skip + 1] == "(" else None
        if called not in _SISTERS or tokens[start + skip].kind != "name":
            raise _NotPlainError
        yield str(called), _arguments(tokens[start + skip + 2 : at - 1], str(called))


def _end_of_call(tokens: list[_Token], at: int) -> int:
    """The place after the closing parenthesis of the statement that begins at `at`, which must end there."""
    while at < len(tokens) and tokens[at] != _Token("mark", "("):
        if tokens[at].kind == "end":
            raise _NotPlainError
        at += 1
    while at < len(tokens) and tokens[at] != _Token("mark", ")"):
        at += 1
    at += 1
    if at > len(tokens) or (at < len(tokens) and tokens[at].kind != "end"):
        raise _NotPlainError
    return at


def _arguments(tokens: list[_Token], function: str) -> dict[str, Constant] | None:
    """Literals by name; None when one is computed, unknown or given twice."""
    signature = FUNCTIONS[function]
    given: dict[str, Constant] = {}
    passed: set[str] = set()
    words = [token for token in tokens if token.kind != "end"]
    if any(token.kind == "end" and token.value == ";" for token in tokens):
        return None
    place = 0
    while words:
        if len(words) > 1 and words[0].kind == "name" and words[1].value == "=" and words[1].kind == "mark":
            name, words = str(words[0].value), words[2:]
        else:
            name = signature.order[place] if place < len(signature.order) else ""
            place += 1
        value, words = words[:1], words[1:]
        if name not in signature.known or name in given or name in passed or not value:
            return None
        if name in signature.data and value[0].kind == "name":
            passed.add(name)  # a variable that holds data: no part of the declaration
        elif not _is_literal(value[0], name):
            return None
        if words and not (words[0].kind == "mark" and words[0].value == "," and len(words) > 1):
            return None
        if name not in passed:
            given[name] = None if value[0].kind == "name" else value[0].value
        words = words[1:]
    return given


def _is_literal(token: _Token, name: str) -> bool:
    if token.kind == "name":
        return name in _ABSENT and token.value == "NULL"
    return token.kind in {"text", "number"}
