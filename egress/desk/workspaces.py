"""Workspaces as they run: who is where since when, what is halted, and the halt itself."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part, Waiting
from egress.pages.visit import Visit
from hub.administration.acts import Acting
from hub.events.state import Enclave
from hub.halting import halt, resume
from hub.policy.limits import read_limits
from hub.policy.reason import MOST, reason
from hub.policy.stops import HALTS, Scope
from hub.policy.verdict import Refusal, RefusedError
from hub.running import closed, folders, running
from hub.words import Message, say

NAME = "workspaces"
Step = Callable[[Acting, Scope, str, str], object]
MOST_CLOSED = 100
_NOTHING = Refusal("halt.unknown", say("Choose what is to be halted: a project, a person or everything."))
# What closed a workspace, by the rule in the log; others are shown as they stand there.
CLOSED_BY = MappingProxyType(
    {
        "": say("its person"),
        "session.idle": say("nobody used it"),
        "halt.all": say("a halt of the enclave"),
        "halt.project": say("a halt of the project"),
        "halt.person": say("a halt of the person"),
        "permit.ended": say("the permit's end"),
        "permit.not_named": say("the permit names the person no more"),
        "person.unknown": say("the person was removed"),
        "undertaking.unsigned": say("an undertaking that is not signed"),
        "training.missing": say("no training on record"),
        "training.ended": say("a training that ran out"),
        "habilitation.unconfirmed": say("not confirmed in a habilitation review"),
        "habilitation.withdrawn": say("withdrawn in a habilitation review"),
    }
)


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """The page, and its two acts."""

    def listing(visit: Visit, situation: Situation) -> Response:
        return _page(desk, visit, situation)

    def stop(visit: Visit, situation: Situation) -> Response:
        return _acted(desk, visit, situation, halt)

    def go_on(visit: Visit, situation: Situation) -> Response:
        return _acted(desk, visit, situation, resume)

    return [
        Route(f"/{NAME}", doors.shown(listing)),
        Route(f"/{NAME}/halt", doors.done(stop), methods=["POST"]),
        Route(f"/{NAME}/resume", doors.done(go_on), methods=["POST"]),
    ]


def _acted(desk: Desk, visit: Visit, situation: Situation, step: Step) -> Response:
    """Do it, as the command line does. What a corrected form can undo comes back on the page as it was typed."""
    try:
        scope, name = _reached(visit.form.get("what", ""))
        why = _why(visit)
        desk.act(visit.person, lambda acting: step(acting, scope, name, why))
    except RefusedError as error:
        if error.refusal.rule not in {"why.length", "halt.unknown"}:
            raise
        return _page(desk, visit, situation, error.refusal.reason)
    return RedirectResponse(f"{desk.prefix}{NAME}", status_code=303)


def _why(visit: Visit) -> str:
    found = reason(visit.form.get("why", ""))
    if isinstance(found, Refusal):
        raise RefusedError(found)
    return found


def _reached(what: str) -> tuple[Scope, str]:
    """What a form's choice is on: `all`, `project:<name>`, `person:<name>`. Raises: RefusedError."""
    scope, _, name = what.partition(":")
    if scope not in set(HALTS) or bool(name) is (scope == Scope.ALL):
        raise RefusedError(_NOTHING)
    return Scope(scope), name


def _page(desk: Desk, visit: Visit, situation: Situation, problem: Message | None = None) -> Response:
    enclave, now = situation.enclave, desk.clock()
    halts = [stop for stop in enclave.stops.standing.values() if stop.scope in HALTS]
    return desk.page(
        visit,
        "workspaces.html",
        NAME,
        status=200 if problem is None else 422,
        open=running(enclave, now),
        closed=closed(enclave)[:MOST_CLOSED],
        closed_by=CLOSED_BY,
        halts=sorted(halts, key=lambda stop: stop.at, reverse=True),
        projects=[permit.project for permit in enclave.running(now.date())],
        people=_people(enclave),
        filled=folders(enclave),
        folders=desk.policy_in(read_limits).folders,
        most=MOST,
        problem=problem,
        typed=visit.form if problem is not None else {},
    )


def _people(enclave: Enclave) -> list[tuple[str, str]]:
    return [(person.id, person.name) for _, person in sorted(enclave.persons.items())]


def waiting(_desk: Desk, situation: Situation, _person: str) -> tuple[Waiting, ...]:
    """Every halt waits until somebody lifts it."""
    halts = sum(stop.scope in HALTS for stop in situation.stops.standing.values())
    if not halts:
        return ()
    return (Waiting(say("{number} halts stand: nothing goes on there until they are lifted.", number=halts), NAME),)


PART = Part(NAME, say("Workspaces"), routes, waiting)
