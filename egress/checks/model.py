"""What checks say: outcome, risk, finding. An unknown thing is a review, never a pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hub.words import Message


class Outcome(StrEnum):
    """Pass means "no automatic finding", nothing more."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    REVIEW = "review"
    FAIL = "fail"


_ORDER = (Outcome.PASS, Outcome.REVIEW, Outcome.FAIL)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of `outcomes`; of none, review: nothing looked at it."""
    seen = set(outcomes)
    return max(seen, key=_ORDER.index) if seen else Outcome.REVIEW


class Risk(StrEnum):
    """The risks of the statbarn ontology (ACRO's risks.json), and two that a declaration itself carries."""

    LOW_COUNT = "low_count"
    DOMINANCE = "dominance"
    CLASS_DISCLOSURE = "class_disclosure"
    DIFFERENCING = "differencing"
    IMPLICIT_TABLES = "implicit_tables"
    LOW_DOF = "low_dof"
    AUXILIARY_INFORMATION = "auxiliary_information"
    COVERT_CHANNEL = "covert_channel"
    INDIVIDUALS = "individuals"
    PRIVACY_BUDGET = "privacy_budget"


class Audience(StrEnum):
    """Who may read a finding: what depends on data an author has not released in this request is for checkers."""

    AUTHOR = "author"
    CHECKER = "checker"


@dataclass(frozen=True)
class Finding:
    """What one check found. `where` names the column, cell or place; `cells` are (row, column) in the exact table.

    `remedy` says what protection did about it; the finding's outcome is the one after that.
    """

    check: str
    risk: Risk
    outcome: Outcome
    where: str
    why: Message
    cells: tuple[tuple[int, int], ...] = ()
    audience: Audience = Audience.AUTHOR
    remedy: Message | None = None

    @property
    def notable(self) -> bool:
        """Whether a reader must see it: it is no pass, or one only since protection acted."""
        return self.outcome is not Outcome.PASS or self.remedy is not None

    def sentences(self) -> tuple[Message, ...]:
        """What to show, in order."""
        return (self.why,) if self.remedy is None else (self.why, self.remedy)


class Assurance(StrEnum):
    """How the service knows an output's value (design: three kinds of output)."""

    RECOMPUTED = "recomputed"
    REPRODUCED = "reproduced"
    UNVERIFIED = "unverified"


class Protection(StrEnum):
    """What a declaration asks for."""

    SUPPRESS = "suppress"
    ROUND = "round"
    DP = "dp"
    NONE = "none"
