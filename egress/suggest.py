"""A coarser table that would pass: what an author may ask for instead, found by asking the same engine.

Candidates are the author's own SQL with a key left out or made coarser, without totals, or without a column. Each is
assessed as if it had been declared; of those that pass with fewest changes, the one that tells most is suggested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from egress.assess import Assessment, Declaration, assess
from egress.checks.model import Outcome, Protection
from egress.coarser import Candidate, candidates
from egress.query.engine import Engine
from hub.policy.model import DisclosureRules
from hub.words import Message

# Bounds of computing time: each try costs as much as a pre-flight.
MAX_TRIES = 12
MAX_CHANGES = 3


@dataclass(frozen=True)
class Suggestion:
    """SQL that would pass, what was changed in it, and how many values it shows."""

    sql: str
    changes: tuple[Message, ...]
    cells: int


def suggest(
    declaration: Declaration,
    assessment: Assessment,
    engine: Engine,
    rules: DisclosureRules,
    enough: Callable[[], bool] = lambda: False,
) -> Suggestion | None:
    """The coarser table to declare instead, or None: it is fine as it is, or none was found within MAX_TRIES.

    `enough` ends the search early. Only what depends on this declaration alone is asked. Raises: nothing of its own.
    """
    if declaration.protect is Protection.DP or is_whole(assessment):
        return None
    level: list[Candidate] = [Candidate(declaration.sql, ())]
    seen, tries = {declaration.sql}, 0
    for _ in range(MAX_CHANGES):
        level = list(_next(level, engine, seen))
        passing: list[Suggestion] = []
        for candidate in level:
            if tries >= MAX_TRIES or enough():
                break
            tries += 1
            asked = assess(replace(declaration, sql=candidate.sql), engine, rules)
            if is_whole(asked) and _reviews(asked) <= _reviews(assessment):
                passing.append(Suggestion(candidate.sql, candidate.changes, _shown(asked)))
        if passing or tries >= MAX_TRIES or enough():
            return max(passing, key=lambda one: one.cells, default=None)
    return None


def is_whole(assessment: Assessment) -> bool:
    """Whether it would leave, and no value of it suppressed."""
    return (
        assessment.outcome is not Outcome.FAIL
        and assessment.exact is not None
        and assessment.protected is not None
        and _shown(assessment) == _values(assessment)
    )


def _next(level: list[Candidate], engine: Engine, seen: set[str]) -> Iterator[Candidate]:
    """What one change more makes of each of `level`, and was not seen before."""
    catalogue = engine.manifest.catalogue
    for one in level:
        for candidate in candidates(one.sql, catalogue):
            if candidate.sql not in seen:
                seen.add(candidate.sql)
                yield Candidate(candidate.sql, (*one.changes, *candidate.changes))


def _reviews(assessment: Assessment) -> set[str]:
    """Why people must look at it, but for its name and title, which the author will write anew.

    A table that could not be read gives no reason to accept others.
    """
    found = (one for one in assessment.findings if one.outcome is Outcome.REVIEW)
    return {one.check for one in found if one.where not in {"name", "title"}}


def _values(assessment: Assessment) -> int:
    return _count(assessment, assessment.exact.rows if assessment.exact else ())


def _shown(assessment: Assessment) -> int:
    return _count(assessment, assessment.protected.rows if assessment.protected else ())


def _count(assessment: Assessment, rows: tuple[tuple[object, ...], ...]) -> int:
    """The values of measures that are there."""
    query = assessment.query
    if query is None:
        return 0
    places = [query.columns.index(measure.name) for measure in query.measures]
    return sum(row[place] is not None for row in rows for place in places)
