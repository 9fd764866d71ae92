"""The criteria of a release with all that may not leave: prices, findings for checkers, who voted what and why."""

from __future__ import annotations

import json
from typing import Any

from egress.package.contents import PackageContents
from egress.package.times import to_the_minute
from egress.release.report import OutputReport

SCHEMA = "bulle.criteria-inside/1"


def criteria_inside(contents: PackageContents) -> bytes:
    """`criteria-inside.json`; what the package's own criteria.json says stands there (SATRE 3.3.09)."""
    request = contents.request
    raw = {
        "schema": SCHEMA,
        "request": request.id,
        "author": request.person,
        "lane": str(request.lane) if request.lane else None,
        "reviews": [
            {
                "checker": review.checker,
                "at": to_the_minute(review.at),
                "comment": review.comment,
                "votes": [vote.to_dict() for vote in review.votes],
            }
            for review in request.reviews
        ],
        "outputs": [_output(released.report) for released in contents.outputs],
    }
    return json.dumps(raw, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"


def _output(report: OutputReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "sql": report.sql,
        "price": dict(report.price),
        "findings": [
            {
                "check": found.check,
                "risk": str(found.risk),
                "outcome": str(found.outcome),
                "where": found.where,
                "audience": str(found.audience),
                "why": str(found.why),
            }
            for found in report.findings
        ],
        "conflicts": [f"{each.request}/{each.output}" for each in report.conflicts],
    }
