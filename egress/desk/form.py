"""The form of a draft: from its fields to a permit, and from a permit to its fields. Pure.

A field that cannot be read keeps what was typed and gets one sentence. Fields: those of `PLAIN`; `person.N`, `role.N`;
`column.TABLE.COLUMN`; `years.TABLE`, `first.TABLE`, `last.TABLE`; `rows.TABLE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from hub.policy.model import DataPermit
from hub.policy.verdict import Refusal
from hub.words import Message, say

PLAIN = (
    *("project", "title", "purpose", "statement", "source", "rules", "rho", "valid_from", "valid_until"),
    "reproduces",
)
BLANK_ROWS = 3
MOST_ROWS = 1_000  # two fields each: more than a form may have
_ROW = re.compile(r"(?:person|role)\.([0-9]{1,4})")

# One sentence for whatever a field cannot be.
_SENTENCES = MappingProxyType(
    {
        "project": say("A project's name has small letters, digits and single hyphens, at most 30 characters."),
        "title": say("Give a title of at most 2000 characters."),
        "statement": say("Say in at most 2000 characters what the data are needed for, and why these."),
        "purpose": say("Choose a purpose."),
        "source": say("Choose a data source."),
        "rules": say("Choose the disclosure rules."),
        "rho": say("Give rho as a number from 0 to 100 with at most 9 decimals, 0 for no release with noise."),
        "valid_from": say("Give the first day, as 2026-03-01; it does not come after the last."),
        "valid_until": say("Give the last day, as 2028-02-29."),
        "persons": say("Name at least one person, each by login name and with a role."),
        "tables": say("Choose at least one column."),
        "reproduces": say("Give the name of the project whose requests are reproduced, or nothing."),
    }
)
_YEARS = say("Give the first and last year as whole numbers, and the column that holds the year; or none of them.")
_ROWS = say("Give a whole number of rows from 1, or nothing.")
# Where a rule's refusal belongs; by what its name begins with.
_PLACES = MappingProxyType(
    {
        "purpose.": "purpose",
        "rules.": "rules",
        "person.": "persons",
        "roles.": "persons",
        "permit.no_role": "persons",
        "permit.own": "persons",
        "permit.rho_above_cap": "rho",
        "permit.ended": "valid_until",
        "permit.reproduces": "reproduces",
        "source.": "source",
        "table.": "tables",
        "column.": "tables",
        "years.": "tables",
        "dp_rows.": "tables",
    }
)


@dataclass(frozen=True)
class Typed:
    """What stands in a form: its fields, and sentences by the field that they are about."""

    fields: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """What stands in a field, nothing where there is no such field."""
        return self.fields.get(name, "")

    def rows(self, *, more: bool = False) -> tuple[int, ...]:
        """The numbers of the rows of persons: those that hold something, and some blank ones."""
        used = {int(found[1]) for name in self.fields if (found := _ROW.fullmatch(name)) and self.get(name).strip()}
        last = max(used, default=-1)
        shown = len([name for name in self.fields if name.startswith("person.")])
        wanted = max(last + 1 + BLANK_ROWS, shown + BLANK_ROWS * more)
        return tuple(range(min(wanted, MOST_ROWS)))

    def with_errors(self, found: Mapping[str, tuple[Message, ...]]) -> Typed:
        """With these sentences."""
        return Typed(self.fields, found)


def of_permit(permit: DataPermit) -> Typed:
    """The form that would give `permit`."""
    raw = permit.model_dump(mode="json")
    fields = {name: str(raw[name]) for name in PLAIN if raw.get(name) is not None}
    fields["rho"] = f"{permit.rho.normalize():f}"
    for place, member in enumerate(permit.persons):
        fields |= {f"person.{place}": member.person, f"role.{place}": str(member.role)}
    for table, grant in permit.tables.items():
        fields |= {f"column.{table}.{column}": "on" for column in grant.columns}
        if grant.years is not None:
            years = grant.years
            fields |= {f"years.{table}": years.column, f"first.{table}": str(years.first)}
            fields[f"last.{table}"] = str(years.last)
        if grant.dp_rows_per_person is not None:
            fields[f"rows.{table}"] = str(grant.dp_rows_per_person)
    return Typed(fields)


def read(form: Mapping[str, str]) -> tuple[DataPermit | None, Typed]:
    """The permit that a form gives, and the form as it is shown again; None where something cannot be read."""
    typed = Typed({name: value for name, value in form.items() if name != "csrf"})
    raw: dict[str, Any] = {name: typed.get(name).strip() for name in PLAIN}
    raw["reproduces"] = raw["reproduces"] or None
    raw["persons"] = _persons(typed)
    raw["tables"] = _tables(typed)
    errors: dict[str, tuple[Message, ...]] = {}
    try:
        return DataPermit.model_validate(raw), typed
    except ValidationError as error:
        for item in error.errors(include_url=False):
            place, sentence = _place(item["loc"], str(item["msg"]))
            errors[place] = tuple(dict.fromkeys((*errors.get(place, ()), sentence)))
    return None, typed.with_errors(errors)


def at_fields(refusals: tuple[Refusal, ...]) -> dict[str, tuple[Message, ...]]:
    """Refusals by the field that they are about; "" where no field is."""
    found: dict[str, tuple[Message, ...]] = {}
    for refusal in refusals:
        place = next((place for begin, place in _PLACES.items() if refusal.rule.startswith(begin)), "")
        found[place] = (*found.get(place, ()), refusal.reason)
    return found


def _persons(typed: Typed) -> list[dict[str, str]]:
    rows = ((typed.get(f"person.{row}").strip(), typed.get(f"role.{row}")) for row in typed.rows())
    return [{"person": person, "role": role} for person, role in rows if person]


def _tables(typed: Typed) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for name in typed.fields:
        kind, _, rest = name.partition(".")
        table, _, column = rest.partition(".")
        if kind == "column" and column:
            tables.setdefault(table, {"columns": []})["columns"].append(column)
    for table, grant in tables.items():
        years = {key: typed.get(f"{name}.{table}").strip() for key, name in _YEAR_FIELDS}
        if any(years.values()):
            grant["years"] = years
        if typed.get(f"rows.{table}").strip():
            grant["dp_rows_per_person"] = typed.get(f"rows.{table}").strip()
    return tables


_YEAR_FIELDS = (("column", "years"), ("first", "first"), ("last", "last"))


def _place(where: tuple[int | str, ...], said: str) -> tuple[str, Message]:
    """The field of an error of pydantic's, and what is said there."""
    if not where:  # of the permit as a whole: its dates
        return "valid_until", say("The last day comes before the first.")
    top = str(where[0])
    if top == "tables" and len(where) > 2:
        table, part = str(where[1]), str(where[2])
        return (f"rows.{table}", _ROWS) if part == "dp_rows_per_person" else (f"years.{table}", _YEARS)
    return top, _SENTENCES.get(top) or say("This cannot be read: {why}.", why=said[:200])
