"""The bounds audit among the tables of one request: what an outsider works out from them alone, as they would leave.

Comparing tables cell by cell does not see a filter that stands in a column of its own (`count(*) FILTER (WHERE …)`),
nor hidden cells whose sum is known in two tables that differ by few persons. Equations over all cells do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from egress.checks.examined import TABLE
from egress.checks.model import Finding, Outcome
from egress.released.bounds import BOUNDS, audit
from egress.released.fingerprint import Fingerprint
from egress.released.outsider import Published
from egress.released.relations import TooManyLayersError
from egress.released.totals import totals
from hub.policy.model import DisclosureRules
from hub.words import Message, say

_UNREAD = say("What the tables of this request tell together was not worked out: they have too many cells.")


def audit_within(
    tables: Sequence[Fingerprint], rules: DisclosureRules, one_row_each: frozenset[str]
) -> Mapping[int, Finding]:
    """A finding for the last of the tables from which something follows together, by its place in `tables`.

    `one_row_each`: tables of the source with one row per person.
    """
    if len(tables) < 2:
        return {}
    try:
        everything = (*tables, *(totals(one) for one in tables))
        audited = audit(Published.of(everything, one_row_each), len(tables), rules)
    except TooManyLayersError:
        return {len(tables) - 1: _review(_UNREAD)}
    own = [frozenset(at for at in one.tables if at < len(tables)) for one in audited.exposures]
    together = [involved for involved in own if len(involved) > 1]
    found = {max(involved): _review(_why(involved, tables)) for involved in together}
    if audited.too_many and not found:
        found[len(tables) - 1] = _review(_UNREAD)
    return found


def _why(involved: frozenset[int], tables: Sequence[Fingerprint]) -> Message:
    return say(
        "Together with {others} of this request, this table tells hidden values, or groups of few persons, more nearly "
        "than the rules allow. Ask for these tables with the same filter, or for fewer of them.",
        others=", ".join(tables[at].output for at in sorted(involved)[:-1]),
    )


def _review(why: Message) -> Finding:
    return BOUNDS.found(Outcome.REVIEW, TABLE, why)
