"""What people do with imports: ask, look, decide, withdraw. Each act asks its rule and is an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from egress.airlock.following import Following
from egress.airlock.situation import Situation
from egress.imports.fold import next_number
from egress.imports.guards import Asker, Asking, asked_since, can_ask, can_decide, can_withdraw
from egress.imports.model import ImportRequest, digest_of, import_id
from egress.scan.model import Scanned
from egress.store.quarantine import Quarantine, QuarantineError
from hub.events.log import Clock, utc_now
from hub.policy.decide import may_see_imports
from hub.policy.files import PolicyFileError, read_rules
from hub.policy.limits import ImportLimits
from hub.policy.model import DataPermit, ImportRules
from hub.policy.verdict import Grant, Refusal, RefusedError
from hub.words import say

Rules = Callable[[str], "ImportRules | None"]
_KINDS = "import."


@dataclass(frozen=True)
class ImportDesk:
    """The people's side of the way in. `rules` answers what rules of that name say of imports."""

    following: Following
    quarantine: Quarantine
    limits: ImportLimits
    rules: Rules
    clock: Clock = utc_now

    def look(self) -> Situation:
        """Everything as it stands now."""
        return self.following.look()

    def rules_of(self, permit: DataPermit | None) -> ImportRules | None:
        """What the rules of a permit's source say of imports; None where nothing may come in."""
        try:
            return None if permit is None else self.rules(permit.rules)
        except PolicyFileError:  # a missing policy means no
            return None

    def seen_by(self, person: str) -> tuple[ImportRequest, ...]:
        """The imports that `person` may see, newest first."""
        situation = self.look()
        return tuple(each for each in reversed([*situation.imports.values()]) if sees(situation, person, each.project))

    def show(self, identity: str, person: str | None) -> ImportRequest:
        """The import, for somebody who may see it; None is the operator on the server. Raises: RefusedError."""
        situation = self.look()
        found = situation.imports.get(identity)
        if found is None or (person is not None and not sees(situation, person, found.project)):
            raise RefusedError(unknown_import(identity))
        return found

    def report(self, found: ImportRequest) -> Scanned | None:
        """What the scan said; None where it has not ended or can no longer be read."""
        try:
            return None if found.report is None else Scanned.from_bytes(self.quarantine.get(found.report))
        except (QuarantineError, ValueError):
            return None

    def ask(self, project: str, person: str, asking: Asking, keep: Callable[[], object]) -> ImportRequest:
        """Ask for files; `keep` lays their bytes down once they may be asked for, and before the log names them.

        Raises: RefusedError; the refused upload is an event, too. QuarantineError when they cannot be kept.
        """
        with self.following.deciding() as (situation, transaction):
            now = self.clock()
            permit = situation.permit(project)
            asker = Asker(situation.person(person), permit, self.rules_of(permit), situation.stops, now)
            asked = asked_since(transaction.read(kinds=_KINDS), person, now)
            verdict = can_ask(asking, asker, situation.imports, asked, self.limits)
            number = next_number(situation.imports, project)
            if isinstance(verdict, Grant):
                keep()
                body = {
                    "import": import_id(project, number),
                    "number": number,
                    "title": asking.title,
                    "why": asking.why,
                    "origin": asking.origin,
                    "files": [file.to_dict() for file in asking.files],
                    "digest": digest_of(asking.files),
                }
                transaction.append(person, "import.asked", project, body)
            elif verdict.rule != "import.too_often":  # who is told so often enough fills no log
                body = {"rule": verdict.rule, "reason": verdict.reason.to_dict()}
                transaction.append(person, "import.not_taken", _known(situation, project), body)
        if isinstance(verdict, Refusal):
            raise RefusedError(verdict)
        return self.look().imports[import_id(project, number)]

    def not_taken(self, project: str, person: str, refusal: Refusal) -> None:
        """Say in the log that an upload ended before it could be asked for."""
        with self.following.deciding() as (situation, transaction):
            if asked_since(transaction.read(kinds=_KINDS), person, self.clock()) < self.limits.asked_per_day:
                body = {"rule": refusal.rule, "reason": refusal.reason.to_dict()}
                transaction.append(person, "import.not_taken", _known(situation, project), body)

    def decide(self, identity: str, person: str, seen: str | None, *, approve: bool, comment: str) -> None:
        """Approve or reject what `seen` is the report of. Raises: RefusedError; the refused decision is an event."""
        with self.following.deciding() as (situation, transaction):
            found = _visible(situation, identity, person)
            permit, today = situation.permit(found.project), self.clock().date()
            verdict = can_decide(found, seen, situation.person(person), permit, today, situation.stops)
            comment = printable(comment)
            if isinstance(verdict, Grant) and not approve and not comment:
                verdict = Refusal("import.comment", say("Say why you reject it: its asker reads that."))
            about: dict[str, object] = {"import": identity, "digest": found.digest}
            if isinstance(verdict, Refusal):
                body = {**about, "rule": verdict.rule, "reason": verdict.reason.to_dict()}
                transaction.append(person, "import.decision_refused", found.project, body)
            else:
                kind = "import.approved" if approve else "import.rejected"
                body = {**about, "person": found.person, "report": found.report, "comment": comment}
                transaction.append(person, kind, found.project, body)
        if isinstance(verdict, Refusal):
            raise RefusedError(verdict)

    def withdraw(self, identity: str, person: str, why: str) -> None:
        """Take an import back; what lies in the project goes. Raises: RefusedError."""
        with self.following.deciding() as (situation, transaction):
            found = _visible(situation, identity, person)
            permit = situation.permit(found.project)
            verdict = can_withdraw(found, situation.person(person), permit, situation.stops)
            if isinstance(verdict, Refusal):
                raise RefusedError(verdict)
            body = {"import": identity, "digest": found.digest, "person": found.person, "why": printable(why)}
            transaction.append(person, "import.withdrawn", found.project, body)


def sees(situation: Situation, person: str, project: str) -> bool:
    """Whether `person` may see the imports of `project`."""
    return isinstance(may_see_imports(situation.person(person), situation.permit(project), situation.stops), Grant)


def unknown_import(identity: str) -> Refusal:
    """The same answer for an import that is not there and for one that is not yours to see."""
    return Refusal("import.unknown", say("There is no import called {id} for you.", id=identity[:80]))


def printable(text: str) -> str:
    """What may be shown in a terminal, at most 500 characters: others would be read as commands there."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()[:500]


def rules_in(policies: Path) -> Rules:
    """What the rules in the folder `policies` say of imports, by their name. Raises (when asked): PolicyFileError."""

    def rules(name: str) -> ImportRules | None:
        said = read_rules(name, policies).imports
        return None if said is None else said.value

    return rules


def _visible(situation: Situation, identity: str, person: str) -> ImportRequest:
    found = situation.imports.get(identity)
    if found is None or not sees(situation, person, found.project):
        raise RefusedError(unknown_import(identity))
    return found


def _known(situation: Situation, project: str) -> str:
    """A project's name as an event may hold it: one that does not exist was typed by hand."""
    return project if situation.permit(project) else ""
