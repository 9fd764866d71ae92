"""Persons, permits and disclosure rules as frozen values, in the shape their TOML files have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Literal, Self, TypeVar

from pydantic import Field, model_validator

from hub.policy.base import Frozen, Name, PersonId, ProjectId, Text, Title
from hub.policy.review import AutomaticCaps, ReviewRules
from hub.policy.standing import Standing

__all__ = [
    "AuditLimits",
    "DataPermit",
    "DisclosureRules",
    "Dominance",
    "Frozen",
    "ImportRules",
    "Membership",
    "ModelRules",
    "Name",
    "Person",
    "PersonId",
    "Price",
    "PrivacyRules",
    "ProjectId",
    "ProtectionInterval",
    "Role",
    "Sourced",
    "TableGrant",
    "Text",
    "Title",
    "Years",
]


class Role(StrEnum):
    """What a person is on one project."""

    RESEARCHER = "researcher"
    OUTPUT_CHECKER = "output_checker"
    DATA_HOLDER = "data_holder"
    EXTRACTOR = "extractor"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    OVERSIGHT = "oversight"
    REPRODUCIBILITY_REVIEWER = "reproducibility_reviewer"
    DPO = "dpo"


class Person(Frozen):
    """A natural person known to the enclave; `id` is the login name in the site's directory.

    `standing` and `administrator` are folded from other events than the one that made the person known, and are no
    part of that one.
    """

    id: PersonId
    name: Text
    # Left out where it is not said: events of before keep their spelling.
    organisation: Text | None = Field(None, exclude_if=lambda organisation: organisation is None)
    standing: Standing = Field(default_factory=Standing, exclude=True)
    administrator: bool = Field(default=False, exclude=True)


class Membership(Frozen):
    """One person named by a permit, and the role it gives."""

    person: PersonId
    role: Role


class Years(Frozen):
    """The years of a table that a permit grants, both ends included."""

    column: Name
    first: int
    last: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"years: first ({self.first}) comes after last ({self.last})")
        return self


class TableGrant(Frozen):
    """The columns and years of one table that a permit grants. The person key is never granted: it is replaced."""

    columns: tuple[Name, ...] = Field(min_length=1)
    years: Years | None = None
    # Left out of the permit's one spelling where it is not said: permits issued before it keep their digest.
    dp_rows_per_person: int | None = Field(
        None,
        ge=1,
        exclude_if=lambda most: most is None,
        description="the most rows of one person that a DP release counts; fewer means less noise and lost rows",
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns: a column is named twice")
        return self


class DataPermit(Frozen):
    """Who may use which data, for what, until when (Regulation (EU) 2025/327 art. 68; SNDS 5.1).

    Roles that exclude each other are refused where permits are issued and where roles are used, not here: what was
    issued under an older table must stay readable. Raises: pydantic's ValidationError when two dates contradict.
    """

    project: ProjectId
    title: Text
    purpose: Name
    statement: Text
    source: Name
    rules: Name
    rho: Decimal = Field(ge=0, le=100, decimal_places=9, description="privacy budget of the project, zCDP rho")
    valid_from: date
    valid_until: date
    persons: tuple[Membership, ...] = Field(min_length=1)
    tables: Mapping[Name, TableGrant] = Field(min_length=1)
    # Left out of the permit's one spelling where it is not said: permits issued before it keep their digest.
    reproduces: ProjectId | None = Field(
        None,
        exclude_if=lambda project: project is None,
        description="the project whose approved requests its reproducibility reviewers may have run again",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("valid_until comes before valid_from")
        return self

    def roles_of(self, person: str) -> frozenset[Role]:
        """The roles that this permit gives `person`; empty when it does not name them."""
        return frozenset(member.role for member in self.persons if member.person == person)

    def with_role(self, role: Role) -> tuple[str, ...]:
        """The persons who have `role`, in the file's order."""
        return tuple(member.person for member in self.persons if member.role is role)


T = TypeVar("T")


class Sourced(Frozen, Generic[T]):
    """A threshold with where it comes from."""

    value: T
    source: Text


class Dominance(Frozen):
    """(n, k): the n largest contributors make at most the share k of a cell."""

    n: int = Field(ge=1, le=2)
    k: float = Field(gt=0, le=1)


class Price(Frozen):
    """How accurate a table's DP twin must be, and the rho above which people must look."""

    accuracy: float = Field(gt=0, lt=1, description="half width, as a share of the median cell")
    confidence: float = Field(gt=0, lt=1)
    max_rho: float = Field(gt=0)


