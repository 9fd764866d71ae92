"""A catalogue: what a source holds, in the holder's words, as frozen values in the shape of its TOML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, Strict, model_validator

from hub.policy.model import Frozen, Name, Text


class ColumnType(StrEnum):
    """The types a catalogue knows. In Parquet and DuckDB: VARCHAR, BIGINT, DOUBLE, DATE, BOOLEAN."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


Scalar = bool | int | float | date | str
Bound = Annotated[int, Strict()] | Annotated[float, Strict()] | Annotated[date, Strict()]  # "5" is not 5


class Column(Frozen):
    """One column. Categories, bounds and breaks are public facts: they come from the holder, never from the data."""

    type: ColumnType
    description: Text
    categories: tuple[Scalar, ...] | None = Field(None, min_length=1, description="every value the column may take")
    bounds: tuple[Bound, Bound] | None = Field(None, description="[lowest, highest]")
    breaks: tuple[Bound, ...] | None = Field(None, description="published cut points for filters and classes")
    identifying: bool = Field(default=False, description="a potential identifier")
    sensitive: bool = Field(default=False, description="a value that must not be learnt about a group either")
    unit: bool = Field(default=False, description="an establishment or other contributing unit")

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        if any(isinstance(value, bool) for key in ("bounds", "breaks") for value in _listed(raw.get(key))):
            raise ValueError("bounds and breaks: true and false are no numbers")  # Python takes them for 1 and 0
        if raw.get("type") != ColumnType.DATE:
            return raw
        # TOML has dates, JSON (manifests, events) spells them as text: only here both are known to mean one
        return {
            key: _dates(value) if key in {"categories", "bounds", "breaks"} else value for key, value in raw.items()
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for label, values in (("categories", self.categories), ("bounds", self.bounds), ("breaks", self.breaks)):
            for value in values or ():
                if not fits(value, self.type):
                    raise ValueError(f"{label}: {value!r} is not a value of type {self.type}")
        if self.bounds and self.type in {ColumnType.STRING, ColumnType.BOOLEAN}:
            raise ValueError(f"bounds: a column of type {self.type} has none")
        if self.bounds and self.bounds[0] > self.bounds[1]:  # type: ignore[operator]  # both were checked against one type
            raise ValueError("bounds: the lower one is above the upper one")
        if self.categories and len(set(self.categories)) != len(self.categories):
            raise ValueError("categories: a value stands twice")
        return self


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else []


def _dates(values: Any) -> Any:
    try:
        return [date.fromisoformat(each) if isinstance(each, str) else each for each in _listed(values)] or values
    except ValueError:
        return values


def fits(value: object, kind: ColumnType) -> bool:
    """Whether a TOML value can stand in a column of type `kind`."""
    if kind is ColumnType.BOOLEAN or isinstance(value, bool):
        return kind is ColumnType.BOOLEAN and isinstance(value, bool)
    allowed: dict[ColumnType, tuple[type, ...]] = {
        ColumnType.STRING: (str,),
        ColumnType.INTEGER: (int,),
        ColumnType.NUMBER: (int, float),
        ColumnType.DATE: (date,),
    }
    return isinstance(value, allowed[kind])


class Table(Frozen):
    """One table. `rows_per_person` bounds what one person can contribute; packing an extract verifies it."""

    description: Text | None = None
    row_key: Name | None = None
    rows_per_person: int | None = Field(None, ge=1)
    columns: Mapping[Name, Column] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _differ_by_more_than_case("columns", self.columns)
        return self


class Source(Frozen):
    """A data source: its name, the column that stands for a person in all its tables, its disclosure rules.

    `unit` is the column that names whoever contributes beside the person, wherever it stands: an establishment, a
    household.
    """

    name: Name
    person_key: Name
    unit: Name | None = Field(None, description="the column that names an establishment or household")
    rules: Name | None = None
    description: Text | None = None


class Catalogue(Frozen):
    """One source and its tables. A column without an entry does not enter an extract."""

    source: Source
    tables: Mapping[Name, Table] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _differ_by_more_than_case("tables", self.tables)
        return self

    @model_validator(mode="after")
    def _unit(self) -> Self:
        unit = self.source.unit
        if unit is None:
            return self
        if unit == self.source.person_key:
            raise ValueError("source.unit: the person key is counted by itself; name another column or none")
        holders = {name: table.columns[unit] for name, table in self.tables.items() if unit in table.columns}
        if not holders:
            raise ValueError(f"source.unit: no table has the column {unit}")
        for name, column in holders.items():
            if not column.unit:
                raise ValueError(f"source.unit: column {unit} of table {name} lacks unit = true")
        return self

    def restricted(self, tables: Mapping[str, Table]) -> Catalogue:
        """The catalogue of an extract that holds `tables` only. What no table holds is no unit to count by."""
        held = any(self.source.unit in table.columns for table in tables.values())
        source = self.source if held else self.source.model_copy(update={"unit": None})
        return self.model_copy(update={"source": source, "tables": tables})


def _differ_by_more_than_case(label: str, names: Iterable[str]) -> None:
    # SQL does not tell Age from age: two such columns would answer for each other
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(f"{label}: {other} and {name} differ only by case")
