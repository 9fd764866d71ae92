"""One request's tables protected together, and with what was released before: findings for authors and for checkers.

What depends on earlier releases is told to checkers only; authors get one fixed sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from egress.checks.examined import TABLE, Examined, Rule, row_cells
from egress.checks.model import Audience, Finding, Outcome, Protection, Risk
from egress.protect.additive import problem_of
from egress.protect.secondary import loss_of
from egress.protect.suppression import (
    NOT_PROTECTED,
    SECONDARY,
    SUPPRESSED,
    Protected,
    about_loss,
    hide,
    primary_rows,
    protect,
)
from egress.protect.system import Pattern
from egress.query.model import Query
from egress.query.table import Table, Value, plain
from egress.released.cells import Rows
from egress.released.fingerprint import Fingerprint
from egress.released.hidden import Joined
from egress.released.linking import Together, Trouble, protect_together
from egress.released.universe import Held
from hub.policy.model import DisclosureRules
from hub.words import Message, say

LINKED = Rule("linked_tables", Risk.DIFFERENCING)
CONFLICT = say("This table conflicts with an earlier release; a checker sees which.")

# How many cells of an earlier release one sentence names.
MOST_NAMED = 5


@dataclass(frozen=True)
class Asked:
    """One table of the request: what was computed and found, and the protection that it asks for."""

    name: str
    examined: Examined
    findings: tuple[Finding, ...]
    protection: Protection
    source: Rows | None = None

    @property
    def held(self) -> Held:
        """The table as linking knows it."""
        evidence = self.examined.evidence
        groupings = tuple(cell.grouping for cell in evidence.cells)
        return Held(self.examined.query, self.examined.table, groupings, evidence, self.source)

    @property
    def hopeless(self) -> bool:
        """Whether it is refused whatever is suppressed: it tells nobody anything."""
        failed = [finding for finding in self.findings if finding.outcome is Outcome.FAIL]
        if self.protection not in {Protection.SUPPRESS, Protection.ROUND}:
            return bool(failed)
        return any(not finding.cells or finding.risk is Risk.INDIVIDUALS for finding in failed)


@dataclass(frozen=True)
class Before:
    """An earlier release as it is on today's extract: `held` is its exact table, whatever it showed."""

    fingerprint: Fingerprint
    held: Held

    @property
    def name(self) -> str:
        return f"{self.fingerprint.request}/{self.fingerprint.output}"

    def joined(self) -> Joined:
        """The release among the tables to be linked: nothing of it can be changed any more."""
        held = self.held
        shown, primary = _shown_before(self.fingerprint)
        labels = [_label(held.query, held.table, row, grouping) for row, grouping in enumerate(held.groupings)]
        return Joined(
            held,
            frozenset(row for row, label in enumerate(labels) if label in primary),
            frozenset(row for row, label in enumerate(labels) if label not in shown),
            settled=True,
            released=True,
        )

    def keys(self, row: int) -> list[str]:
        """The keys of a row, in words."""
        table, query = self.held.table, self.held.query
        return [_word(table.rows[row][table.columns.index(key.name)]) for key in query.keys]


_Label = tuple[tuple[int, ...], tuple[object, ...]]


def _shown_before(fingerprint: Fingerprint) -> tuple[frozenset[_Label], frozenset[_Label]]:
    """The rows that showed something, and those hidden for their own sake."""
    query, table = fingerprint.query, fingerprint.table
    values = [table.columns.index(measure.name) for measure in query.measures]
    labels = [_label(query, table, row, grouping) for row, grouping in enumerate(fingerprint.groupings)]
    shown = frozenset(
        label for label, row in zip(labels, table.rows, strict=True) if any(row[at] is not None for at in values)
    )
    return shown, frozenset(labels[row] for row in fingerprint.primary)


def _label(query: Query, table: Table, row: int, grouping: tuple[int, ...]) -> _Label:
    keys = [table.rows[row][table.columns.index(query.keys[at].name)] for at in grouping]
    return grouping, tuple(plain(key) for key in keys)


def protect_request(asked: Sequence[Asked], before: Sequence[Before], rules: DisclosureRules) -> tuple[Protected, ...]:
    """Each table as it may leave, in order, once all that are published are looked at together."""
    joint = [at for at, one in enumerate(asked) if not one.hopeless]
    tables = [_joined(asked[at]) for at in joint] + [one.joined() for one in before]
    together = protect_together(tables, rules)
    place = {at: number for number, at in enumerate(joint)}
    names = [asked[at].name for at in joint] + [one.name for one in before]
    scene = _Scene(together, tuple(names), len(joint), before, rules)
    return tuple(
        scene.protected(place[at], one) if at in place else protect(one.examined, one.findings, one.protection, rules)
        for at, one in enumerate(asked)
    )


