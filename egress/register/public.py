"""From what the log says to what anybody may know. Every field is named here: what is not, is not told. Pure.

No name of a person, no reason, no comment, no title or name that an author chose, no time of day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import median

from egress.imports.status import ImportStatus
from egress.register.known import Known, day, moment
from egress.register.model import (
    Alert,
    AlertOf,
    Answer,
    Category,
    Delay,
    DelayOf,
    PermitState,
    PublicPermit,
    Register,
    Result,
)
from egress.release.model import ReleaseRequest
from egress.release.status import Owner, Status
from egress.release.times import turns_of
from hub.catalogue.model import Catalogue
from hub.policy.base import Title
from hub.policy.breakglass import BreakGlass, Stage
from hub.policy.files import Purposes
from hub.policy.model import DataPermit, Role
from hub.policy.register import RegisterPolicy
from hub.policy.stops import Scope

_HOUR = timedelta(hours=1)
_REFUSED = frozenset({Status.REFUSED, Status.REJECTED})
_DECIDED = _REFUSED | {Status.RETURNED, Status.AWAITS_APPROVAL, Status.APPROVED}
_UNDECIDED = frozenset({Owner.WORKER, Owner.CHECKERS, Owner.APPROVERS})
_IMPORT_DECIDED = (ImportStatus.APPROVED, ImportStatus.REJECTED, ImportStatus.REFUSED)


def register(known: Known, policy: RegisterPolicy, purposes: Purposes, today: date) -> Register:
    """The register of the day `today`."""
    return Register(
        schema="bulle.register/1",
        as_of=today,
        operator=policy.operator,
        contact=policy.contact,
        permits=tuple(
            _permit(known, permit, policy, purposes, today) for _, permit in sorted(known.enclave.permits.items())
        ),
        delays=tuple(_delays(known, policy)),
        alerts=tuple(sorted(_alerts(known, today), key=lambda alert: alert.day, reverse=True)),
    )


def _permit(known: Known, permit: DataPermit, policy: RegisterPolicy, purposes: Purposes, today: date) -> PublicPermit:
    requests = [each for each in known.requests.values() if each.project == permit.project]
    ended = known.enclave.stops.at(Scope.PERMIT, permit.project)
    purpose = purposes.purposes.get(permit.purpose)
    catalogue = known.enclave.sources.get(permit.source)
    researchers = len(permit.with_role(Role.RESEARCHER)) if policy.researchers == "count" else None
    return PublicPermit(
        project=permit.project,
        title=permit.title,
        purpose=purpose.title if purpose else Title(en=permit.purpose, fr=permit.purpose),
        statement=permit.statement,
        source=permit.source,
        source_description=catalogue.source.description if catalogue else None,
        data=tuple(_categories(permit, catalogue)),
        state=_state(known, permit, today),
        issued=known.issued[permit.project].date(),
        versions=len(known.enclave.versions[permit.project]),
        valid_from=permit.valid_from,
        valid_until=permit.valid_until,
        ended=day(ended.at) if ended else None,
        researchers=researchers,
        results=tuple(_results(requests)),
        refusals=sum(not _REFUSED.isdisjoint(reached) for each in requests for reached in turns_of(each)),
        in_progress=sum(each.owner in _UNDECIDED for each in requests),
    )


def _state(known: Known, permit: DataPermit, today: date) -> PermitState:
    stops = known.enclave.stops
    if stops.at(Scope.PERMIT, permit.project) is not None:
        return PermitState.ENDED
    if today > permit.valid_until:
        return PermitState.EXPIRED
    if stops.at(Scope.PROJECT, permit.project) is not None or stops.at(Scope.ALL) is not None:
        return PermitState.HALTED
    return PermitState.NOT_BEGUN if today < permit.valid_from else PermitState.IN_FORCE


def _categories(permit: DataPermit, catalogue: Catalogue | None) -> Iterable[Category]:
    for name, grant in permit.tables.items():
        table = catalogue.tables.get(name) if catalogue else None
        described = [table.columns[column].description if table and column in table.columns else column
                     for column in grant.columns]  # fmt: skip
        years = (grant.years.first, grant.years.last) if grant.years else None
        yield Category(
            table=name, description=table.description if table else None, columns=tuple(described), years=years
        )


def _results(requests: Iterable[ReleaseRequest]) -> Iterable[Result]:
    for each in requests:
        if Status.RELEASED in each.reached:
            recalled = each.reached.get(Status.RECALLED)
            yield Result(
                day=day(each.reached[Status.RELEASED]),
                outputs=len(each.approved),
                recalled=None if recalled is None else day(recalled),
            )


def _delays(known: Known, policy: RegisterPolicy) -> Iterable[Delay]:
    requests, imports = known.requests.values(), known.imports.values()
    extract = [known.extracted[project] - at for project, at in known.issued.items() if project in known.extracted]
    decision = [
        moment(min(ends)) - moment(reached[Status.SUBMITTED])
        for each in requests
        for reached in turns_of(each)
        if (ends := [at for status, at in reached.items() if status in _DECIDED])
    ]
    release = [
        _between(each.reached[Status.SUBMITTED], each.reached[Status.RELEASED])
        for each in requests
        if Status.RELEASED in each.reached
    ]
    brought = [_between(each.reached[ImportStatus.ASKED], each.reached[status])
               for each in imports for status in _IMPORT_DECIDED if status in each.reached]  # fmt: skip
    for what, found in (
        (DelayOf.EXTRACT, extract),
        (DelayOf.DECISION, decision),
        (DelayOf.RELEASE, release),
        (DelayOf.IMPORT, brought),
    ):
        told = round(median(each / _HOUR for each in found), 1) if len(found) >= policy.least_for_median else None
        yield Delay(what=what, cases=len(found), median_hours=told)


def _between(start: str, end: str) -> timedelta:
    return moment(end) - moment(start)


def _alerts(known: Known, today: date) -> Iterable[Alert]:
    for halt in known.halts:
        answer = Answer.OPEN if halt.lifted is None else Answer.RESUMED
        lifted = halt.lifted.date() if halt.lifted else None
        what = AlertOf.ALL_HALTED if halt.project is None else AlertOf.PROJECT_HALTED
        yield Alert(what=what, project=halt.project, day=halt.at.date(), answer=answer, answered=lifted)
    for glass in known.emergencies.values():
        answer = _answer(glass, datetime.combine(today, datetime.min.time(), glass.until.tzinfo))
        yield Alert(
            what=AlertOf.BREAK_GLASS, project=glass.project, day=glass.asked_at.date(), answer=answer, answered=None
        )
    for each in known.volumes.values():
        yield Alert(what=AlertOf.VOLUME, project=each.project, day=day(each.at), answer=Answer.TOLD, answered=None)


def _answer(glass: BreakGlass, now: datetime) -> Answer:
    if glass.stage is Stage.USED:
        return Answer.USED
    return Answer.NOT_USED if glass.is_over(now) else Answer.OPEN
