"""What the R package asks of this one: a request as JSON on standard input, the answer on standard output.

`release`, its sisters and `preview` answer with a MIME bundle as JSON, `sql` and `tables` with CSV; what goes wrong is
a sentence, and status 1.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from bulle.reader import language
from hub.language import render
from hub.words import Message, say

MAX_REQUEST = 4_000_000  # characters; a figure is the longest, and far shorter


class RequestError(Exception):
    """What was asked cannot be read; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def main(arguments: list[str]) -> int:
    """Answer the request of `arguments[0]`; the exit status."""
    act = _ACTS.get(" ".join(arguments), _unknown)
    try:
        sys.stdout.write(act(_request(sys.stdin.read(MAX_REQUEST + 1))))
    except Exception as error:  # noqa: BLE001 -- R shows one sentence, whatever went wrong
        sys.stdout.write(render(_sentence(error), language()))
        return 1
    return 0


def _request(text: str) -> dict[str, Any]:
    try:
        request = json.loads(text) if len(text) <= MAX_REQUEST else None
    except ValueError:
        request = None
    if request == []:  # R writes an empty list so
        return {}
    if not isinstance(request, dict):
        raise RequestError(say("What R asked cannot be read."))
    return request


def _unknown(request: dict[str, Any]) -> str:
    del request
    raise RequestError(say("R asked for something that this version does not know."))


# Where each of the functions that declare lives, and the words that R gives it.
_DECLARING = {
    "release": ("bulle.release", {"name", "sql", "title", "protect", "rho"}),
    "release_chart": ("bulle.chart", {"name", "table", "chart", "title"}),
    "release_source": ("bulle.source", {"name", "cells", "title"}),
    "release_text": ("bulle.text", {"name", "text", "file", "title"}),
}


def _declare(function: str, request: dict[str, Any]) -> str:
    """R reads its cells by other rules than Python, so that no doubt of Python's is told."""
    module, known = _DECLARING[function]
    _require(request, known)
    declared = import_module(module).declared  # the engine, which other acts do not need
    return json.dumps(declared(request, lambda: None))


def _figure(request: dict[str, Any]) -> str:
    """As `_declare`; R has drawn it, and hands the PNG over in base64."""
    from bulle.figure import declared  # noqa: PLC0415 -- see above

    _require(request, {"name", "shows", "title", "png"})
    try:
        png = base64.b64decode(str(request.pop("png")))
    except binascii.Error as error:
        raise RequestError(say("What R asked cannot be read.")) from error
    return json.dumps(declared(request, png, lambda: None))


def _require(request: dict[str, Any], known: set[str]) -> None:
    if set(request) != known:
        raise RequestError(say("What R asked cannot be read."))


def _preview(request: dict[str, Any]) -> str:
    from bulle.preview import previewed  # noqa: PLC0415 -- see above

    _require(request, {"sql", "within", "rho"})
    return json.dumps(previewed(request["sql"], request["within"], request["rho"]))


def _sql(request: dict[str, Any]) -> str:
    from bulle.data import sql  # noqa: PLC0415 -- see above

    return sql(str(request.get("query", ""))).to_csv(index=False)


def _tables(request: dict[str, Any]) -> str:
    del request
    from bulle.data import tables  # noqa: PLC0415 -- see above

    return tables().to_csv(index=False)


_ACTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "preview": _preview,
    "release_figure": _figure,
    **{function: partial(_declare, function) for function in _DECLARING},
    "sql": _sql,
    "tables": _tables,
}


def _sentence(error: Exception) -> Message:
    """Errors of DuckDB are for the author of the query, who may see the data: its first line helps them."""
    message = getattr(error, "message", None)
    if isinstance(message, Message):
        return message
    if type(error).__module__.startswith(("duckdb", "_duckdb")):
        return say("DuckDB: {why}", why=str(error).split("\n", 1)[0][:300])
    return say("This did not work ({kind}).", kind=type(error).__name__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
