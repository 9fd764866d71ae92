"""`criteria.json`: by which rules each output was judged, for those who read the package later (SATRE 3.3.09).

It holds no value of a cell, no place of a suppressed one, no disclosure price and no checker's name. Digests of what
the author wrote stay inside, too: an author can search for bytes whose digest spells something.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from egress.checks.model import Audience, Finding, Outcome, worst
from egress.package.contents import PackageContents, ReleasedTable
from egress.package.tables import to_csv
from egress.release.status import Status

SCHEMA = "bulle.criteria/1"
_DP_TOLD = ("rho", "epsilon", "delta", "confidence")
_TOLD = (Status.SUBMITTED, Status.CHECKED, Status.APPROVED)


def criteria(contents: PackageContents) -> bytes:
    """The file's content."""
    request = contents.request
    raw = {
        "schema": SCHEMA,
        "request": request.id,
        "project": request.project,
        "extract_sha256": request.rerun.extract if request.rerun else None,
        # To the minute: the moment of a submission is its author's choice.
        "times": {str(status): request.reached[status][:16] + "Z" for status in _TOLD if status in request.reached},
        "reviewed_by": len(request.reviews),
        "rules": contents.rules.model_dump(mode="json"),
        "versions": dict(sorted(request.basis.versions.items())) if request.basis else {},
        "outputs": [_output(released) for released in contents.tables],
        "withheld": {
            "refused_by_checks": any(not output.reviewable for output in request.outputs),
            "rejected_by_checkers": bool(request.decision and request.decision.rejected),
            "undeclared": bool(request.undeclared),
        },
    }
    return json.dumps(raw, ensure_ascii=False, indent=2, sort_keys=False, allow_nan=False).encode() + b"\n"


def _output(released: ReleasedTable) -> dict[str, Any]:
    report = released.report
    return {
        "name": report.name,
        "title": report.title,
        "assurance": str(report.assurance),
        "protection": str(report.protect),
        "dp": {key: report.dp[key] for key in _DP_TOLD if key in report.dp},
        "file": f"tables/{report.name}.csv",
        "sha256": hashlib.sha256(to_csv(released.table)).hexdigest(),
        "checks": _checks(report.findings),
    }


def _checks(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    seen: dict[tuple[str, str], list[Outcome]] = {}
    for finding in findings:
        if finding.audience is Audience.AUTHOR:
            seen.setdefault((finding.check, str(finding.risk)), []).append(finding.outcome)
    return [{"check": check, "risk": risk, "outcome": str(worst(outcomes))} for (check, risk), outcomes in seen.items()]
