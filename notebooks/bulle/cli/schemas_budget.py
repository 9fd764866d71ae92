"""What `bulle budget` prints as JSON, for the published schemas."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Standing = Literal["reserved", "released", "lapsed"]


class Answer(BaseModel):
    """Nothing else stands in it. rho in zCDP; times in UTC, ISO 8601."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class AccountAnswer(Answer):
    """The account of a source (project null) or of a project on it; ε at δ of what is spent and reserved."""

    project: str | None
    cap_rho: float
    spent_rho: float
    reserved_rho: float
    left_rho: float
    epsilon: float
    delta: float


class AskedAnswer(Answer):
    """What a reservation was for."""

    request: str
    title: str
    keys: list[str]
    filters: list[str]


class EntryAnswer(Answer):
    """A reservation, as entry `entry` of the log; `asked` is null where the reader may not know it, or nobody does."""

    entry: int
    at: str
    project: str | None
    rho: float
    standing: Standing
    asked: AskedAnswer | None


class RefusedAnswer(Answer):
    """A release with noise that was refused, and why."""

    entry: int
    at: str
    project: str | None
    rho: float | None
    why: str | None


class UnaccountedAnswer(Answer):
    """An exact output that left; request and title are null where the reader may not know them."""

    at: str
    project: str
    request: str | None
    title: str | None


class SourceBudgetAnswer(Answer):
    """One source, newest first; `whole`: all projects on it are told."""

    source: str
    whole: bool
    unreadable_entry: int | None
    accounts: list[AccountAnswer]
    entries: list[EntryAnswer]
    refused: list[RefusedAnswer]
    unaccounted: list[UnaccountedAnswer]


class BudgetAnswer(Answer):
    """What `bulle budget show --json` prints."""

    schema_: Literal["bulle.budget/1"] = Field(alias="schema")
    sources: list[SourceBudgetAnswer]


class GrantedAnswer(Answer):
    """What `bulle budget grant --json` prints; `permit_sha256`: the version of the permit that grants it."""

    schema_: Literal["bulle.budget-granted/1"] = Field(alias="schema")
    project: str
    source: str
    changed: bool
    before_rho: float
    cap_rho: float
    spent_rho: float
    reserved_rho: float
    left_rho: float
    permit_sha256: str


class StatedEntry(Answer):
    """A reservation or refusal of the statement."""

    at: str
    project: str
    kind: Literal["reserved", "released", "lapsed", "refused"]
    rho: float


class StatedRelease(Answer):
    """A package that left with so many exact outputs."""

    at: str
    project: str
    request: str
    outputs: int


class StatementAnswer(Answer):
    """The statement for the data protection officer: `bulle budget export`, and the page's."""

    schema_: Literal["bulle.budget-statement/1"] = Field(alias="schema")
    source: str
    guarantee: str
    unit_of_privacy: str
    cap_rho: float
    spent_rho: float
    reserved_rho: float
    left_rho: float
    epsilon: float
    delta: float
    unreadable_entry: int | None
    entries: list[StatedEntry]
    refused: list[StatedEntry]
    unaccounted: list[StatedRelease]
