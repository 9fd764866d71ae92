"""`criteria.json`: by which rules each output was judged, for those who read the package later (SATRE 3.3.09).

It holds no value of a cell, no place of a suppressed one, no disclosure price and no checker's name. Digests of what
the author wrote stay inside, too: an author can search for bytes whose digest spells something.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from egress.checks.model import Audience, Finding, Outcome, worst
from egress.package.contents import PackageContents, Released, withheld_kinds
from egress.package.times import to_the_minute
from egress.release.status import Status

SCHEMA = "bulle.criteria/1"
_TOLD = (Status.SUBMITTED, Status.CHECKED, Status.APPROVED)


def criteria(contents: PackageContents, files: Mapping[str, bytes]) -> bytes:
    """The file's content; `files` are those of the outputs."""
    request = contents.request
    raw = {
        "schema": SCHEMA,
        "request": request.id,
        "project": request.project,
        "extract_sha256": request.rerun.extract if request.rerun else None,
        "times": {str(status): to_the_minute(request.reached[status]) for status in _TOLD if status in request.reached},
        "reviewed_by": len(request.reviews),
        "rules": contents.rules.model_dump(mode="json"),
        "versions": dict(sorted(request.basis.versions.items())) if request.basis else {},
        "outputs": [_output(released, files) for released in contents.outputs],
        "withheld": withheld_kinds(request),
    }
    return json.dumps(raw, ensure_ascii=False, indent=2, sort_keys=False, allow_nan=False).encode() + b"\n"


def _output(released: Released, files: Mapping[str, bytes]) -> dict[str, Any]:
    report = released.report
    drawn = [{"file": name, "sha256": _digest(files[name])} for name in released.figures]
    return {
        "name": report.name,
        "title": report.title,
        "assurance": str(report.assurance),
        "protection": str(report.protect),
        "statbarns": list(report.statbarns),
        "dp": _noise(released),
        "file": released.file,
        "sha256": _digest(files[released.file]),
        **({"figures": drawn} if drawn else {}),
        "checks": _checks(report.findings),
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _noise(released: Released) -> dict[str, Any]:
    """Public facts of a DP release: its cost and the noise of each column; not whether the ledger had it already."""
    told = released.told
    if told is None:
        return {}
    noisy = [
        {"name": column.name, "shape": column.shape, "scale": column.scale, "half_width": column.half_width}
        | ({} if column.ranks is None else {"ranks": column.ranks})
        for column in told.columns
        if (column.scale, column.half_width, column.ranks) != (None, None, None)
    ]
    cost = {
        "rho": None if told.rho is None else str(told.rho),
        "epsilon": told.epsilon,
        "delta": told.delta,
        "confidence": told.confidence,
    }
    kind = {"kind": told.kind} if told.kind else {}
    known = {name: value for name, value in cost.items() if value is not None}
    return kind | known | ({"columns": noisy} if noisy else {})


def _checks(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    seen: dict[tuple[str, str], list[Outcome]] = {}
    for finding in findings:
        if finding.audience is Audience.AUTHOR:
            seen.setdefault((finding.check, str(finding.risk)), []).append(finding.outcome)
    return [{"check": check, "risk": risk, "outcome": str(worst(outcomes))} for (check, risk), outcomes in seen.items()]
