"""The conductor: what the machine does with requests. The only module that moves an output.

Each step ends in an event that says it happened. A step that fails is an event, too: the request stays where it was,
and the worker comes back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from secrets import SystemRandom
from typing import TypeAlias

from egress.airlock.archive import Archivist
from egress.airlock.door import Door
from egress.airlock.earlier import earlier_of
from egress.airlock.examine import Examination, Examiner
from egress.airlock.failure import StepError, record_failure
from egress.airlock.following import Following
from egress.airlock.packing import Packer
from egress.airlock.reproduce import Reproducer
from egress.airlock.rerun import Rerunner
from egress.airlock.runners import Runner
from egress.airlock.signing import SigningError, Signs
from egress.airlock.situation import Situation
from egress.imports.fold import placed_in
from egress.package.archive import package_files
from egress.package.contents import PackageError
from egress.release.decision import automatic, review_rules
from egress.release.guards import EGRESS, can_process, can_recheck, can_release
from egress.release.lane import Load, automatic_before, within_caps
from egress.release.ledger import Entry
from egress.release.model import Lane, OutputRecord, ReleaseRequest
from egress.release.status import Owner, Status
from egress.release.turns import has_expired
from egress.store.exports import ExportError, Exports
from egress.store.quarantine import Quarantine, QuarantineError
from hub.events.log import Clock, EventLog, utc_now
from hub.policy.decide import may_spend_privacy, may_submit
from hub.policy.files import PolicyFileError
from hub.policy.limits import ContainerLimits
from hub.policy.verdict import RefusedError, require
from hub.words import Message, say
from hub.workspace import StateLayout

_Acts: TypeAlias = list[tuple[str, dict[str, object]]]
Draw: TypeAlias = Callable[[], float]  # evenly from 0 up to 1, of a source that nobody can foresee
_LOT = SystemRandom()


class Airlock:
    """The machine's side. `policies` is the folder of rules; `runner` re-runs notebooks, `signer` signs packages."""

    def __init__(  # noqa: PLR0913 -- the parts a composition root wires, each by name
        self,
        *,
        log: EventLog,
        quarantine: Quarantine,
        exports: Exports,
        layout: StateLayout,
        policies: Path,
        limits: ContainerLimits,
        runner: Runner,
        signer: Signs,
        clock: Clock = utc_now,
        draw: Draw = _LOT.random,
    ) -> None:
        self._log = log
        self._following = Following(log)
        self._quarantine = quarantine
        self._exports = exports
        self._draw = draw
        self._limits = limits.requests
        self._packer = Packer(quarantine, exports, signer)
        self._clock = clock
        self._door = Door(log, self._following, quarantine, Path(layout.outboxes), limits.intake, clock)
        self._rerunner = Rerunner(quarantine, layout, runner)
        self._archivist = Archivist(quarantine, layout, limits.runner)
        self._examiner = Examiner(log, quarantine, layout, policies, limits)
        self._reproducer = Reproducer(log, self._following, quarantine, layout, runner, self._examiner, clock)

    @property
    def following(self) -> Following:
        """The log as this process follows it; each follower reads and holds all of it, so that one serves both ways."""
        return self._following

    def take_in(self) -> tuple[str, ...]:
        """Freeze what lies in outboxes; the ids of the requests made."""
        return self._door.take_in()

    def due(self) -> tuple[ReleaseRequest, ...]:
        """The requests that wait for the machine, oldest first: also those in review whose checks must be repeated."""
        situation = self._following.look()
        return tuple(
            request
            for request in situation.requests.values()
            if request.owner is Owner.WORKER or _to_recheck(situation, request)
        )

    def expire(self) -> tuple[str, ...]:
        """Close what nobody brings forward any more; the ids of these requests."""
        if not self._over(self._following.look()):
            return ()  # nobody waits for a look that finds nothing
        with self._following.deciding() as (situation, transaction):
            over = self._over(situation)
            for request in over:
                transaction.append(EGRESS, "request.expired", request.project, {"request": request.id})
        return tuple(request.id for request in over)

    def _over(self, situation: Situation) -> list[ReleaseRequest]:
        now = self._clock()
        return [
            request
            for request in situation.requests.values()
            if has_expired(request, situation.permit(request.project), now, situation.stops, self._limits)
        ]

    def advance(self, request: str) -> bool:
        """Take one step with `request`: re-run, checks, or release. Whether it moved; a failure is an event."""
        situation = self._following.look()
        found = situation.request(request)
        step = self._recheck if _to_recheck(situation, found) else self._steps().get(found.status)
        if step is None:
            return False
        try:
            step(found)
        except RefusedError as error:
            return self._failed(found, error.refusal.reason)
        except PolicyFileError as error:
            return self._failed(found, error.messages[0])
        except (StepError, QuarantineError, ExportError, PackageError, SigningError) as error:
            return self._failed(found, error.message)
        except OSError as error:
            why = error.strerror or type(error).__name__
            return self._failed(found, say("The egress service cannot read or write what it needs: {why}.", why=why))
        except Exception as error:  # noqa: BLE001 -- one request must not hold up the others; texts of errors may hold data
            kind = type(error).__name__
            return self._failed(
                found, say("An internal error ({kind}) stopped this step; an operator must look.", kind=kind)
            )
        return True

    def reproduce(self) -> tuple[str, ...]:
        """Run again what reproducibility reviewers asked for; the requests."""
        return self._reproducer.run_due()

    def process(self, request: str) -> ReleaseRequest:
        """Take every step that is the machine's now; the request as it then stands."""
        while self.advance(request):
            pass
        return self._following.look().request(request)

    def _steps(self) -> dict[Status, Callable[[ReleaseRequest], None]]:
        return {
            Status.SUBMITTED: self._rerun,
            Status.RERUN: self._check,
            Status.CHECKED: self._decide,
            Status.APPROVED: self._release,
        }

    def _failed(self, request: ReleaseRequest, reason: Message) -> bool:
        with self._log.transaction() as transaction:
            record_failure(transaction, request.project, {"request": request.id}, reason, self._clock())
        return False

    def _rerun(self, request: ReleaseRequest) -> None:
        situation = self._standing(request)
        placed = {each.id for each in placed_in(situation.imports, request.project)}
        ended = self._rerunner.run(request, situation.enclave.extracts.get(request.project), placed)
        acts = [("request.rerun", ended.event)]
        if ended.refusal is not None:
            acts.append(("request.refused", {"reasons": [ended.refusal.to_dict()]}))
        self._say(request, acts)

    def _check(self, request: ReleaseRequest) -> None:
        examination = self._examined(request, self._standing(request))

        def acts(situation: Situation) -> _Acts:
            """What the automatic lane still takes is counted where it is written down: two requests cannot share it."""
            before = automatic_before(situation.requests.values(), request.project)
            load = Load(examination.size, before, self._clock())
            lane = within_caps(examination.lane, examination.records, examination.rules, load)
            return [("request.checked", self._checked(examination, lane)), *_refusal(examination)]

        self._say(request, acts)

    def _recheck(self, request: ReleaseRequest) -> None:
        """Repeat the checks beside what was published since. Where they say what they said before of all that may
        leave, nothing else happens; otherwise the request goes back before its reviews.
        """
        situation = self._following.look()
        author, permit = situation.person(request.person), situation.permit(request.project)
        require(can_recheck(request, author, permit, self._clock().date(), situation.stops))
        examination = self._examined(request, situation)
        body = {**self._checked(examination, examination.lane), "changed": self._says_more(request, examination)}
        acts: list[tuple[str, dict[str, object]]] = [("request.rechecked", body)]
        self._say(request, acts + (_refusal(examination) if body["changed"] else []))

    def _examined(self, request: ReleaseRequest, situation: Situation) -> Examination:
        versions, author = situation.enclave.versions[request.project], situation.person(request.person)
        spend = require(may_spend_privacy(author, versions[-1], self._clock().date(), situation.stops))
        earlier = earlier_of(situation, request, self._quarantine)
        return self._examiner.examine(request, versions, spend, earlier)

    def _says_more(self, request: ReleaseRequest, examination: Examination) -> bool:
        """Whether the checks say anything of an output that may leave which they did not say before."""
        now = {record.name: record for record in examination.records}
        may_leave = request.approved if request.decision else request.reviewable
        return any(self._differs(output, now.get(output.name)) for output in may_leave)

    def _differs(self, before: OutputRecord, now: OutputRecord | None) -> bool:
        if now is None or (before.fingerprint is None) != (now.fingerprint is None):
            return True
        old, new = self._packer.report(before.report), self._packer.report(now.report)
        known = {finding for finding in old.findings if finding.notable}
        more = any(finding not in known for finding in new.findings if finding.notable)
        return more or (new.protected, new.sql) != (old.protected, old.sql)

    def _checked(self, examination: Examination, lane: Lane) -> dict[str, object]:
        said = {} if not examination.earlier.unread else {"unread": _named(examination.earlier.unread)}
        return {
            **said,
            "standing": examination.earlier.standing.to_dict(),
            "lane": str(lane),
            "outputs": [record.to_dict() for record in examination.records],
            "undeclared": [thing.to_dict() for thing in examination.undeclared],
            "review": review_rules(examination.rules).model_dump(mode="json"),
            "basis": {
                "rules_name": examination.basis.rules_name,
                "rules": examination.basis.rules,
                "versions": dict(examination.basis.versions),
            },
        }

    def _decide(self, request: ReleaseRequest) -> None:
        self._standing(request)
        if request.lane is not Lane.AUTOMATIC:
            raise StepError(
                say("Request {request} is checked but in no lane; an operator must look.", request=request.id)
            )
        decision = automatic(request.outputs)
        body: dict[str, object] = {"approved": list(decision.approved), "rejected": list(decision.rejected)}
        self._say(request, [("request.decided", body)])

    def _release(self, request: ReleaseRequest) -> None:
        """Make the package. What was published since the checks is looked for once more in the transaction that
        releases: of two requests that race, the one decided later is checked beside the other.
        """
        situation = self._following.look()
        author, permit = situation.person(request.person), situation.permit(request.project)
        grant = require(can_release(request, author, permit, self._clock().date(), situation.stops))
        if situation.is_stale(request):
            self._recheck(request)
            return
        contents = self._packer.contents(grant, request)
        files = package_files(contents)
        kept, digest = self._archivist.keep(contents, files), self._packer.export(request, files)
        said = False
        try:
            said = self._say(request, self._released(request, kept, digest), unless_stale=True)
        finally:
            if not said:
                self._exports.discard(request.id)

    def _released(self, request: ReleaseRequest, dossier: str, digest: str) -> _Acts:
        """The release, and of an automatic one whether people look at it afterwards: a lot that nobody can foresee,
        drawn once, written down together with what it is about.
        """
        acts: _Acts = [("dossier.kept", {"dossier": dossier}), ("request.released", {"package": digest})]
        if request.lane is Lane.AUTOMATIC:
            caps = self._packer.rules(request).automatic_caps
            if caps is None or self._draw() < caps.value.sampled:
                acts.append(("request.sampled", {}))
        return acts

    def _standing(self, request: ReleaseRequest) -> Situation:
        situation = self._following.look()
        author, permit = situation.person(request.person), situation.permit(request.project)
        require(can_process(request, author, permit, self._clock().date(), situation.stops))
        return situation

    def _say(
        self, request: ReleaseRequest, acts: _Acts | Callable[[Situation], _Acts], *, unless_stale: bool = False
    ) -> bool:
        """Append what was done, unless the request moved meanwhile (withdrawn, reviewed, or another worker), or its
        checks do not hold any more. Whether it was said. Raises: RefusedError when its author's standing ended while
        the step was done: what was halted meanwhile stays where it was.
        """
        with self._following.deciding() as (situation, transaction):
            now = situation.request(request.id)
            author, permit = situation.person(request.person), situation.permit(request.project)
            require(may_submit(author, permit, self._clock().date(), situation.stops))
            holds = (now.turn, now.status, now.reviews) == (request.turn, request.status, request.reviews)
            if not holds or (unless_stale and situation.is_stale(now)):
                return False
            for kind, body in acts(situation) if callable(acts) else acts:
                transaction.append(EGRESS, kind, request.project, {"request": request.id, **body})
            return True


def _to_recheck(situation: Situation, request: ReleaseRequest) -> bool:
    """In review, while nobody has voted: people should read findings that still hold."""
    return request.status in {Status.IN_REVIEW, Status.APPEALED} and not request.reviews and situation.is_stale(request)


def _refusal(examination: Examination) -> _Acts:
    if examination.lane is not Lane.REFUSED:
        return []
    return [("request.refused", {"reasons": [examination.reason.to_dict()]})]


def _named(entries: Iterable[Entry]) -> list[str]:
    return [f"{entry.request}/{entry.output}" for entry in entries]
