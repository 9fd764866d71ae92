"""One rule of disclosure control as a table that people can read and a test can run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from egress.checks.model import Outcome

FAIL, PASS, REVIEW = Outcome.FAIL, Outcome.PASS, Outcome.REVIEW

# English and French.
Both = tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """`columns` head what each case gives; a case is those values and the verdict. `judge` runs the check on them."""

    name: str
    heading: Both
    text: Both
    source: str
    columns: tuple[Both, ...]
    cases: tuple[tuple[object, ...], ...]
    judge: Callable[..., Outcome]
