"""Who may ask for an import and move it, in which status: state and standing together answer Grant or Refusal. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from egress.imports.fold import Imports
from egress.imports.model import ImportRequest, digest_of
from egress.imports.status import ImportStatus, may_go
from egress.release.guards import EGRESS
from egress.release.model import FrozenFile
from hub.events.chain import Event
from hub.policy.decide import may_ask_import, may_decide_import
from hub.policy.limits import ImportLimits
from hub.policy.model import DataPermit, ImportRules, Person, Role
from hub.policy.stops import Stops
from hub.policy.verdict import Act, Grant, Refusal
from hub.words import Message, say

MEGABYTE = 1_000_000
MOST_TITLE, MOST_WHY = 120, 500  # characters: a line, and a sentence or two
# Names become names in a folder: no separator, no leading dot, nothing that a shell or a terminal reads.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_DAY = timedelta(hours=24)
_UNDER_WAY = frozenset({ImportStatus.ASKED, ImportStatus.FROZEN, ImportStatus.IN_REVIEW, ImportStatus.APPROVED})
_MAY_WITHDRAW = frozenset({Role.OUTPUT_CHECKER, Role.DATA_HOLDER})


@dataclass(frozen=True)
class Asking:
    """What somebody asks for: files with their digests, what they are, why, and where they come from."""

    title: str
    why: str
    origin: str
    files: tuple[FrozenFile, ...]


@dataclass(frozen=True)
class Asker:
    """Who asks, by which permit and rules, when."""

    person: Person | None
    permit: DataPermit | None
    rules: ImportRules | None
    stops: Stops
    now: datetime


def can_ask(asking: Asking, asker: Asker, imports: Imports, asked: int, limits: ImportLimits) -> Grant | Refusal:
    """A researcher asks, within the limits; `asked`: how often they did in the last 24 hours (`asked_since`)."""
    standing = may_ask_import(asker.person, asker.permit, asker.rules, asker.now.date(), asker.stops)
    if isinstance(standing, Refusal):
        return standing
    return (
        _too_often(asked, limits)
        or _not_said(asking)
        or _unfit(asking, standing.project, imports, limits)
        or _twice(asking, standing.project, imports)
        or standing
    )


def asked_since(events: Iterable[Event], person: str, now: datetime) -> int:
    """How often `person` uploaded something in the last 24 hours, taken or not."""
    return sum(
        event.kind in {"import.asked", "import.not_taken"}
        and event.actor == person
        and now - datetime.fromisoformat(event.at) < _DAY
        for event in events
    )


def _too_often(asked: int, limits: ImportLimits) -> Refusal | None:
    if asked < limits.asked_per_day:
        return None
    why = say("You have asked {limit} times in 24 hours, which is the most; ask again tomorrow.", limit=asked)
    return Refusal("import.too_often", why)


def _not_said(asking: Asking) -> Refusal | None:
    if not 0 < len(asking.title) <= MOST_TITLE:
        return Refusal("import.title", say("Say what it is in 1 to {most} characters.", most=MOST_TITLE))
    if not 0 < len(asking.why) <= MOST_WHY:
        return Refusal("import.why", say("Say what it is for in 1 to {most} characters.", most=MOST_WHY))
    if not 0 < len(asking.origin) <= MOST_WHY:
        return Refusal("import.origin", say("Say where it comes from in 1 to {most} characters.", most=MOST_WHY))
    return None


def _unfit(asking: Asking, project: str, imports: Imports, limits: ImportLimits) -> Refusal | None:
    names = [file.name for file in asking.files]
    if not names:
        return Refusal("import.no_file", say("Choose at least one file."))
    if len(names) > limits.max_files:
        return Refusal("import.files", say("One import holds at most {limit} files.", limit=limits.max_files))
    for name in names:
        if not _NAME.fullmatch(name):
            why = say(
                "The name of a file may hold letters without accents, digits, dots, hyphens, plus signs and "
                "underscores, and begins with a letter or digit; rename it."
            )
            return Refusal("import.name", why)
    if len({name.lower() for name in names}) != len(names):
        return Refusal("import.name_twice", say("Two files have the same name; rename one."))
    if any(file.size == 0 for file in asking.files):
        return Refusal("import.empty", say("One of the files is empty; leave it out."))
    if any(file.size > limits.max_file_mb * MEGABYTE for file in asking.files):
        return Refusal("import.file_size", say("One file holds at most {limit} MB.", limit=limits.max_file_mb))
    size = sum(file.size for file in asking.files)
    if size > limits.max_total_mb * MEGABYTE:
        return Refusal("import.size", say("One import holds at most {limit} MB.", limit=limits.max_total_mb))
    held = sum(each.size for each in imports.values() if each.project == project and each.holds_room)
    if held + size > limits.project_mb * MEGABYTE:
        why = say(
            "All imports of a project hold at most {limit} MB; withdraw what is no longer needed.",
            limit=limits.project_mb,
        )
        return Refusal("import.project_size", why)
    return None


def _twice(asking: Asking, project: str, imports: Imports) -> Refusal | None:
    """The same files are not asked for again while somebody has yet to decide on them: a form that was sent twice."""
    digest = digest_of(asking.files)
    for each in imports.values():
        if each.project == project and each.status in _UNDER_WAY and each.digest == digest:
            why = say("Exactly these files are asked for already, as import {id}.", id=each.id)
            return Refusal("import.twice", why)
    return None


def can_work_on(
    found: ImportRequest, asker: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """The machine freezes, looks and places while the asker has standing: a permit that ended meanwhile stops an
    import where it is. It takes away what was withdrawn whatever became of the permit.
    """
    if found.status is ImportStatus.WITHDRAWN:
        return Grant(Act.PLACE_IMPORT, EGRESS, found.project, "import.withdrawn")
    if found.status not in {ImportStatus.ASKED, ImportStatus.FROZEN, ImportStatus.APPROVED}:
        return _wrong_status(found)
    standing = may_ask_import(asker, permit, _ANY, today, stops)
    return standing if isinstance(standing, Refusal) else Grant(Act.PLACE_IMPORT, EGRESS, found.project, "import.asked")


# Rules are looked at where an import is asked for and where it is looked into; afterwards its approver is known.
_ANY = ImportRules(approver=Role.OUTPUT_CHECKER, compiled="refuse", identifiers="refuse")


def can_decide(  # noqa: PLR0913, PLR0917 -- who says what of which report, by which permit, when
    found: ImportRequest, seen: str | None, person: Person | None, permit: DataPermit | None, today: date, stops: Stops
) -> Grant | Refusal:
    """Who has the approving role, and did not ask, decides once; `seen` is the report that they read."""
    approver = found.approver or Role.OUTPUT_CHECKER
    standing = may_decide_import(person, permit, found.person, approver, today, stops)
    if isinstance(standing, Refusal):
        return standing
    if found.status is not ImportStatus.IN_REVIEW:
        return _wrong_status(found)
    if seen != found.report:
        why = say("This form is not about the report that stands now; open the page again and read it.")
        return Refusal("import.report", why)
    return standing


def can_withdraw(
    found: ImportRequest, person: Person | None, permit: DataPermit | None, stops: Stops
) -> Grant | Refusal:
    """The asker takes it back, and an output checker or the data holder of the project withdraws it for everybody, also
    after the permit's end; a halt keeps everything as it stands.
    """
    roles = frozenset() if person is None or permit is None else permit.roles_of(person.id) & _MAY_WITHDRAW
    if person is None or (person.id != found.person and not roles):
        why = say("Who asked for it, an output checker or the data holder of the project can withdraw it.")
        return Refusal("import.not_yours", why)
    if not may_go(found.status, ImportStatus.WITHDRAWN):
        return _wrong_status(found)
    return stops.halt(person.id, found.project) or Grant(Act.DECIDE_IMPORT, person.id, found.project, "import.withdraw")


def _wrong_status(found: ImportRequest) -> Refusal:
    return Refusal("import.wrong_status", Message(_STANDS[found.status].text, {"id": found.id}))


# Templates: `_wrong_status` fills in the import.
_STANDS = MappingProxyType(
    {
        ImportStatus.ASKED: say("Import {id} is being taken into quarantine; try again in a moment."),
        ImportStatus.FROZEN: say("Import {id} is being looked into; try again in a moment."),
        ImportStatus.REFUSED: say("Import {id} was refused by the scan; correct the files and ask again."),
        ImportStatus.IN_REVIEW: say("Import {id} waits for its approver; nothing is decided yet."),
        ImportStatus.REJECTED: say("Import {id} was rejected; nothing of it comes in."),
        ImportStatus.APPROVED: say("Import {id} is approved and is being laid into the project."),
        ImportStatus.PLACED: say("Import {id} lies in the project already."),
        ImportStatus.WITHDRAWN: say("Import {id} was withdrawn."),
        ImportStatus.REMOVED: say("Import {id} was withdrawn; nothing of it lies in the project any more."),
    }
)
