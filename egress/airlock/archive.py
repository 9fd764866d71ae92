"""How an approved request is kept for whoever runs it again: its dossier, in quarantine by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from egress.airlock.extracts import project_extract
from egress.airlock.failure import StepError
from egress.airlock.rerun import brought_files
from egress.dossier.archive import dossier_bytes
from egress.dossier.contents import Dossier, MadeOutput
from egress.dossier.criteria import criteria_inside
from egress.package.contents import PackageContents
from egress.package.signature import digest_of
from egress.release.model import ReleaseRequest
from egress.store.quarantine import Quarantine
from hub.extracts.manifest import MANIFEST
from hub.policy.limits import RunnerLimits
from hub.words import say
from hub.workspace import StateLayout


class Archivist:
    """Makes dossiers out of quarantine and the extract's manifest."""

    def __init__(self, quarantine: Quarantine, layout: StateLayout, limits: RunnerLimits) -> None:
        self._quarantine = quarantine
        self._layout = layout
        self._limits = limits

    def keep(self, contents: PackageContents, files: Mapping[str, bytes]) -> str:
        """The digest of the dossier of a request whose package holds `files`.

        Raises: StepError when its extract is not there any more, QuarantineError.
        """
        request = contents.request
        rerun, basis = request.rerun, request.basis
        if rerun is None or basis is None:
            raise StepError(say("Request {request} has no re-run.", request=request.id))
        extract = project_extract(self._layout, request.project, rerun.folder, rerun.extract)
        made = Dossier(
            request=request,
            notebook=self._quarantine.get(request.notebook.sha256),
            files={file.name: self._quarantine.get(file.sha256) for file in request.files},
            rules=self._quarantine.get(basis.rules),
            criteria=criteria_inside(contents),
            manifest=(extract.path / MANIFEST).read_bytes(),
            environment=self._quarantine.get(rerun.environment) if rerun.environment else b"",
            imports=brought_files(request.imports, self._quarantine),
            limits=self._limits,
            outputs=_made(request, contents, files),
            sums=digest_of(files),
        )
        return self._quarantine.put(dossier_bytes(made))


def _made(request: ReleaseRequest, contents: PackageContents, files: Mapping[str, bytes]) -> tuple[MadeOutput, ...]:
    records = {output.name: output for output in request.approved}
    return tuple(
        MadeOutput(
            name=released.report.name,
            assurance=str(released.report.assurance),
            protection=str(released.report.protect),
            report=records[released.report.name].report,
            file=released.file,
            sha256=hashlib.sha256(files[released.file]).hexdigest(),
        )
        for released in contents.outputs
    )
