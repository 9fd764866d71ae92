"""The disclosure price of an exact table, for checkers."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from egress.assess import Assessment
from egress.checks.model import Audience, Finding, Outcome, Risk
from egress.privacy.failure import PrivacyError
from egress.privacy.price import price, price_finding
from egress.query.model import Aggregate, Query
from hub.catalogue.model import Catalogue
from hub.policy.model import DisclosureRules


def priced(
    assessment: Assessment, catalogue: Catalogue, rules: DisclosureRules
) -> tuple[Mapping[str, Any], tuple[Finding, ...]]:
    """The price as it is kept, and what it says to checkers. What cannot be priced is a review."""
    query, evidence = assessment.query, assessment.evidence
    if query is None or evidence is None:
        return {}, ()
    persons = all(measure.aggregate is not Aggregate.COUNT_ROWS for measure in query.measures)
    counts = [cell.persons if persons else cell.rows for cell in evidence.cells]
    counted = Aggregate.COUNT_PERSONS if persons else Aggregate.COUNT_ROWS
    measure = next((measure for measure in query.measures if measure.aggregate is counted), query.measures[0])
    try:
        found = price(counts, rows_per_person(query, catalogue), rules, persons=persons)
    except PrivacyError as error:
        why, risk = error.message, Risk.INDIVIDUALS
        finding = Finding("disclosure_price", risk, Outcome.REVIEW, "table", why, audience=Audience.CHECKER)
        return {}, (finding,)
    finding = price_finding(found, rules, measure.name, query.columns.index(measure.name))
    if found is None:
        return {}, (finding,)
    limit = rules.price.value.max_rho
    return {"rho": found.rho, "epsilon": found.epsilon, "delta": found.delta, "limit": limit}, (finding,)


def rows_per_person(query: Query, catalogue: Catalogue) -> int | None:
    """How many rows of the joined tables one person can be in, over all grouping sets; None when nothing bounds it."""
    names = [query.tables[0].table, *(join.table.table for join in query.joins)]
    bounds = [catalogue.tables[name].rows_per_person for name in dict.fromkeys(names)]
    known = [bound for bound in bounds if bound is not None]
    return prod(known) * len(query.groupings) if len(known) == len(bounds) else None
