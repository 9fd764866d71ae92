"""The shape of the register: what stands in `register.json`, and nothing else does. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from hub.policy.base import Frozen, Title


class PermitState(StrEnum):
    """Where a permit stands on the register's day."""

    NOT_BEGUN = "not_begun"
    IN_FORCE = "in_force"
    HALTED = "halted"
    EXPIRED = "expired"
    ENDED = "ended"


class Category(Frozen):
    """One table that a permit grants: the holder's description of it, of its columns, and the years."""

    table: str
    description: str | None
    columns: tuple[str, ...]
    years: tuple[int, int] | None


class Result(Frozen):
    """One release package: its day, how many outputs it holds, and when people found that it should not have left."""

    day: date
    outputs: int
    recalled: date | None


class PublicPermit(Frozen):
    """One permit, as its last version says it."""

    project: str
    title: str
    purpose: Title
    statement: str
    source: str
    source_description: str | None
    data: tuple[Category, ...]
    state: PermitState
    issued: date = Field(description="the day of the first version")
    versions: int
    valid_from: date
    valid_until: date
    ended: date | None = Field(description="the day on which it was ended before its time")
    researchers: int | None = Field(description="how many persons do research by it; null where that is not told")
    results: tuple[Result, ...]
    refusals: int = Field(description="requests for release that rules or people refused as a whole, turn by turn")
    in_progress: int = Field(description="requests for release that nobody has decided yet")


class DelayOf(StrEnum):
    """What is measured from when to when."""

    EXTRACT = "extract"
    DECISION = "decision"
    RELEASE = "release"
    IMPORT = "import"


class Delay(Frozen):
    """How long it took, over all cases that ended."""

    what: DelayOf
    cases: int
    median_hours: float | None = Field(description="null where there are too few cases")


class AlertOf(StrEnum):
    """What happened. Halts of persons are none: they would name somebody."""

    ALL_HALTED = "all_halted"
    PROJECT_HALTED = "project_halted"
    BREAK_GLASS = "break_glass"
    VOLUME = "volume"


class Answer(StrEnum):
    """What became of it."""

    OPEN = "open"
    RESUMED = "resumed"
    USED = "used"
    NOT_USED = "not_used"
    TOLD = "told"


class Alert(Frozen):
    """One alert and its answer."""

    what: AlertOf
    project: str | None
    day: date
    answer: Answer
    answered: date | None


class Register(Frozen):
    """`register.json`. `as_of`: the day that states are told for."""

    schema_: Literal["bulle.register/1"] = Field("bulle.register/1", alias="schema")
    as_of: date
    operator: Title
    contact: Title
    permits: tuple[PublicPermit, ...]
    delays: tuple[Delay, ...]
    alerts: tuple[Alert, ...]
