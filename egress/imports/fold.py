"""Imports folded from the event log. An event that the table of transitions does not allow changes nothing: an import
cannot be talked past its approver, whatever somebody managed to append. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from egress.imports.model import Decided, ImportRequest, import_id
from egress.imports.status import ImportStatus, may_go
from egress.release.guards import EGRESS
from egress.release.model import Failure, FrozenFile
from hub.events.chain import Event
from hub.policy.model import Role
from hub.words import Message

Imports = Mapping[str, ImportRequest]


def fold(events: Iterable[Event], before: Imports | None = None) -> Imports:
    """The imports after `events`, by id, in order of asking. Malformed and foreign events change nothing."""
    state = dict(before or {})
    for event in events:
        if event.kind.startswith("import."):
            try:
                _apply(state, event)
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # written by another version or by hand; `bulle log verify` judges the log itself
    return MappingProxyType(state)


def placed_in(imports: Imports, project: str) -> tuple[ImportRequest, ...]:
    """What lies in the project's folder of imports, in order of asking."""
    return tuple(each for each in imports.values() if each.project == project and each.status is ImportStatus.PLACED)


def next_number(imports: Imports, project: str) -> int:
    """The number of the project's next import."""
    return 1 + max((each.number for each in imports.values() if each.project == project), default=0)


def _apply(state: dict[str, ImportRequest], event: Event) -> None:
    identity = str(event.body.get("import", ""))
    known = state.get(identity)
    if event.kind == "import.asked":
        asked = _asked(event)
        if known is None and identity == asked.id:
            state[identity] = asked
        return
    step = _STEPS.get(event.kind)
    if step is not None and known is not None and known.project == event.project:
        if event.kind in _OF_THE_SERVICE and event.actor != EGRESS:
            return
        state[identity] = step(known, event)


def _asked(event: Event) -> ImportRequest:
    body, number = event.body, int(event.body["number"])
    return ImportRequest(
        id=import_id(event.project, number),
        project=event.project,
        number=number,
        person=event.actor,
        title=str(body["title"]),
        why=str(body["why"]),
        origin=str(body["origin"]),
        files=tuple(FrozenFile.from_dict(file) for file in body["files"]),
        reached=MappingProxyType({ImportStatus.ASKED: event.at}),
    )


def _moved(found: ImportRequest, target: ImportStatus, event: Event, **changes: object) -> ImportRequest:
    # Each step names the files it is about: one that names others is about something else.
    if not may_go(found.status, target) or event.body.get("digest") != found.digest:
        return found
    reached = MappingProxyType({**found.reached, target: event.at})
    return replace(found, status=target, reached=reached, failure=None, **changes)  # type: ignore[arg-type]  # fields of ImportRequest, named by the steps below


def _frozen(found: ImportRequest, event: Event) -> ImportRequest:
    return _moved(found, ImportStatus.FROZEN, event)


def _scanned(found: ImportRequest, event: Event) -> ImportRequest:
    report, approver = str(event.body["report"]), Role(event.body["approver"])
    return _moved(found, ImportStatus.IN_REVIEW, event, report=report, approver=approver)


def _refused(found: ImportRequest, event: Event) -> ImportRequest:
    reasons = tuple(Message.from_dict(reason) for reason in event.body["reasons"])
    return _moved(found, ImportStatus.REFUSED, event, report=str(event.body["report"]), reasons=reasons)


def _decided(found: ImportRequest, event: Event) -> ImportRequest:
    if event.actor == found.person or event.body["report"] != found.report:
        return found
    target = ImportStatus.APPROVED if event.kind == "import.approved" else ImportStatus.REJECTED
    return _moved(found, target, event, decided=Decided(event.actor, event.at, str(event.body["comment"])))


def _placed(found: ImportRequest, event: Event) -> ImportRequest:
    return _moved(found, ImportStatus.PLACED, event)


def _withdrawn(found: ImportRequest, event: Event) -> ImportRequest:
    why = Decided(event.actor, event.at, str(event.body["why"]))
    return _moved(found, ImportStatus.WITHDRAWN, event, withdrawn=why)


def _removed(found: ImportRequest, event: Event) -> ImportRequest:
    return _moved(found, ImportStatus.REMOVED, event)


def _failed(found: ImportRequest, event: Event) -> ImportRequest:
    return replace(found, failure=Failure.after(found.failure, event))


_STEPS: Mapping[str, Callable[[ImportRequest, Event], ImportRequest]] = MappingProxyType(
    {
        "import.frozen": _frozen,
        "import.scanned": _scanned,
        "import.refused": _refused,
        "import.approved": _decided,
        "import.rejected": _decided,
        "import.placed": _placed,
        "import.withdrawn": _withdrawn,
        "import.removed": _removed,
        "import.failed": _failed,
    }
)
_OF_THE_SERVICE = frozenset(
    {"import.frozen", "import.scanned", "import.refused", "import.placed", "import.removed", "import.failed"}
)
