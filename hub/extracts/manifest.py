"""The manifest of an extract: what it holds, from where, by which permit, and the digest of each file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict, Field

from hub.catalogue.model import Catalogue
from hub.policy.model import Frozen, Name

MANIFEST = "manifest.json"


class PackedTable(Frozen):
    """One Parquet file. `persons` counts distinct person keys; null where the table has none."""

    file: str
    sha256: str
    rows: int = Field(ge=0)
    persons: int | None = Field(None, ge=0)


class BoundedTable(Frozen):
    """A table's bounded copy, which DP releases read: at most `rows_per_person` rows of each person, in hashed order.

    `lost_rows` of the table are not in it; `cut_persons` had more rows than the limit.
    """

    file: str
    sha256: str
    rows: int = Field(ge=0)
    rows_per_person: int = Field(ge=1)
    lost_rows: int = Field(ge=0)
    cut_persons: int = Field(ge=0)


class Manifest(Frozen):
    """`manifest.json`. `catalogue` is restricted to the tables and columns that are inside.

    `numbered`: persons have numbers from 0 to one less, in the column `PERSON_NUMBER` of every table with the person
    key, whose rows lie in their order. Absent from extracts packed before there were numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["bulle.extract/1"] = Field("bulle.extract/1", alias="schema")
    catalogue: Catalogue
    tables: Mapping[Name, PackedTable]
    bounded: Mapping[Name, BoundedTable] = Field(default={}, description="bounded copies of tables about persons")
    rules: str | None = Field(None, description="the disclosure rules that govern what leaves")
    project: str | None = None
    permit_sha256: str | None = None
    source_sha256: str | None = Field(None, description="digest over the source files it was built from")
    pseudonymised: bool = False
    numbered: int | None = Field(None, ge=1, description="persons with a number, in the order of which rows lie")
    created_at: str
