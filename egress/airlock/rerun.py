"""The step from frozen bytes to a re-run notebook in quarantine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from egress.airlock.extracts import project_extract
from egress.airlock.failure import StepError
from egress.airlock.runners import FrozenRequest, Runner
from egress.release.model import Brought, ReleaseRequest
from egress.rerun.result import RerunResult, RerunStatus
from egress.store.quarantine import Quarantine
from hub.events.state import ExtractRecord
from hub.words import Message, say
from hub.workspace import StateLayout


@dataclass(frozen=True)
class Ended:
    """How a re-run ended, as its event says it; `refusal` when that is the author's to mend."""

    event: dict[str, object]
    refusal: Message | None


class Rerunner:
    """Has a request re-run on the project's extract."""

    def __init__(self, quarantine: Quarantine, layout: StateLayout, runner: Runner) -> None:
        self._quarantine = quarantine
        self._layout = layout
        self._runner = runner

    def run(self, request: ReleaseRequest, extract: ExtractRecord | None, placed: Collection[str]) -> Ended:
        """The imports that the request names are laid from quarantine, those of them that are still `placed` (by id).

        Raises: StepError when it could not begin, QuarantineError when frozen bytes are not there unchanged."""
        if extract is None:
            raise StepError(
                say("The extract of project {project} is not built yet; the request waits.", project=request.project)
            )
        project_extract(self._layout, request.project, extract.folder, extract.digest)
        folder = self._layout.extract(request.project, extract.folder)
        imports = tuple(each for each in request.imports if each.id in placed)
        result = self._runner(self._frozen(request, imports), folder)
        if result.status is RerunStatus.NOT_RUN:
            raise StepError(result.message)
        ended = self._ended(result, extract)
        # What was withdrawn meanwhile was not there.
        return replace(ended, event={**ended.event, "imports": [each.id for each in imports]}) if imports else ended

    def _frozen(self, request: ReleaseRequest, imports: tuple[Brought, ...]) -> FrozenRequest:
        notebook = self._quarantine.get(request.notebook.sha256)
        files = {file.name: self._quarantine.get(file.sha256) for file in request.files}
        return FrozenRequest(
            request.id, request.project, request.person, notebook, files, brought_files(imports, self._quarantine)
        )

    def _ended(self, result: RerunResult, extract: ExtractRecord) -> Ended:
        event: dict[str, object] = {
            "ended": str(result.status),
            "folder": extract.folder,
            "extract": extract.digest,
            "image": result.image,
            "isolation": str(result.isolation),
            "seconds": round(result.seconds, 1),
        }
        if result.status is not RerunStatus.FINISHED or result.notebook is None:
            return Ended(event, result.message)
        event["notebook"] = self._quarantine.put(result.notebook)
        named = result.rendered.environment if result.rendered else ()
        if named:
            event["environment"] = self._quarantine.put("".join(f"{name}\n" for name in named).encode())
        return Ended(event, None)


def brought_files(imports: tuple[Brought, ...], quarantine: Quarantine) -> dict[str, dict[str, bytes]]:
    """The files of each folder below /imports. Raises: QuarantineError."""
    return {each.folder: {file.name: quarantine.get(file.sha256) for file in each.files} for each in imports}
