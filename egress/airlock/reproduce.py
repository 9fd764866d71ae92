"""Running an approved request again for a reproducibility reviewer: from its dossier, on the same image and extract,
judged as it was then. Nothing leaves and nothing is spent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from egress.airlock.earlier import earlier_of
from egress.airlock.examine import Examiner
from egress.airlock.failure import StepError
from egress.airlock.following import Following
from egress.airlock.runners import FrozenRequest, Runner
from egress.airlock.situation import Situation
from egress.checks.model import Protection
from egress.dossier.archive import FACTS, STUDY, imports_in, read_dossier
from egress.dossier.certificate import Certificate
from egress.dossier.compare import NOISE, Compared, Verdict, compare
from egress.dossier.contents import MadeOutput
from egress.package.contents import released_of
from egress.package.files import output_bytes
from egress.query.engine import EngineError
from egress.release.guards import EGRESS
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.reproduction import Reproduction
from egress.rerun.folder import NOTEBOOK
from egress.rerun.result import RerunResult, RerunStatus
from egress.store.quarantine import Quarantine, QuarantineError
from hub.events.chain import Event
from hub.events.log import Clock, EventLog
from hub.extracts.reader import ExtractError, open_extract
from hub.policy.decide import may_reproduce
from hub.policy.model import DisclosureRules
from hub.policy.verdict import Grant, RefusedError, require
from hub.run import other_image
from hub.words import Message, say
from hub.workspace import StateLayout

_CHECKS = ("request.checked", "request.rechecked")


@dataclass(frozen=True)
class _Then:
    """The request as it stood when its outputs were judged, and everything with it."""

    situation: Situation
    request: ReleaseRequest


class Reproducer:
    """Carries out what was asked for; each ends with a certificate or one sentence."""

    def __init__(  # noqa: PLR0913, PLR0917 -- the parts that the airlock has
        self,
        log: EventLog,
        following: Following,
        quarantine: Quarantine,
        layout: StateLayout,
        runner: Runner,
        examiner: Examiner,
        clock: Clock,
    ) -> None:
        self._log = log
        self._following = following
        self._quarantine = quarantine
        self._layout = layout
        self._runner = runner
        self._examiner = examiner
        self._clock = clock

    def run_due(self) -> tuple[str, ...]:
        """Run everything that waits, oldest first; the requests."""
        waiting = [each for each in self._following.look().reproductions.values() if each.waits]
        for each in waiting:
            self._run(each)
        return tuple(each.request for each in waiting)

    def _run(self, asked: Reproduction) -> None:
        try:
            certificate = self._reproduced(asked)
            body: dict[str, object] = {
                "certificate": self._quarantine.put(certificate.to_bytes()),
                "summary": {str(verdict): count for verdict, count in certificate.counts.items()},
            }
            kind = "reproduction.ended"
        except RefusedError as error:
            kind, body = "reproduction.refused", _refused(error.refusal.reason, error.refusal.rule)
        except (StepError, QuarantineError, EngineError) as error:
            kind, body = "reproduction.refused", _refused(error.message)
        except Exception as error:  # noqa: BLE001 -- one re-run must not hold up the others; texts of errors may hold data
            why = say(
                "An internal error ({kind}) stopped this re-run; an operator must look.", kind=type(error).__name__
            )
            kind, body = "reproduction.refused", _refused(why)
        self._log.append(EGRESS, kind, asked.project, {"request": asked.request, "asked": asked.asked, **body})

    def _reproduced(self, asked: Reproduction) -> Certificate:
        now = self._following.look()
        request, permits = now.request(asked.request), now.enclave.permits
        today = self._clock().date()
        person, original = now.person(asked.person), now.permit(request.project)
        grant = require(may_reproduce(person, permits.values(), original, today, now.stops))
        if request.dossier is None or request.rerun is None:
            raise StepError(_NO_DOSSIER)
        study = read_dossier(self._quarantine.get(request.dossier))
        facts = json.loads(study[FACTS])
        result = self._again(asked.person, request, study, facts)
        outputs = tuple(MadeOutput(**each) for each in facts["outputs"])
        then = _then(request, self._log.read())
        return Certificate(
            request=request.id,
            project=request.project,
            person=asked.person,
            at=self._clock().isoformat(timespec="seconds"),
            dossier=request.dossier,
            image=result.image,
            extract=request.rerun.extract,
            isolation=str(result.isolation),
            seconds=round(result.seconds, 1),
            ended=result.status,
            told=result.message,
            outputs=self._compared(outputs, then, result, grant),
        )

    def _again(
        self, person: str, request: ReleaseRequest, study: dict[str, bytes], facts: dict[str, Any]
    ) -> RerunResult:
        folder, digest = str(facts["extract"]["folder"]), str(facts["extract"]["sha256"])
        self._require_extract(request, folder, digest)
        files = {name.removeprefix(STUDY): content for name, content in study.items() if name.startswith(STUDY)}
        notebook = files.pop(NOTEBOOK)
        imported = imports_in(study)
        frozen = FrozenRequest(
            request.id, request.project, person, notebook, files, imported, reproduced=True, image=str(facts["image"])
        )
        result = self._runner(frozen, self._layout.extract(request.project, folder))
        if result.status is RerunStatus.NOT_RUN:
            raise StepError(result.message)
        if result.image != facts["image"]:
            raise StepError(other_image(result.image, str(facts["image"])))
        return result

    def _require_extract(self, request: ReleaseRequest, folder: str, digest: str) -> None:
        """Every file of it, read whole. Raises: StepError."""
        try:
            found = open_extract(Path(self._layout.extract(request.project, folder)), verify_digests=True).sha256
        except ExtractError as error:
            # its own sentence names a path of this machine
            raise StepError(_OTHER_EXTRACT) from error
        if found != digest:
            raise StepError(_OTHER_EXTRACT)

    def _compared(
        self, outputs: tuple[MadeOutput, ...], then: _Then, result: RerunResult, grant: Grant
    ) -> tuple[Compared, ...]:
        made: dict[str, OutputReport] = {}
        if result.notebook is not None:
            made = self._judged(then, self._quarantine.put(result.notebook), grant)
        return tuple(self._one(output, made.get(output.name)) for output in outputs)

    def _judged(self, then: _Then, notebook: str, grant: Grant) -> dict[str, OutputReport]:
        """What the rules of the day, and what was published by then, make of the re-run."""
        request = then.request
        if request.basis is None:
            raise StepError(_NO_DOSSIER)
        rules = DisclosureRules.model_validate_json(self._quarantine.get(request.basis.rules))
        permits = then.situation.enclave.versions[request.project]
        earlier = earlier_of(then.situation, request, self._quarantine)
        reports = self._examiner.again(request, notebook, permits, rules=rules, spend=grant, earlier=earlier)
        return {report.name: report for report in reports}

    def _one(self, output: MadeOutput, report: OutputReport | None) -> Compared:
        if output.protection == Protection.DP:
            return Compared(output, Verdict.NOT_COMPARED, where=(NOISE,))
        before = OutputReport.from_bytes(self._quarantine.get(output.report)).protected
        released = None if report is None else released_of(report)
        now = None if report is None else report.protected
        return compare(output, before, now, None if released is None else output_bytes(released))


_NO_DOSSIER = say("This request has no reproduction dossier: it was released before there were any.")
_OTHER_EXTRACT = say(
    "The extract that the request was made from is not here, or was changed; have it restored from the backup, then "
    "ask again."
)


def _then(request: ReleaseRequest, events: Sequence[Event]) -> _Then:
    """What the log said before the last check of the request."""
    checks = [event.seq for event in events if event.kind in _CHECKS and event.body.get("request") == request.id]
    situation = Situation.of(event for event in events if event.seq < max(checks))
    return _Then(situation, replace(situation.request(request.id), basis=request.basis))


def _refused(reason: Message, rule: str = "reproduce.failed") -> dict[str, object]:
    return {"rule": rule, "reason": reason.to_dict()}
