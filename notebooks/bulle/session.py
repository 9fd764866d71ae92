"""What this kernel declared so far: tables of one notebook leave together, so that each is judged beside the others.

A notebook that starts anew begins with nothing; a name that is declared again replaces what it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from bulle.context import Context
from bulle.judge import Judged, completed, judged_of
from egress.assess import Declaration, assess_request
from egress.checks.model import Outcome, Protection
from egress.query.engine import Engine
from egress.query.evidence import Evidence
from egress.query.model import Query
from egress.query.table import Table
from hub.words import Message, say

T = TypeVar("T")

# Bounds of a kernel's memory: tables that are remembered, and their rows.
MAX_KEPT = 200
MAX_ROWS = 10_000


class RememberingEngine(Engine):
    """An engine that computes each query once: an extract does not change while a workspace is open."""

    memory: Memory

    def table(self, query: Query) -> Table:
        """As Engine's. Raises: EngineError."""
        known = self.memory.tables.get(query)
        if known is None:
            known = super().table(query)
            _keep(self.memory.tables, query, known, len(known.rows))
        return known

    def evidence(self, query: Query) -> Evidence:
        """As Engine's. Raises: EngineError."""
        known = self.memory.evidence.get(query)
        if known is None:
            known = super().evidence(query)
            _keep(self.memory.evidence, query, known, len(known.cells))
        return known


def _keep(where: dict[Query, T], query: Query, value: T, rows: int) -> None:
    """Remember `value`, if it is small; the oldest goes when there are many."""
    if rows > MAX_ROWS:
        return
    where[query] = value
    if len(where) > MAX_KEPT:
        del where[next(iter(where))]


@dataclass
class Memory:
    """What was computed on one extract."""

    tables: dict[Query, Table] = field(default_factory=dict)
    evidence: dict[Query, Evidence] = field(default_factory=dict)


@dataclass
class Session:
    """The declarations of one kernel on one extract, by name, and how each was last judged."""

    folder: Path | None = None
    declared: dict[str, tuple[Declaration, Judged]] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)

    def judge(self, declaration: Declaration, context: Context) -> Judged:
        """`declaration` beside those of before; its notes say what becomes of them. Raises: EngineError."""
        if self.folder != context.folder:
            self.folder, self.declared, self.memory = context.folder, {}, Memory()
        with RememberingEngine(context.folder, context.manifest) as engine:
            engine.memory = self.memory
            if declaration.protect is Protection.DP:
                self.declared.pop(declaration.name, None)
                (alone,) = assess_request([declaration], engine, context.rules)
                return completed(alone, engine, context)
            before = [one for one, _ in self.declared.values() if one.name != declaration.name]
            *others, this = assess_request([*before, declaration], engine, context.rules)
            judged = completed(this, engine, context)
        notes = [note for other in others for note in self._changed(judged_of(other))]
        self.declared |= {one.declaration.name: (one.declaration, judged_of(one)) for one in others}
        self.declared.pop(declaration.name, None)
        self.declared[declaration.name] = (declaration, judged)
        return replace(judged, notes=tuple(notes))

    def _changed(self, now: Judged) -> list[Message]:
        """What is new about a table declared before."""
        _, before = self.declared[now.name]
        if now.outcome is Outcome.FAIL and before.outcome is not Outcome.FAIL:
            return [say("Beside this table, {name} would be refused.", name=now.name)]
        further = (now.loss.cells if now.loss else 0) - (before.loss.cells if before.loss else 0)
        if further > 0:
            return [
                say("Beside this table, {cells} further values of {name} are suppressed.", cells=further, name=now.name)
            ]
        if now.outcome is Outcome.REVIEW and before.outcome is Outcome.PASS:
            return [say("Beside this table, a person must look at {name}.", name=now.name)]
        return []
