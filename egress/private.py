"""A private release that is no SQL table: what public facts say of it before anything is reserved. No row is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from egress.checks import declaration as declared
from egress.checks import private_kind
from egress.checks.carriers import carriers
from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk, worst
from egress.checks.vocabulary import of_kind
from egress.outputs.private import DeclaredPrivate, SyntheticWords
from egress.privacy.kinds import Planned, plan
from egress.privacy.rows import rows_asked
from egress.query.model import Aggregate, ColumnRef, Measure, Query
from hub.extracts.manifest import Manifest
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Refusal
from hub.words import Message

RULE = Rule("privacy_budget", Risk.PRIVACY_BUDGET)
WHERE = "output"


@dataclass(frozen=True)
class AssessedPrivate:
    """`planned` is None where a finding refuses it."""

    declared: DeclaredPrivate
    findings: tuple[Finding, ...]
    planned: Planned | None = None

    @property
    def outcome(self) -> Outcome:
        return worst(finding.outcome for finding in self.findings)


def assess_private(one: DeclaredPrivate, manifest: Manifest, rules: DisclosureRules) -> AssessedPrivate:
    """The kind, by the rules; the words, as of every declaration; the draw, by the catalogue and the source's cap."""
    allowed = private_kind.check(str(one.kind), rules)
    if allowed.outcome is Outcome.FAIL:
        return AssessedPrivate(one, (allowed,))
    chosen = None
    if isinstance(one.arguments, SyntheticWords):
        chosen = private_kind.algorithm(one.arguments.algorithm, rules)
    if chosen is not None:
        return AssessedPrivate(one, (allowed, chosen))
    planned = plan(one.kind, one.arguments, one.rho, manifest, rules)
    if isinstance(planned, Refusal):
        return _refused(one, (allowed,), planned.reason)
    asked = rows_asked(one.arguments.table, one.arguments.where, manifest)
    if not isinstance(asked, Query):
        return _refused(one, (allowed,), asked.why)
    return AssessedPrivate(one, (allowed, *_of_words(one, asked, manifest)), planned)


def _refused(one: DeclaredPrivate, before: Iterable[Finding], why: Message) -> AssessedPrivate:
    return AssessedPrivate(one, (*before, RULE.found(Outcome.FAIL, WHERE, why)))


def _of_words(one: DeclaredPrivate, asked: Query, manifest: Manifest) -> tuple[Finding, ...]:
    """What name, title, condition and rho may carry, by the rules of SQL declarations."""
    alias, columns = asked.tables[0].alias, one.arguments.columns
    about = tuple(Measure(name, Aggregate.AVG, ColumnRef(alias, name)) for name in columns)
    named = replace(asked, measures=about, columns=columns)
    condition = (replace(found, where="where") for found in (*declared.notes(asked), *carriers(asked)))
    called = declared.words(one.name, one.title, named, manifest.catalogue, of_kind(str(one.kind)))
    return (*condition, *called, *declared.budget(one.rho))
