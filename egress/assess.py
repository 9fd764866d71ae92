"""A request's declarations from their words to assessments: parse, compute, gather evidence, check, protect together.

Tables of one request, and those released before, are protected as one (`egress.released.joint`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from egress.checks import declaration as declared
from egress.checks.carriers import carriers
from egress.checks.choice import apart
from egress.checks.examined import TABLE, Examined, Rule
from egress.checks.identifiers import words_of
from egress.checks.linked import DeclaredTable, linked_tables
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk, worst
from egress.checks.registry import examine
from egress.checks.table import Table, plain
from egress.protect.suppression import Protected
from egress.query.canonical import canonical
from egress.query.engine import Engine, EngineError
from egress.query.evidence import Evidence
from egress.query.model import Aggregate, Measure, Query, QueryRefusal
from egress.query.parse import parse
from egress.released.cells import Rows, spreads
from egress.released.fingerprint import Fingerprint, Lineage, Status
from egress.released.joint import Asked, Before, protect_request
from egress.released.lineage import on_extract
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


def linked_findings(outputs: Mapping[str, tuple[str, Table]], engine: Engine) -> Mapping[str, Finding]:
    """Findings on the exact tables of one request together, by output name; `outputs` holds SQL and protected table."""
    tables = []
    for name, (sql, protected) in outputs.items():
        query = parse(sql, engine.manifest.catalogue, engine.persons)
        if isinstance(query, Query):
            values = [protected.columns.index(measure.name) for measure in query.measures]
            hides = any(row[position] is None for row in protected.rows for position in values)
            tables.append(DeclaredTable(name, query, suppressing=hides))
    return linked_tables(tables)


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
    before = tuple(_before(earlier, engine, lineage)) if open_ones else ()
    alike = apart({draft.declaration.name: canonical(draft.examined.query) for draft in open_ones})
    asked = [
        Asked(
            draft.declaration.name,
            draft.examined,
            (*draft.findings, *filter(None, [alike.get(draft.declaration.name)])),
            draft.declaration.protect,
            _source(draft.examined.query, engine),
        )
        for draft in open_ones
    ]
    protected = iter(protect_request(asked, before, rules))
    return tuple(draft if isinstance(draft, Assessment) else draft.assessment(next(protected)) for draft in drafts)


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


def _before(earlier: Iterable[Fingerprint], engine: Engine, lineage: Lineage | None) -> Iterator[Before]:
    """The earlier releases that can be computed on this extract; the others are the bounds audit's."""
    for fingerprint in earlier:
        if fingerprint.status is not Status.RELEASED or fingerprint.protect is Protection.DP:
            continue
        query = on_extract(fingerprint, lineage or fingerprint.lineage, engine.manifest.catalogue, engine.persons)
        if query is None:
            continue
        try:
            table, evidence = engine.table(query), engine.evidence(query)
        except EngineError:
            continue
        if len(table.rows) == len(evidence.cells):
            yield Before(fingerprint, query, table, evidence, _source(query, engine))


def _source(query: Query, engine: Engine) -> Rows | None:
    """Of joined tables that together hold as many rows as one of them does, that one: joins only looked things up."""
    (spread, *_) = spreads(query)
    names, joins = spread.layer.source
    if not joins or any(name not in engine.manifest.tables for name in names):
        return None
    everything = replace(
        query,
        where=(),
        keys=(),
        measures=(Measure("n", Aggregate.COUNT_ROWS),),
        groupings=((),),
        columns=("n",),
        notes=(),
    )
    try:
        (row,) = engine.table(everything).rows
    except EngineError:
        return None
    return next((((name,), ()) for name in names if engine.manifest.tables[name].rows == row[0]), None)


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
