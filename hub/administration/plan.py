"""What would follow from a permit, told before it is granted: persons, data, purpose, rules, budget, and against the
version in force what is added, what is taken away and who loses access at once. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from hub.administration.against import Known, against
from hub.administration.lacks import missing
from hub.administration.thresholds import Threshold, thresholds
from hub.catalogue.model import Catalogue, Column, Table
from hub.extracts.plan import ExtractPlan, plan_extract
from hub.policy.files import Purpose
from hub.policy.model import DataPermit, Role, TableGrant, Years
from hub.policy.verdict import Refusal
from hub.words import Message, say


@dataclass(frozen=True)
class Named:
    """One person of either version. `missing`: what keeps them out until they have it; `open`: their workspace is open
    and would be closed.
    """

    person: str
    name: str
    roles: tuple[Role, ...]
    before: tuple[Role, ...]
    missing: tuple[Message, ...] = ()
    open: bool = False

    @property
    def loses(self) -> bool:
        """Whether a role of theirs ends with the earlier version."""
        return bool(set(self.before) - set(self.roles))

    @property
    def gains(self) -> bool:
        """Whether a role is new to them."""
        return bool(set(self.roles) - set(self.before))


@dataclass(frozen=True)
class PlannedColumn:
    """One granted column. `kinds`: potential identifier, sensitive, unit, key; `coarse`: at which coarseness."""

    name: str
    description: str
    kinds: tuple[Message, ...]
    coarse: Message | None
    added: bool


@dataclass(frozen=True)
class PlannedTable:
    """One granted table, with what of it was granted before and no more is."""

    name: str
    description: str
    columns: tuple[PlannedColumn, ...]
    removed: tuple[str, ...]
    years: Years | None
    added: bool
    dp_rows: int | None = None


@dataclass(frozen=True)
class Changed:
    """One fact that differs from the version in force."""

    what: Message
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """All of it. `promised`: rho that other running projects on the source were granted; `cap`: what the source may
    spend in all by these rules, None where they cannot be read; `began`: no version was in force before.
    """

    permit: DataPermit
    began: bool
    refusals: tuple[Refusal, ...]
    warnings: tuple[Message, ...]
    persons: tuple[Named, ...]
    tables: tuple[PlannedTable, ...]
    gone: tuple[str, ...]
    purpose: Purpose | None
    rules: tuple[Threshold, ...]
    promised: Decimal
    cap: Decimal | None
    changed: tuple[Changed, ...]

    @property
    def losing(self) -> tuple[Named, ...]:
        """Who loses a role at once."""
        return tuple(each for each in self.persons if each.loses)


def plan(permit: DataPermit, known: Known) -> Plan:
    """What would follow from `permit` today."""
    before = next((each for each in known.enclave.running(known.today) if each.project == permit.project), None)
    catalogue, rules = known.catalogue(permit), known.rules.get(permit.rules)
    extract = None if catalogue is None else plan_extract(permit, catalogue, known.purposes)
    others = (each for each in known.enclave.running(known.today) if each.source == permit.source)
    return Plan(
        permit,
        before is None,
        against(permit, known),
        extract.warnings if isinstance(extract, ExtractPlan) else (),
        tuple(_persons(permit, before, known)),
        tuple(_tables(permit, before, catalogue)),
        tuple(name for name in (before.tables if before else ()) if name not in permit.tables),
        known.purposes.purposes.get(permit.purpose),
        thresholds(rules) if rules else (),
        sum((each.rho for each in others if each.project != permit.project), Decimal(0)),
        rules.privacy.value.source_cap_rho if rules else None,
        tuple(_changed(before, permit)) if before else (),
    )


def _persons(permit: DataPermit, before: DataPermit | None, known: Known) -> Iterator[Named]:
    named = [*permit.persons, *(before.persons if before else ())]
    for identity in dict.fromkeys(member.person for member in named):
        person = known.enclave.persons.get(identity)
        roles, earlier = permit.roles_of(identity), before.roles_of(identity) if before else frozenset()
        closes = (identity, permit.project) in known.enclave.sessions and Role.RESEARCHER not in roles
        lacks = missing(person, known.today) if roles else ()
        name = person.name if person else identity
        yield Named(identity, name, tuple(sorted(roles)), tuple(sorted(earlier)), lacks, closes)


def _tables(permit: DataPermit, before: DataPermit | None, catalogue: Catalogue | None) -> Iterator[PlannedTable]:
    for name, grant in permit.tables.items():
        table = catalogue.tables.get(name) if catalogue else None
        earlier = before.tables.get(name) if before else None
        had = set(earlier.columns) if earlier else set()
        yield PlannedTable(
            name,
            (table.description if table else None) or "",
            tuple(_column(column, table, new=before is not None and column not in had) for column in grant.columns),
            tuple(column for column in (earlier.columns if earlier else ()) if column not in grant.columns),
            grant.years,
            added=before is not None and earlier is None,
            dp_rows=grant.dp_rows_per_person,
        )


def _column(name: str, table: Table | None, *, new: bool) -> PlannedColumn:
    column = table.columns.get(name) if table else None
    if column is None:
        is_key = table is not None and name == table.row_key
        return PlannedColumn(name, "", (say("row key, replaced by a pseudonym"),) * is_key, None, new)
    flags = (
        (column.identifying, say("potential identifier")),
        (column.sensitive, say("sensitive")),
        (column.unit, say("unit")),
    )
    kinds = tuple(word for is_so, word in flags if is_so)
    return PlannedColumn(name, column.description, kinds, coarseness(column), new)


def coarseness(column: Column) -> Message | None:
    """How fine the values of a column are, as its catalogue says it; None where it says nothing."""
    if column.categories is not None:
        return say("{number} categories", number=len(column.categories))
    if column.bounds is not None:
        low, high = (str(bound) for bound in column.bounds)
        if column.breaks:
            cuts = ", ".join(str(each) for each in column.breaks)
            return say("{low} to {high}, published breaks: {breaks}", low=low, high=high, breaks=cuts)
        return say("{low} to {high}", low=low, high=high)
    return None


def _changed(before: DataPermit, permit: DataPermit) -> Iterator[Changed]:
    told = (
        (say("title"), before.title, permit.title),
        (say("purpose"), before.purpose, permit.purpose),
        (say("statement"), before.statement, permit.statement),
        (say("source"), before.source, permit.source),
        (say("rules"), before.rules, permit.rules),
        (say("privacy budget (rho)"), _number(before.rho), _number(permit.rho)),
        (say("from"), str(before.valid_from), str(permit.valid_from)),
        (say("until"), str(before.valid_until), str(permit.valid_until)),
        (say("reproduces"), before.reproduces or "", permit.reproduces or ""),
        *_tables_changed(before.tables.items(), permit),
    )
    yield from (Changed(what, earlier, later) for what, earlier, later in told if earlier != later)


def _tables_changed(before: Iterable[tuple[str, TableGrant]], permit: DataPermit) -> Iterator[tuple[Message, str, str]]:
    for name, earlier in before:
        later = permit.tables.get(name)
        if later is not None:
            yield say("years of table {table}", table=name), _years(earlier.years), _years(later.years)
            had, has = (str(each.dp_rows_per_person or "") for each in (earlier, later))
            yield say("rows per person of table {table} in DP releases", table=name), had, has


def _years(years: Years | None) -> str:
    return f"{years.column} {years.first}-{years.last}" if years else ""


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
