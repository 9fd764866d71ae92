"""The full result of one output as it is kept in quarantine: values, findings, price. The log has its digest only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import Any

from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk
from egress.checks.table import Table, plain
from egress.release.conflict import Conflict
from egress.release.model import OutputRecord
from egress.release.picture import Figure, Picture
from hub.words import Message

SCHEMA = "bulle.report/1"


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class OutputReport:
    """One output after the checks. `exact`, `evidence`, `price` and `conflicts` are for checkers; dates in them are
    ISO strings.

    `price`: {"rho", "epsilon", "delta", "limit"}; `dp`: what a DP release tells beside its table. `text` and
    `figure`: what would leave of an output that is no table; `prose`: its author's own
    words, no cells of the notebook. `statbarns`: the families of its statistics, or what is said in their place
    (`egress.checks.statbarns`); empty in reports that are older, and where nothing could be told.
    """

    name: str
    title: str
    sql: str
    assurance: Assurance
    outcome: Outcome
    protect: Protection
    findings: tuple[Finding, ...] = ()
    protected: Table | None = None
    exact: Table | None = None
    evidence: Mapping[str, Any] = field(default_factory=_empty)
    price: Mapping[str, Any] = field(default_factory=_empty)
    dp: Mapping[str, Any] = field(default_factory=_empty)
    conflicts: tuple[Conflict, ...] = ()
    text: str | None = None
    prose: bool = False
    pictures: tuple[Picture, ...] = ()
    figure: Figure | None = None
    statbarns: tuple[str, ...] = ()

    def seen_by(self, audience: Audience) -> OutputReport:
        """What `audience` may read of it."""
        if audience is Audience.CHECKER:
            return self
        findings = tuple(finding for finding in self.findings if finding.audience is Audience.AUTHOR)
        return replace(self, findings=findings, exact=None, evidence=_empty(), price=_empty(), conflicts=())

    def record(self, digest: str, fingerprint: str | None = None) -> OutputRecord:
        """What the log says of it; `digest` is its place in quarantine."""
        shows = () if self.figure is None else self.figure.shows
        kept = (self.name, self.title, self.assurance, self.outcome, self.protect)
        return OutputRecord(*kept, digest, fingerprint, shows)

    def to_bytes(self) -> bytes:
        """Canonical JSON: the same report has the same digest."""
        raw = {
            "schema": SCHEMA,
            "name": self.name,
            "title": self.title,
            "sql": self.sql,
            "assurance": str(self.assurance),
            "outcome": str(self.outcome),
            "protect": str(self.protect),
            "findings": [_finding(finding) for finding in self.findings],
            "protected": _table(self.protected),
            "exact": _table(self.exact),
            "evidence": _plain(self.evidence),
            "price": _plain(self.price),
            "dp": _plain(self.dp),
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
        }
        raw |= {} if self.text is None else {"text": self.text}
        raw |= {"prose": True} if self.prose else {}
        raw |= {"pictures": [picture.to_dict() for picture in self.pictures]} if self.pictures else {}
        raw |= {"statbarns": list(self.statbarns)} if self.statbarns else {}
        raw |= {} if self.figure is None else {"figure": self.figure.to_dict()}
        return json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> OutputReport:
        """The report in `content`, which this class wrote. Raises: ValueError for anything else."""
        raw = json.loads(content)
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            raise ValueError("not a report")
        return cls(
            name=raw["name"],
            title=raw["title"],
            sql=raw["sql"],
            assurance=Assurance(raw["assurance"]),
            outcome=Outcome(raw["outcome"]),
            protect=Protection(raw["protect"]),
            findings=tuple(_read_finding(finding) for finding in raw["findings"]),
            protected=_read_table(raw["protected"]),
            exact=_read_table(raw["exact"]),
            evidence=MappingProxyType(raw["evidence"]),
            price=MappingProxyType(raw["price"]),
            dp=MappingProxyType(raw["dp"]),
            conflicts=tuple(Conflict.from_dict(conflict) for conflict in raw.get("conflicts", ())),
            text=raw.get("text"),
            prose=raw.get("prose", False) is True,
            pictures=tuple(Picture.from_dict(picture) for picture in raw.get("pictures", ())),
            figure=Figure.from_dict(raw["figure"]) if "figure" in raw else None,
            statbarns=tuple(str(family) for family in raw.get("statbarns", ())),
        )


def _plain(value: Any) -> Any:
    """`value` in JSON's own types; what is not finite is null."""
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case float() | Decimal():
            return float(value) if isfinite(value) else None
        case _:
            return plain(value)


def _table(table: Table | None) -> dict[str, Any] | None:
    return None if table is None else {"columns": list(table.columns), "rows": _plain(table.rows)}


def _read_table(raw: dict[str, Any] | None) -> Table | None:
    return None if raw is None else Table(tuple(raw["columns"]), tuple(tuple(row) for row in raw["rows"]))


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "risk": str(finding.risk),
        "outcome": str(finding.outcome),
        "where": finding.where,
        "why": finding.why.to_dict(),
        "cells": [list(cell) for cell in finding.cells],
        "audience": str(finding.audience),
        "remedy": finding.remedy.to_dict() if finding.remedy else None,
    }


def _read_finding(raw: dict[str, Any]) -> Finding:
    return Finding(
        raw["check"],
        Risk(raw["risk"]),
        Outcome(raw["outcome"]),
        raw["where"],
        Message.from_dict(raw["why"]),
        tuple((int(row), int(column)) for row, column in raw["cells"]),
        Audience(raw["audience"]),
        Message.from_dict(raw["remedy"]) if raw["remedy"] else None,
    )
