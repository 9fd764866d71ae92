"""Outputs of one request that could be one table: writing them apart is a choice, and many choices are a message.

What remains is which tables an author asks for at all; the number of outputs per request and the releases already
made bound that, and people sample it.
"""

from __future__ import annotations

from collections.abc import Mapping

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.query.model import Query
from hub.words import say

RULE = Rule("declaration", Risk.COVERT_CHANNEL)


def apart(queries: Mapping[str, Query]) -> Mapping[str, Finding]:
    """A finding by name for each output over the same rows and keys as another one of the request.

    `queries` are in their canonical spelling, so that equal ones compare equal.
    """
    found: dict[str, Finding] = {}
    for name, query in queries.items():
        others = sorted(other for other, known in queries.items() if other != name and _form(known) == _form(query))
        if others:
            why = say(
                "This table and {others} have the same rows and keys: declare them as one.", others=", ".join(others)
            )
            found[name] = RULE.found(Outcome.REVIEW, "output", why)
    return found


def _form(query: Query) -> object:
    keys = frozenset(key.expression for key in query.keys)
    return frozenset(query.tables), frozenset(query.joins), frozenset(query.where), keys
