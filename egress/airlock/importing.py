"""The way in: what the machine does with imports. Freezes what arrived, has it looked into, lays what was approved into
the project, and takes away what was withdrawn. Each step ends in an event; one that fails is an event, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from egress.airlock.failure import StepError, record_failure
from egress.airlock.following import Following
from egress.airlock.import_desk import Rules
from egress.airlock.situation import Situation
from egress.checks.model import Outcome
from egress.imports.guards import can_work_on
from egress.imports.model import ImportRequest
from egress.imports.status import ImportStatus, Turn
from egress.release.guards import EGRESS
from egress.scan.apart import scan_apart
from egress.store.arrivals import Arrivals
from egress.store.placed import PlaceError, lay, take_away
from egress.store.quarantine import Quarantine, QuarantineError
from hub.events.log import Clock, EventLog
from hub.launcher.client import LauncherError
from hub.policy.files import PolicyFileError
from hub.policy.limits import ImportLimits
from hub.policy.verdict import Act, RefusedError, require
from hub.words import say
from hub.workspace import StateLayout

# An upload that no event names any more broke off between the two.
_STALE = timedelta(hours=1)
_Said: TypeAlias = tuple[str, dict[str, object]]


class Importer:
    """The machine's side. `rules` answers what rules of that name say of imports; `make_folder` has the launcher
    make a project's folder of imports, which it alone can.
    """

    def __init__(  # noqa: PLR0913 -- the parts a composition root wires, each by name
        self,
        *,
        log: EventLog,
        following: Following,
        quarantine: Quarantine,
        arrivals: Arrivals,
        layout: StateLayout,
        rules: Rules,
        limits: ImportLimits,
        make_folder: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._log = log
        self._following = following
        self._quarantine = quarantine
        self._arrivals = arrivals
        self._layout = layout
        self._rules = rules
        self._limits = limits
        self._make_folder = make_folder
        self._clock = clock

    def due(self) -> tuple[str, ...]:
        """The imports that wait for the machine, oldest first."""
        return tuple(each.id for each in self._situation().imports.values() if each.turn is Turn.WORKER)

    def process(self, identity: str) -> bool:
        """Take the import as far as the machine goes. False when a step failed, which is an event."""
        while (found := self._situation().imports[identity]).turn is Turn.WORKER:
            if not self._advance(found):
                return False
        return True

    def tidy(self) -> None:
        """Drop what arrived and was never asked for: an upload that broke off."""
        waiting = _waiting(self._situation())
        for digest in self._arrivals.older_than(self._clock() - _STALE):
            if digest not in waiting:
                self._arrivals.drop(digest)

    def _advance(self, found: ImportRequest) -> bool:
        """One step. Whether it was taken; a failure is an event."""
        try:
            situation = self._situation()
            self._allowed(found, situation)
            kind, body = self._steps()[found.status](found, situation)
            self._say(found, kind, body)
        except RefusedError as error:
            reason = error.refusal.reason
        except (StepError, QuarantineError, PlaceError, LauncherError) as error:
            reason = error.message
        except PolicyFileError as error:
            reason = error.messages[0]
        except Exception as error:  # noqa: BLE001 -- one import must not hold up the others; texts of errors may hold data
            kind_of = type(error).__name__
            reason = say("An internal error ({kind}) stopped this step; an operator must look.", kind=kind_of)
        else:
            return True
        with self._log.transaction() as transaction:
            record_failure(transaction, found.project, {"import": found.id}, reason, self._clock(), "import.failed")
        return False

    def _allowed(self, found: ImportRequest, situation: Situation) -> None:
        """Raises: RefusedError."""
        asker, permit = situation.person(found.person), situation.permit(found.project)
        grant = require(can_work_on(found, asker, permit, self._clock().date(), situation.stops))
        if not grant.covers(Act.PLACE_IMPORT, found.project):
            raise StepError(say("Import {id} may not be moved.", id=found.id))

    def _steps(self) -> Mapping[ImportStatus, Callable[[ImportRequest, Situation], _Said]]:
        return {
            ImportStatus.ASKED: self._freeze,
            ImportStatus.FROZEN: self._scan,
            ImportStatus.APPROVED: self._place,
            ImportStatus.WITHDRAWN: self._remove,
        }

    def _freeze(self, found: ImportRequest, situation: Situation) -> _Said:
        for file in found.files:
            if file.sha256 != self._quarantine.put(self._arrived(file.sha256)):
                raise StepError(say("A file of import {id} is not what arrived; an operator must look.", id=found.id))
        self._forget(found, situation)
        return "import.frozen", {}

    def _arrived(self, digest: str) -> bytes:
        """From where it arrived; from quarantine when an earlier turn froze it and broke off."""
        try:
            return self._arrivals.get(digest)
        except QuarantineError:
            return self._quarantine.get(digest)

    def _scan(self, found: ImportRequest, situation: Situation) -> _Said:
        permit = situation.enclave.permits[found.project]
        rules = self._rules(permit.rules)
        if rules is None:
            why = say("The rules of this project's data source let nothing be brought in; ask its data holder.")
            raise StepError(why)
        files = [(file.name, self._quarantine.get(file.sha256)) for file in found.files]
        scanned = scan_apart(files, rules, self._limits)
        body: dict[str, object] = {"report": self._quarantine.put(scanned.to_bytes()), "outcome": str(scanned.outcome)}
        if scanned.outcome is Outcome.FAIL:
            return "import.refused", {**body, "reasons": [reason.to_dict() for reason in scanned.reasons]}
        return "import.scanned", {**body, "approver": str(rules.approver)}

    def _place(self, found: ImportRequest, _: Situation) -> _Said:
        self._make_folder(found.project)
        files = [(file.name, self._quarantine.get(file.sha256)) for file in found.files]
        lay(Path(self._layout.imports(found.project)), found.folder, files)
        return "import.placed", {"folder": found.folder}

    def _remove(self, found: ImportRequest, situation: Situation) -> _Said:
        take_away(Path(self._layout.imports(found.project)), found.folder)
        self._forget(found, situation)
        return "import.removed", {}

    def _forget(self, found: ImportRequest, situation: Situation) -> None:
        """Drop what arrived, unless another import that is not frozen yet is about the same bytes."""
        waiting = _waiting(situation, but=found.id)
        for file in found.files:
            if file.sha256 not in waiting:
                self._arrivals.drop(file.sha256)

    def _say(self, found: ImportRequest, kind: str, body: dict[str, object]) -> None:
        """Append what was done, unless the import moved meanwhile; what was laid for one that was withdrawn meanwhile
        is taken away by its next step. Raises: RefusedError when its asker's standing ended while the step was done.
        """
        with self._following.deciding() as (situation, transaction):
            now = situation.imports[found.id]
            if now.status is found.status:
                self._allowed(now, situation)
                about = {"import": found.id, "person": found.person, "digest": found.digest}
                transaction.append(EGRESS, kind, found.project, {**about, **body})

    def _situation(self) -> Situation:
        return self._following.look()


def _waiting(situation: Situation, but: str = "") -> frozenset[str]:
    """The digests of what was asked for and is not frozen yet."""
    return frozenset(
        file.sha256
        for each in situation.imports.values()
        if each.status is ImportStatus.ASKED and each.id != but
        for file in each.files
    )
