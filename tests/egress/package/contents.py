"""A decided request with two approved tables, for the tests of this room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk
from egress.checks.table import Table
from egress.package.archive import package_files, signed_package
from egress.package.contents import PackageContents, contents_of
from egress.package.signature import Signature, digest_of
from egress.release.fold import fold
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.signing import statement
from egress.signer import public_half
from hub.policy.files import read_rules
from hub.words import say
from tests.egress.release.requests import checked, decided, events, given, no, record, rerun, submitted, yes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SECRET = "Tr0ub4dor-planted-secret"
TABLE = Table(("region", "stays", "mean_cost"), (("north", 120, 1234.5), ("south", 88, None), (None, 31, 17.25)))


def request(**changes: Any) -> ReleaseRequest:
    """`stays` and `costs` approved, `kept` rejected, `refused` refused; SECRET in all that must stay inside."""
    outputs = (record("stays"), record("costs"), record("kept"), record("refused", Outcome.FAIL))
    outputs = tuple(
        replace(output, title=SECRET) if output.name in {"kept", "refused"} else output for output in outputs
    )
    acts = [submitted(), rerun(), checked(*outputs)]
    acts += [given("carol", yes("stays"), yes("costs"), no("kept"))]
    acts += [decided("stays", "costs", rejected=("kept",))]
    found = fold(events(*acts))["costs-1"]
    return replace(found, title=SECRET, entry=f"{SECRET}.request", **changes)


def report(name: str, table: Table | None = TABLE, **changes: Any) -> OutputReport:
    """A report whose exact table, SQL, evidence and price hold SECRET."""
    why = say("A cell has fewer than {limit} persons: {secret}.", limit=11, secret=SECRET)
    given: dict[str, Any] = {
        "name": name,
        "title": f"Table {name}",
        "sql": f"SELECT '{SECRET}'",
        "assurance": Assurance.RECOMPUTED,
        "outcome": Outcome.REVIEW,
        "protect": Protection.SUPPRESS,
        "findings": (
            Finding("low_count", Risk.LOW_COUNT, Outcome.REVIEW, SECRET, why, ((1, 2),)),
            Finding("price", Risk.INDIVIDUALS, Outcome.REVIEW, SECRET, why, (), Audience.CHECKER),
        ),
        "protected": table,
        "exact": Table(("region",), ((SECRET,),)),
        "evidence": {"cells": [{"keys": [SECRET]}]},
        "price": {"rho": 987654.25, "epsilon": 4, "delta": 1e-6, "limit": 1},
    }
    return OutputReport(**{**given, **changes})


def contents(**changes: Any) -> PackageContents:
    return contents_of(request(), (report("stays", **changes), report("costs")), read_rules("health-fr"))


def signature(files: Mapping[str, bytes], key: Ed25519PrivateKey = KEY, request: str = "costs-1") -> Signature:
    """What the signer would answer."""
    digest = digest_of(files)
    return Signature(request, digest, public_half(key), key.sign(statement(request, digest)))


def built(made: PackageContents) -> bytes:
    """The signed package."""
    files = package_files(made)
    return signed_package(files, signature(files))
