"""A request's declarations from their words to assessments: parse, compute, gather evidence, check, protect together.

Tables of one request, and those released before, are protected as one (`egress.released.joint`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from egress.before import Extract
from egress.checks import declaration as declared
from egress.checks.carriers import carriers
from egress.checks.choice import apart
from egress.checks.examined import TABLE, Examined, Rule
from egress.checks.identifiers import words_of
from egress.checks.linked import DeclaredTable, linked_tables
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk, worst
from egress.checks.registry import examine
from egress.checks.table import Table, plain
from egress.differencing import protect_apart
from egress.protect.suppression import Protected
from egress.query.canonical import canonical
from egress.query.engine import Engine, EngineError
from egress.query.evidence import Evidence
from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
from egress.released.fingerprint import Fingerprint, Lineage
from egress.released.joint import Asked
from hub.catalogue.model import Catalogue
from hub.language import render
from hub.policy.model import DisclosureRules
from hub.words import say

GRAMMAR = Rule("grammar", Risk.INDIVIDUALS)
COMPUTED = Rule("computation", Risk.AUXILIARY_INFORMATION)


@dataclass(frozen=True)
class Declaration:
    """What a notebook declares with `bulle.release`, or the command line with `--sql`."""

    name: str
    sql: str
    title: str = ""
    protect: Protection = Protection.SUPPRESS
    rho: Decimal | None = None


@dataclass(frozen=True)
class Assessment:
    """What the service knows of one declared output. `exact` and `evidence` never leave it."""

    declaration: Declaration
    assurance: Assurance
    findings: tuple[Finding, ...]
    query: Query | None = None
    exact: Table | None = None
    evidence: Evidence | None = None
    protected: Table | None = None

    @property
    def outcome(self) -> Outcome:
        """The worst finding, after protection."""
        return worst(finding.outcome for finding in self.findings)

    def to_json(self, language: str = "en", audience: Audience = Audience.AUTHOR) -> dict[str, object]:
        """One entry of `outputs` in the schema bulle.check/1. Refused output has no `protected`."""
        answer: dict[str, object] = {
            "name": self.declaration.name,
            "assurance": self.assurance.value,
            "outcome": self.outcome.value,
            "findings": [
                finding_json(finding, language)
                for finding in self.findings
                if audience is Audience.CHECKER or finding.audience is Audience.AUTHOR
            ],
        }
        if self.protected is not None and self.outcome is not Outcome.FAIL:
            answer["protected"] = table_json(self.protected)
        return answer


def finding_json(finding: Finding, language: str = "en") -> dict[str, str]:
    """One entry of `findings`."""
    return {
        "check": finding.check,
        "risk": finding.risk.value,
        "outcome": finding.outcome.value,
        "where": finding.where,
        "why": " ".join(render(sentence, language) for sentence in finding.sentences()),
    }


def table_json(table: Table) -> dict[str, object]:
    """A table as JSON; None is a suppressed value or a missing key."""
    return {"columns": list(table.columns), "rows": [[plain(value) for value in row] for row in table.rows]}


def assess(declaration: Declaration, engine: Engine, rules: DisclosureRules) -> Assessment:
    """The assessment of one declaration over one extract: a request of one."""
    return assess_request((declaration,), engine, rules)[0]


def assess_request(
    declarations: Sequence[Declaration],
    engine: Engine,
    rules: DisclosureRules,
    earlier: Sequence[Fingerprint] = (),
    lineage: Lineage | None = None,
) -> tuple[Assessment, ...]:
    """The assessments of a request's declarations, in order; their tables are protected together.

    `earlier`: fingerprints of released tables of the same source; those that can be computed on this extract are
    protected with the request's. `lineage`: of this extract; None says that `earlier` were made from it.
    For `protect=dp` only what public facts say: no row is read, and `protected` stays None.
    """
    drafts = [_draft(declaration, engine, rules) for declaration in declarations]
    open_ones = [draft for draft in drafts if isinstance(draft, _Draft)]
    extract = Extract(engine, lineage)
    alike = apart({draft.declaration.name: canonical(draft.examined.query) for draft in open_ones})
    asked = [
        Asked(
            draft.declaration.name,
            draft.examined,
            (*draft.findings, *filter(None, [alike.get(draft.declaration.name)])),
            draft.declaration.protect,
            extract.source(draft.examined.query),
        )
        for draft in open_ones
    ]
    before = extract.before([one.held for one in asked], earlier) if earlier else ()
    protected = protect_apart(asked, before, rules, engine)
    found = linked_tables([_declared_table(one, made) for one, made in zip(asked, protected, strict=True)])
    told = iter(
        replace(made, findings=(*made.findings, found[one.name])) if one.name in found else made
        for one, made in zip(asked, protected, strict=True)
    )
    return tuple(draft if isinstance(draft, Assessment) else draft.assessment(next(told)) for draft in drafts)


def _declared_table(one: Asked, made: Protected) -> DeclaredTable:
    places = one.examined.measure_columns()
    hides = any(row[at] is None for row in made.table.rows for at in places)
    return DeclaredTable(one.name, one.examined.query, suppressing=hides and not one.hopeless)


@dataclass(frozen=True)
class _Draft:
    """A declaration that was computed and checked, and not yet protected."""

    declaration: Declaration
    examined: Examined
    findings: tuple[Finding, ...]

    def assessment(self, protected: Protected) -> Assessment:
        refused = worst(finding.outcome for finding in protected.findings) is Outcome.FAIL
        return Assessment(
            self.declaration,
            Assurance.RECOMPUTED,
            protected.findings,
            self.examined.query,
            self.examined.table,
            self.examined.evidence,
            None if refused else protected.table,
        )


def _draft(declaration: Declaration, engine: Engine, rules: DisclosureRules) -> _Draft | Assessment:
    catalogue = engine.manifest.catalogue
    query = parse(declaration.sql, catalogue, engine.persons)
    if isinstance(query, QueryRefusal):
        return Assessment(declaration, Assurance.RECOMPUTED, (_outside(query),))
    findings = declared_findings(declaration, query, catalogue)
    if declaration.protect is Protection.DP:
        return Assessment(declaration, Assurance.RECOMPUTED, findings, query)
    try:
        table, evidence = engine.table(query), engine.evidence(query)
        labels = engine.person_keys(words_of(table, declaration.name, declaration.title))
    except EngineError as error:
        failed = COMPUTED.found(Outcome.FAIL, TABLE, error.message)
        return Assessment(declaration, Assurance.RECOMPUTED, (*findings, failed), query)
    if len(table.rows) != len(evidence.cells):
        broken = COMPUTED.found(Outcome.FAIL, TABLE, say("Table and evidence do not agree; nothing can be said of it."))
        return Assessment(declaration, Assurance.RECOMPUTED, (*findings, broken), query)
    examined = Examined(query, table, evidence, declaration.title, labels)
    return _Draft(declaration, examined, (*findings, *examine(examined, rules)))


def declared_findings(declaration: Declaration, query: Query, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings that depend on the declaration alone, and on no row."""
    return (
        *declared.notes(query),
        *declared.words(declaration.name, declaration.title, query, catalogue),
        *carriers(query),
        *declared.budget(declaration.rho),
    )


def _outside(refusal: QueryRefusal) -> Finding:
    where = "SQL" if refusal.line is None else f"SQL {refusal.line}:{refusal.column}"
    return GRAMMAR.found(Outcome.FAIL, where, refusal.why)
