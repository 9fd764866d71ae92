"""Whether one statistic is a part of another, whatever the data: then their share is between 0 and 1. Pure."""

from __future__ import annotations

from dataclasses import replace

from egress.privacy.filters import Joined, Predicate
from egress.privacy.spec import Kind, Statistic


def is_part(part: Statistic, whole: Statistic) -> bool:
    """True only when it is so by the words of both; unknown is False."""
    if not _implies(part.where, whole.where):
        return False
    if (part.kind, whole.kind) == (Kind.VALUES, Kind.ROWS):
        return True
    same = replace(part, where=None) == replace(whole, where=None)
    return same and (part.kind is not Kind.TOTAL or part.low >= part.centre)


def _implies(narrow: Predicate | None, wide: Predicate | None) -> bool:
    """Whether every row that passes `narrow` passes `wide`, as far as AND, OR and sameness tell."""
    if wide is None or narrow == wide:
        return True
    if narrow is None:
        return False
    if isinstance(narrow, Joined) and narrow.word == "any":
        return all(_implies(one, wide) for one in narrow.parts)
    if isinstance(wide, Joined) and wide.word == "all":
        return all(_implies(narrow, one) for one in wide.parts)
    some = isinstance(narrow, Joined) and any(_implies(one, wide) for one in narrow.parts)
    return some or (isinstance(wide, Joined) and any(_implies(narrow, one) for one in wide.parts))