def _joined(one: Asked) -> Joined:
    if one.protection not in {Protection.SUPPRESS, Protection.ROUND}:
        return Joined(one.held, settled=True)
    primary = primary_rows(one.findings)
    return Joined(one.held, primary, primary)


@dataclass(frozen=True)
class _Scene:
    """What came out, with the names of the tables: the first `request` are the request's own."""

    together: Together
    names: tuple[str, ...]
    request: int
    before: Sequence[Before]
    rules: DisclosureRules

    def protected(self, number: int, one: Asked) -> Protected:
        trouble = next((each for each in self.together.troubles if number in each.tables), None)
        suppresses = one.protection in {Protection.SUPPRESS, Protection.ROUND}
        linked = any(number in tables for tables in self.together.linked)
        if trouble is not None or not suppresses or not linked:
            alone = protect(one.examined, one.findings, one.protection, self.rules)
            if trouble is None:
                return alone
            more = (self._too_many(trouble),) if trouble.cells else self._exposed(number, trouble)
            return replace(alone, findings=(*alone.findings, *more))
        rows = self.together.rows[number]
        findings = (*one.findings, *self._about(number, one, rows), *self._loss(one, rows))
        return hide(one.examined, findings, rows, one.protection, self.rules)

    def _loss(self, one: Asked, rows: frozenset[int]) -> tuple[Finding, ...]:
        problem = problem_of(one.examined, primary_rows(one.findings), self.rules)
        marks = np.zeros(problem.system.size, dtype=bool)
        marks[sorted(rows)] = True
        return (about_loss(Pattern(marks, "linear programs", loss_of(problem, marks))),) if rows else ()

    def _about(self, number: int, one: Asked, rows: frozenset[int]) -> tuple[Finding, ...]:
        """What was done about sums, here and across tables."""
        own = [tables for tables in self.together.linked if number in tables]
        linked = sorted(frozenset().union(*own) - {number})
        further = rows - primary_rows(one.findings)
        earlier = [self.names[at] for at in linked if at >= self.request]
        others = [self.names[at] for at in linked if at < self.request]
        finding = SECONDARY.passed(TABLE, _why(len(further), others, earlier))
        if further:
            finding = replace(finding, cells=row_cells(one.examined, sorted(further)), remedy=SUPPRESSED)
        return (replace(finding, audience=Audience.CHECKER) if earlier else finding,)

    def _too_many(self, trouble: Trouble) -> Finding:
        limit = self.rules.audit.value.cells if self.rules.audit is not None else 0
        why = say(
            "This table hangs together with others by sums, over {cells} cells. The machine protects at most {limit} "
            "of them together: each table was protected by itself only.",
            cells=trouble.cells,
            limit=limit,
        )
        finding = LINKED.found(Outcome.REVIEW, TABLE, why)
        earlier = any(at >= self.request for at in trouble.tables)
        return replace(finding, audience=Audience.CHECKER) if earlier else finding

    def _exposed(self, number: int, trouble: Trouble) -> tuple[Finding, ...]:
        """No pattern protects: because of this table alone, of others in the request, or of what was released."""
        earlier = sorted(at for at in trouble.tables if at >= self.request)
        if earlier:
            why = say(
                "Beside {tables}, this table gives hidden values back, whatever is suppressed in it: {cells}.",
                tables=", ".join(self.names[at] for at in earlier),
                cells=self._cells(trouble),
            )
            told = replace(LINKED.found(Outcome.REVIEW, TABLE, why), audience=Audience.CHECKER)
            return LINKED.found(Outcome.REVIEW, TABLE, CONFLICT), told
        others = sorted(self.names[at] for at in trouble.tables if at != number)
        if not others:
            return (NOT_PROTECTED,)
        why = say(
            "The totals of this table and of {others} cannot be protected together: ask for fewer of these tables, "
            "or with coarser keys.",
            others=", ".join(others),
        )
        return (LINKED.found(Outcome.FAIL, TABLE, why),)

    def _cells(self, trouble: Trouble) -> str:
        """The exposed cells, by table and keys, for checkers."""
        named = []
        for table, row in trouble.exposed[:MOST_NAMED]:
            one = self.before[table - self.request] if table >= self.request else None
            keys = [] if one is None else one.keys(row)
            named.append(" ".join([self.names[table], *(keys or [str(row + 1)])]))
        return "; ".join(named) or "–"


def _why(further: int, others: Sequence[str], earlier: Sequence[str]) -> Message:
    where = ", ".join((*others, *earlier))
    if further and where:
        return say(
            "{rows} further rows would give suppressed values back, by way of totals here or in {tables}.",
            rows=further,
            tables=where,
        )
    if further:
        return say("{rows} further rows would give suppressed values back, by way of totals.", rows=further)
    if where:
        return say("No total here or in {tables} gives back a suppressed value.", tables=where)
    return say("No total gives back a suppressed value.")


def _word(value: Value | None) -> str:
    return "–" if value is None else str(plain(value))
