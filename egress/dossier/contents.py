"""What a dossier holds, in the manner of cascad (Certification Agency for Scientific Code and Data): data by digest,
code, helper files, environment, and the results that a reviewer holds a re-run against.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress.release.model import ReleaseRequest
from egress.release.status import Status
from hub.policy.limits import RunnerLimits

SCHEMA = "bulle.dossier/1"


@dataclass(frozen=True)
class MadeOutput:
    """An approved output as it left: `file` of the package, by `sha256`; `report` is its full result in quarantine."""

    name: str
    assurance: str
    protection: str
    report: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Dossier:
    """Everything that a re-run takes. `criteria`: those that stay inside; `manifest`: the extract's; `environment`: a
    line for each Python package of the image, as the runner named them before the notebook began, empty where it named
    none; `imports`: the files of each folder below /imports; `sums`: what the enclave signed for the package.
    """

    request: ReleaseRequest
    notebook: bytes
    files: Mapping[str, bytes]
    rules: bytes
    criteria: bytes
    manifest: bytes
    environment: bytes
    imports: Mapping[str, Mapping[str, bytes]]
    limits: RunnerLimits
    outputs: tuple[MadeOutput, ...]
    sums: str

    def facts(self) -> dict[str, Any]:
        """`dossier.json`: names, digests and parameters; no value of a cell."""
        request, rerun, basis = self.request, self.request.rerun, self.request.basis
        return {
            "schema": SCHEMA,
            "request": request.id,
            "project": request.project,
            "times": {str(status): request.reached[status] for status in (Status.SUBMITTED, Status.APPROVED)},
            "notebook": request.notebook.to_dict(),
            "files": [file.to_dict() for file in request.files],
            "imports": [each.to_dict() for each in request.imports],
            "image": rerun.image if rerun else "",
            "isolation": rerun.isolation if rerun else "",
            "extract": {"folder": rerun.folder, "sha256": rerun.extract} if rerun else {},
            "parameters": self.limits.model_dump(mode="json"),
            "environment_sha256": hashlib.sha256(self.environment).hexdigest(),
            "rules": {"name": basis.rules_name, "sha256": basis.rules} if basis else {},
            "versions": dict(sorted(basis.versions.items())) if basis else {},
            "outputs": [vars(output) for output in self.outputs],
            "package_sums_sha256": self.sums,
        }
