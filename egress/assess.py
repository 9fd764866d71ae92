"""One declaration from its words to an assessment: parse, compute, gather evidence, check, protect.

Of the relations between tables, those of one request that are totals of one another are looked at here; filters that
differ, and what was released before, are the differencing check's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from egress.checks import declaration as declared
from egress.checks.examined import TABLE, Examined, Rule
from egress.checks.linked import DeclaredTable, linked_tables
from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk, worst
from egress.checks.registry import examine
from egress.checks.table import Table, plain
from egress.protect.suppression import protect
from egress.query.engine import Engine, EngineError
from egress.query.evidence import Evidence
from egress.query.model import Query, QueryRefusal
from egress.query.parse import parse
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
    """The assessment of one declaration over one extract.

    For `protect=dp` only what public facts say: no row is read, and `protected` stays None.
    """
    catalogue = engine.manifest.catalogue
    query = parse(declaration.sql, catalogue, engine.persons)
    if isinstance(query, QueryRefusal):
        return Assessment(declaration, Assurance.RECOMPUTED, (_outside(query),))
    findings = declared_findings(declaration, query, catalogue)
    if declaration.protect is Protection.DP:
        return Assessment(declaration, Assurance.RECOMPUTED, findings, query)
    try:
        table, evidence = engine.table(query), engine.evidence(query)
        labels = engine.person_keys(_labels(query, table))
    except EngineError as error:
        failed = COMPUTED.found(Outcome.FAIL, TABLE, error.message)
        return Assessment(declaration, Assurance.RECOMPUTED, (*findings, failed), query)
    if len(table.rows) != len(evidence.cells):
        broken = COMPUTED.found(Outcome.FAIL, TABLE, say("Table and evidence do not agree; nothing can be said of it."))
        return Assessment(declaration, Assurance.RECOMPUTED, (*findings, broken), query)
    examined = Examined(query, table, evidence, declaration.title, labels)
    protected = protect(examined, (*findings, *examine(examined, rules)), declaration.protect, rules)
    refused = worst(finding.outcome for finding in protected.findings) is Outcome.FAIL
    return Assessment(
        declaration,
        Assurance.RECOMPUTED,
        protected.findings,
        query,
        table,
        evidence,
        None if refused else protected.table,
    )


def declared_findings(declaration: Declaration, query: Query, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings that depend on the declaration alone, and on no row."""
    return (
        *declared.notes(query),
        *declared.words(declaration.name, declaration.title, query, catalogue),
        *declared.budget(declaration.rho),
    )


def _outside(refusal: QueryRefusal) -> Finding:
    where = "SQL" if refusal.line is None else f"SQL {refusal.line}:{refusal.column}"
    return GRAMMAR.found(Outcome.FAIL, where, refusal.why)


def _labels(query: Query, table: Table) -> frozenset[str]:
    """The texts that stand as labels of keys."""
    places = [query.columns.index(key.name) for key in query.keys]
    return frozenset(text for row in table.rows for place in places if isinstance(text := row[place], str))
