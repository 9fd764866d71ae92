"""Edge: one declared figure from its bytes to a picture that may leave and what people are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from egress.checks.model import Assurance, Finding, Outcome, worst
from egress.figures.redraw import Redrawn, redrawn
from egress.figures.rule import RULE, Before, Shown, findings, refusal
from egress.outputs.figures import DeclaredFigure
from hub.policy.limits import FigureLimits
from hub.words import Message


@dataclass(frozen=True)
class Looked:
    """`picture` is None for a figure that is refused."""

    findings: tuple[Finding, ...]
    assurance: Assurance = Assurance.UNVERIFIED
    picture: Redrawn | None = None

    @property
    def outcome(self) -> Outcome:
        return worst(finding.outcome for finding in self.findings)


def look(one: DeclaredFigure, tables: Mapping[str, Shown], keys: frozenset[str], limits: FigureLimits) -> Looked:
    """`one` beside the request's tables by name; `keys`: person keys of the extract among the words of its title."""
    where = f"cell {one.cell}"
    wrong = refusal(one.shows, tables)
    made = wrong or redrawn(one.png, limits)
    if isinstance(made, Message):
        return Looked((RULE.found(Outcome.FAIL, where, made),))
    before = _before(one, made, limits)
    found = findings(one, before, made.density, limits.dense, keys)
    if worst(each.outcome for each in found) is Outcome.FAIL:
        return Looked(found)
    return Looked(found, Assurance.REPRODUCED if before is Before.SAME else Assurance.UNVERIFIED, made)


def _before(one: DeclaredFigure, made: Redrawn, limits: FigureLimits) -> Before:
    if one.before is None:
        return Before.NOTHING
    same = one.before == one.png or redrawn(one.before, limits) == made
    return Before.SAME if same else Before.OTHER
