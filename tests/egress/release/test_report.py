"""A report comes back from its bytes as it went in, and an author reads only what is an author's."""

import json
import math
from datetime import date
from decimal import Decimal

import pytest

from egress.checks.model import Assurance, Audience, Finding, Outcome, Protection, Risk
from egress.checks.table import Table
from egress.release.report import OutputReport
from hub.words import say

REPORT = OutputReport(
    name="stays",
    title="Séjours",
    sql="SELECT 1",
    assurance=Assurance.RECOMPUTED,
    outcome=Outcome.REVIEW,
    protect=Protection.SUPPRESS,
    findings=(
        Finding("low_count", Risk.LOW_COUNT, Outcome.REVIEW, "n", say("{n} cells", n=1), ((0, 1),), remedy=say("gone")),
        Finding("price", Risk.INDIVIDUALS, Outcome.REVIEW, "n", say("high"), (), Audience.CHECKER),
    ),
    protected=Table(("region", "n"), (("north", None),)),
    exact=Table(("region", "n"), (("north", 3),)),
    evidence={"cells": [{"rows": 3}]},
    price={"rho": 2.5},
    dp={"rho": "0.1"},
)


def test_it_comes_back_as_it_went_in() -> None:
    assert OutputReport.from_bytes(REPORT.to_bytes()) == REPORT
    assert REPORT.to_bytes() == OutputReport.from_bytes(REPORT.to_bytes()).to_bytes()


def test_values_of_every_type_are_json() -> None:
    row = (date(2024, 2, 29), Decimal("2.50"), math.nan, math.inf, True, None, 10**20)
    back = OutputReport.from_bytes(OutputReport("t", "", "", *ENUMS, exact=Table(tuple("abcdefg"), (row,))).to_bytes())
    assert back.exact is not None
    assert back.exact.rows == (("2024-02-29", 2.5, None, None, True, None, 10**20),)


ENUMS = (Assurance.RECOMPUTED, Outcome.PASS, Protection.NONE)


def test_an_author_reads_an_authors_part() -> None:
    seen = REPORT.seen_by(Audience.AUTHOR)
    assert [finding.check for finding in seen.findings] == ["low_count"]
    assert (seen.exact, dict(seen.evidence), dict(seen.price)) == (None, {}, {})
    assert seen.protected == REPORT.protected
    assert REPORT.seen_by(Audience.CHECKER) == REPORT


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", json.dumps({"schema": "bulle.report/2"}).encode()])
def test_other_bytes_are_no_report(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a report|Expecting value"):
        OutputReport.from_bytes(content)