class PrivacyRules(Frozen):
    """Limits of DP releases on one data source."""

    source_cap_rho: Decimal = Field(gt=0, decimal_places=9)
    delta: float = Field(gt=0, lt=1, description="at which epsilon is told beside rho")
    confidence: float = Field(gt=0, lt=1, description="of the intervals printed with noisy values")


class ProtectionInterval(Frozen):
    """How wide the interval must stay that an attacker can work out for a suppressed value."""

    counts: int = Field(ge=1, description="whole numbers that must remain possible beside the true one")
    share: float = Field(ge=0, le=1, description="of a sum, upwards and downwards")


class AuditLimits(Frozen):
    """How much is audited by the machine; a request beyond it goes to people, with that reason."""

    cells: int = Field(ge=1, description="cells of linked tables that are protected together")
    unknowns: int = Field(ge=1, description="cells, hidden or never shown, that hang together over earlier releases")
    tables: int = Field(ge=1, description="earlier tables of the same data source")


class Leave(StrEnum):
    """How a kind of private release may leave: not at all, past people, or by the automatic lane where that is open."""

    OFF = "off"
    REVIEW = "review"
    AUTOMATIC = "automatic"


class PrivateKinds(Frozen):
    """Private releases that are no SQL table, by kind; a kind that is not named is off."""

    ols: Leave = Field(Leave.OFF, description="regressions, bulle.release_ols")
    synthetic: Leave = Field(
        Leave.OFF, description="rows drawn from a noisy model, bulle.release_synthetic; never automatic"
    )
    synthetic_algorithms: tuple[Literal["fixed", "aim", "mst"], ...] = Field(
        ("fixed",), min_length=1, description="how such a model may be made; aim and mst choose by looking at the data"
    )

    @model_validator(mode="after")
    def _looked_at(self) -> Self:
        if self.synthetic is Leave.AUTOMATIC:
            raise ValueError("synthetic: people look at synthetic rows always; say review or off")
        return self

    def leave(self, kind: str) -> Leave:
        """What is said of `kind`."""
        return {"ols": self.ols, "synthetic": self.synthetic}.get(kind, Leave.OFF)


class ImportRules(Frozen):
    """What may be brought into the projects of a data source, and who says yes (SATRE 3.1.04; SNDS: import traced)."""

    approver: Literal[Role.OUTPUT_CHECKER, Role.DATA_HOLDER] = Field(description="who approves; never who asked")
    compiled: Literal["refuse", "review"] = Field(description="code that nobody can read: refused, or for the approver")
    identifiers: Literal["refuse", "review"] = Field(description="social security numbers with their key")


class ModelRules(Frozen):
    """What of fitted models may be asked for; people look at each (SACRO-ML: learned models are kept in by default)."""

    learned: Literal["refuse", "review"] = Field(
        "refuse", description="models of scikit-learn: coefficients, and single decision trees as tables"
    )
    size: int = Field(ge=1, description="the most coefficients, steps of curves or nodes of one model")
    risky: tuple[tuple[int, int], ...] = Field(
        (),
        description="trees deeper than the first with leaves from no more rows than the second: more risk than needed",
    )


class DisclosureRules(Frozen):
    """The thresholds of one data holder; a check whose threshold is absent does not run, and the report says so."""

    name: Name
    title: Title
    min_persons: Sourced[int]
    min_events: Sourced[int] | None = None
    min_units: Sourced[int] | None = None
    zeros: Sourced[bool] | None = None
    dominance: Sourced[Dominance] | None = None
    p_ratio: Sourced[float] | None = None
    unanimity: Sourced[float] | None = None
    min_dof: Sourced[int] | None = None
    secondary_suppression: Sourced[bool]
    protection_interval: Sourced[ProtectionInterval] | None = None
    audit: Sourced[AuditLimits] | None = None
    rounding_base: Sourced[int]
    significant_digits: Sourced[int]
    price: Sourced[Price]
    privacy: Sourced[PrivacyRules]
    private_kinds: Sourced[PrivateKinds] | None = None
    review: Sourced[ReviewRules] | None = None
    models: Sourced[ModelRules] | None = Field(None, description="absent: no fitted model leaves")
    imports: Sourced[ImportRules] | None = Field(None, description="absent: nothing may be brought in")
    automatic_lane: Sourced[bool]
    automatic_caps: Sourced[AutomaticCaps] | None = None
