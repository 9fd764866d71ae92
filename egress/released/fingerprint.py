"""The fingerprint of a released (or refused) table: its query, its rows as they left, and the data it was made from.

Kept in quarantine beside the report; differencing and the bounds audit read nothing else of earlier requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import isfinite
from typing import Any

from egress.checks.model import Protection
from egress.query.frozen import query_from_json, query_to_json
from egress.query.model import Query
from egress.query.table import Table, Value
from hub.policy.model import DataPermit, DisclosureRules

SCHEMA = "bulle.fingerprint/1"


class Status(StrEnum):
    """What became of the table. A refused or pending one told nobody anything but that it was asked for."""

    RELEASED = "released"
    REFUSED = "refused"
    PENDING = "pending"


@dataclass(frozen=True)
class Granted:
    """The rows of one table that a permit granted: `column` from `first` to `last`, or all where it names no years."""

    table: str
    column: str | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class Lineage:
    """The data behind a table: its source, one extract of it (a digest), and which rows the permit granted."""

    source: str
    extract: str
    population: tuple[Granted, ...] = ()


@dataclass(frozen=True)
class Thresholds:
    """The rules that hid cells, as far as an outsider who knows them can reason from them."""

    name: str
    min_persons: int
    rounding_base: int
    significant_digits: int


@dataclass(frozen=True)
class Fingerprint:
    """One table. `table` is as released, None being a suppressed value (or a missing key).

    `groupings`: per row, the positions of the keys that it is broken down by, others being totals. `primary`: the rows
    that were suppressed for their own sake; the others went with them. `large`: those of `primary` that were hidden
    for another reason than few persons, so that nobody can take them for small.
    """

    request: str
    project: str
    output: str
    lineage: Lineage
    query: Query
    table: Table
    groupings: tuple[tuple[int, ...], ...]
    status: Status
    rules: Thresholds
    protect: Protection = Protection.SUPPRESS
    primary: tuple[int, ...] = ()
    large: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.table.columns != self.query.columns or len(self.groupings) != len(self.table.rows):
            raise ValueError("a fingerprint's table is not its query's")
        if not all(grouping in self.query.groupings for grouping in self.groupings):
            raise ValueError("a fingerprint's row has a grouping that its query has not")
        if not set(self.large) <= set(self.primary) <= set(range(len(self.table.rows))):
            raise ValueError("a fingerprint names a row that it has not")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, schema bulle.fingerprint/1; `from_json` gives back an equal one."""
        return {
            "schema": SCHEMA,
            "request": self.request,
            "project": self.project,
            "output": self.output,
            "lineage": {
                "source": self.lineage.source,
                "extract": self.lineage.extract,
                "population": [[part.table, part.column, part.first, part.last] for part in self.lineage.population],
            },
            "query": query_to_json(self.query),
            "rows": [[_plain(value) for value in row] for row in self.table.rows],
            "groupings": [list(grouping) for grouping in self.groupings],
            "primary": list(self.primary),
            "large": list(self.large),
            "status": self.status.value,
            "rules": {
                "name": self.rules.name,
                "min_persons": self.rules.min_persons,
                "rounding_base": self.rules.rounding_base,
                "significant_digits": self.rules.significant_digits,
            },
            "protect": self.protect.value,
        }

    @classmethod
    def from_json(cls, raw: object) -> Fingerprint:
        """The fingerprint that `to_json` wrote. Raises: ValueError on anything else."""
        if not isinstance(raw, Mapping) or raw.get("schema") != SCHEMA:
            raise ValueError(f"a fingerprint of schema {SCHEMA} is needed")
        try:
            query = query_from_json(raw["query"])
            lineage = raw["lineage"]
            return cls(
                request=_text(raw["request"]),
                project=_text(raw["project"]),
                output=_text(raw["output"]),
                lineage=Lineage(
                    _text(lineage["source"]),
                    _text(lineage["extract"]),
                    tuple(_granted(part) for part in lineage["population"]),
                ),
                query=query,
                table=Table(query.columns, tuple(_row(row, len(query.columns)) for row in raw["rows"])),
                groupings=tuple(tuple(_whole(at) for at in grouping) for grouping in raw["groupings"]),
                status=Status(raw["status"]),
                rules=Thresholds(
                    _text(raw["rules"]["name"]),
                    *(_whole(raw["rules"][name]) for name in ("min_persons", "rounding_base", "significant_digits")),
                ),
                protect=Protection(raw["protect"]),
                primary=tuple(_whole(at) for at in raw["primary"]),
                large=tuple(_whole(at) for at in raw["large"]),
            )
        except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise ValueError("not a fingerprint") from error

    def to_bytes(self) -> bytes:
        """Canonical JSON: the same fingerprint has the same digest."""
        return json.dumps(
            self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        ).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Fingerprint:
        """The fingerprint in `content`. Raises: ValueError for anything that this class did not write."""
        try:
            raw = json.loads(content)
        except (RecursionError, UnicodeDecodeError) as error:
            raise ValueError("not a fingerprint") from error
        return cls.from_json(raw)


def population_of(permit: DataPermit) -> tuple[Granted, ...]:
    """The rows that `permit` grants, by table."""
    return tuple(
        Granted(name, grant.years.column, grant.years.first, grant.years.last) if grant.years else Granted(name)
        for name, grant in sorted(permit.tables.items())
    )


def thresholds_of(rules: DisclosureRules) -> Thresholds:
    """What a fingerprint keeps of the rules."""
    return Thresholds(rules.name, rules.min_persons.value, rules.rounding_base.value, rules.significant_digits.value)


# -- values: what JSON has no word for is a list of its kind and its text


def _plain(value: Value | None) -> object:
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, float) and not isfinite(value):
        return ["float", repr(value)]
    return value


def _value(raw: object) -> Value | None:
    match raw:
        case None | bool() | int() | float() | str():
            return raw
        case ["date", str(text)]:
            return date.fromisoformat(text)
        case ["decimal", str(text)]:
            return Decimal(text)
        case ["float", "nan" | "inf" | "-inf" as text]:
            return float(text)
    raise ValueError("a value of a fingerprint cannot be read")


def _row(raw: object, width: int) -> tuple[Value | None, ...]:
    if not isinstance(raw, list) or len(raw) != width:
        raise ValueError("a row of a fingerprint has another width than its table")
    return tuple(_value(value) for value in raw)


def _granted(raw: object) -> Granted:
    match raw:
        case [str(table), None, None, None]:
            return Granted(table)
        case [str(table), str(column), int(first), int(last)]:
            return Granted(table, column, first, last)
    raise ValueError("the population of a fingerprint cannot be read")


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    raise ValueError("a name of a fingerprint is no text")


def _whole(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise ValueError("a number of a fingerprint is not whole")
    return raw
