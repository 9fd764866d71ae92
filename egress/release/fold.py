"""Requests folded from the event log. An event that the table of transitions does not allow changes nothing:
a request cannot be talked past its review, whatever somebody managed to append.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from egress.release import fold_people
from egress.release.guards import EGRESS, SIGNER
from egress.release.model import (
    Basis,
    Brought,
    Failure,
    FrozenFile,
    Lane,
    OutputRecord,
    Recheck,
    ReleaseRequest,
    Rerun,
    Standing,
    Undeclared,
)
from egress.release.moved import moved
from egress.release.review import Sample
from egress.release.status import RECHECKED_IN, Status
from hub.events.chain import Event
from hub.policy.review import ReviewRules
from hub.words import Message

Requests = Mapping[str, ReleaseRequest]


def fold(events: Iterable[Event], requests: Requests | None = None) -> Requests:
    """The requests after `events`, by id, in order of submission. Malformed and foreign events change nothing."""
    state = dict(requests or {})
    for event in events:
        try:
            _apply(state, event)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # written by another version or by hand; `bulle log verify` is what judges the log itself
    return MappingProxyType(state)


def _apply(state: dict[str, ReleaseRequest], event: Event) -> None:
    identity = event.body.get("request")
    if not isinstance(identity, str):
        return
    if event.kind == "request.submitted":
        if identity not in state:
            state[identity] = _submitted(identity, event)
        return
    step, request = _STEPS.get(event.kind), state.get(identity)
    if step is not None and request is not None and request.project == event.project:
        state[identity] = step(request, event)


def _submitted(identity: str, event: Event) -> ReleaseRequest:
    return ReleaseRequest(
        id=identity,
        project=event.project,
        person=event.actor,
        title=str(event.body["title"]),
        entry=str(event.body["entry"]),
        notebook=FrozenFile.from_dict(event.body["notebook"]),
        files=tuple(FrozenFile.from_dict(file) for file in event.body["files"]),
        submitted_at=event.at,
        descriptions=_digest(event.body.get("descriptions")),
        imports=tuple(Brought.from_dict(each) for each in event.body.get("imports", ())),
        reached=MappingProxyType({Status.SUBMITTED: event.at}),
    )


def _digest(raw: object) -> str | None:
    return None if raw is None else str(raw)


def _rerun(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if event.body["ended"] != "finished":
        return request
    said = {field.name: str(event.body[field.name]) for field in fields(Rerun) if field.name in event.body}
    laid = event.body.get("imports", ())  # what was withdrawn meanwhile was not there
    imports = tuple(each for each in request.imports if each.id in laid)
    return moved(request, Status.RERUN, event, rerun=Rerun(**said), imports=imports)


def _checked(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return _examined(request, event, Lane(event.body["lane"])) if request.status is Status.RERUN else request


def _rechecked(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    """Checks that say what they said before confirm the request where it is; others take it back before its reviews."""
    if request.status not in RECHECKED_IN:
        return request
    changed = bool(event.body["changed"])
    void = len(request.reviews) if changed else 0
    rechecks = (*request.rechecks, Recheck(event.at, changed, void))
    if not changed:
        return replace(request, standing=_standing(event.body), rechecks=rechecks, failure=None)
    lane = Lane(event.body["lane"])
    if lane is Lane.AUTOMATIC and request.lane is not Lane.AUTOMATIC:
        lane = Lane.REVIEW  # what people had to look at once is not let go without them
    unread = replace(request, reviews=(), confirmed=frozenset(), approvals=(), decision=None, rechecks=rechecks)
    return _examined(unread, event, lane)


def _examined(request: ReleaseRequest, event: Event, lane: Lane) -> ReleaseRequest:
    body = event.body
    checked = moved(
        request,
        Status.CHECKED,
        event,
        lane=lane,
        outputs=tuple(OutputRecord.from_dict(output) for output in body["outputs"]),
        undeclared=tuple(Undeclared.from_dict(thing) for thing in body["undeclared"]),
        review=_review_rules(body),
        basis=_basis(body["basis"]),
        standing=_standing(body),
    )
    if checked is request or lane is not Lane.REVIEW:
        return checked
    return moved(checked, Status.IN_REVIEW, event)


def _basis(raw: Mapping[str, Any]) -> Basis:
    versions = {str(name): str(version) for name, version in raw["versions"].items()}
    return Basis(str(raw["rules_name"]), str(raw["rules"]), MappingProxyType(versions))


def _review_rules(body: Mapping[str, Any]) -> ReviewRules:
    """Logs of before say the number of checkers only. Raises: ValueError for none."""
    if "review" in body:
        return ReviewRules.model_validate(body["review"])
    return ReviewRules(checkers=int(body["checkers_required"]))


def _standing(body: Mapping[str, Any]) -> Standing | None:
    """None in logs that are older than the ledger."""
    return Standing.from_dict(body["standing"]) if "standing" in body else None


def _refused(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    reasons = tuple(Message.from_dict(reason) for reason in event.body["reasons"])
    return moved(request, Status.REFUSED, event, reasons=reasons)


def _signed(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if request.status is not Status.APPROVED or event.actor != SIGNER:
        return request
    return replace(request, signed=str(event.body["digest"]))


def _released(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return moved(request, Status.RELEASED, event, package=str(event.body["package"]))


def _kept(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if request.status is not Status.APPROVED or event.actor != EGRESS:
        return request
    return replace(request, dossier=str(event.body["dossier"]))


def _sampled(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    if request.status is not Status.RELEASED or request.lane is not Lane.AUTOMATIC or request.sample is not None:
        return request
    return replace(request, sample=Sample(event.at))


def _expired(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return moved(request, Status.EXPIRED, event)


def _failed(request: ReleaseRequest, event: Event) -> ReleaseRequest:
    return replace(request, failure=Failure.after(request.failure, event))


_STEPS: Mapping[str, Callable[[ReleaseRequest, Event], ReleaseRequest]] = MappingProxyType(
    {
        "request.rerun": _rerun,
        "request.checked": _checked,
        "request.rechecked": _rechecked,
        "request.refused": _refused,
        "request.signed": _signed,
        "dossier.kept": _kept,
        "request.released": _released,
        "request.sampled": _sampled,
        "request.expired": _expired,
        "request.failed": _failed,
        **fold_people.STEPS,
    }
)
