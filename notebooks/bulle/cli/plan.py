"""The plan of a permit as lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bulle.cli.table import aligned
from hub.administration.plan import Named, Plan, PlannedTable
from hub.words import Message, say

Text = Callable[[Message], str]


def plan_lines(plan: Plan, text: Text) -> Iterator[str]:
    """Everything that the desk's page shows of a plan."""
    permit = plan.permit
    yield f"{permit.project}: {permit.title}"
    yield text(
        say("A new permit.")
        if plan.began
        else say("The next version of a permit that is in force; what is not named here stays as it is.")
    )
    if plan.refusals:
        yield from _section(say("What stands against it"), (text(each.reason) for each in plan.refusals), text)
    if plan.warnings:
        yield from _section(say("What deserves a look"), (text(each) for each in plan.warnings), text)
    changes = (f"{text(each.what)}: {each.before or '-'} → {each.after or '-'}" for each in plan.changed)
    if plan.changed:
        yield from _section(say("What changes"), changes, text)
    if plan.losing:
        losing = (_loses(each, text) for each in plan.losing)
        yield from _section(say("Who loses access at once"), losing, text)
    rows = [_person(each, text) for each in plan.persons if each.roles]
    titles = [text(each) for each in (say("person"), say("name"), say("roles"), say("missing"))]
    yield from _section(say("Persons"), aligned(titles, rows).splitlines(), text)
    for table in plan.tables:
        yield from _table(table, text)
    if plan.gone:
        yield from _section(say("Tables that are granted no more"), plan.gone, text)
    purpose = f"{permit.purpose} ({plan.purpose.source})" if plan.purpose else permit.purpose
    yield from _section(say("Purpose"), (purpose, permit.statement), text)
    rules = (f"{text(each.what)}: {each.value} ({each.source})" for each in plan.rules)
    yield from _section(say("Rules {name}", name=permit.rules), rules, text)
    budget = text(
        say(
            "rho {rho}, beside {promised} of other projects; the source may spend {cap} in all",
            rho=str(permit.rho),
            promised=str(plan.promised),
            cap=str(plan.cap if plan.cap is not None else "-"),
        )
    )
    yield from _section(say("Privacy budget"), (budget,), text)
    yield from _section(say("In force"), (f"{permit.valid_from} – {permit.valid_until}",), text)


def _section(title: Message, lines: Iterable[str], text: Text) -> Iterator[str]:
    yield ""
    yield text(title)
    for line in lines:
        yield f"  {line}"


def _person(named: Named, text: Text) -> tuple[str, str, str, str]:
    roles = ", ".join(f"+{role}" if named.before and role not in named.before else str(role) for role in named.roles)
    return named.person, named.name, roles, "; ".join(text(each) for each in named.missing) or "-"


def _loses(named: Named, text: Text) -> str:
    lost = ", ".join(str(role) for role in named.before if role not in named.roles)
    closes = f" ({text(say('their open workspace is closed'))})" if named.open else ""
    return f"{named.person}: {lost}{closes}"


def _table(table: PlannedTable, text: Text) -> Iterator[str]:
    years = f" [{table.years.column} {table.years.first}-{table.years.last}]" if table.years else ""
    rows = [
        (
            ("+ " if each.added else "  ") + each.name,
            "; ".join(text(kind) for kind in each.kinds) or "-",
            text(each.coarse) if each.coarse else "-",
            each.description,
        )
        for each in table.columns
    ]
    titles = [text(each) for each in (say("column"), say("kind"), say("coarseness"), say("description"))]
    lines = [*aligned(titles, rows).splitlines(), *(f"- {name}" for name in table.removed)]
    yield from _section(say("Table {table}", table=table.name + years), lines, text)
