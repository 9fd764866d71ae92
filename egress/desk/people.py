"""The desk's pages of people: who is known, what they have signed and learnt, where they work; adding and removing,
recording a training, halting and resuming.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from egress.airlock.situation import Situation
from egress.desk.part import Desk, DeskDoors, Part, Waiting
from egress.desk.wording import reason_of
from egress.pages.visit import Visit
from egress.pages.wording import ROLES
from hub.administration.acts import Acting, add_person, record_training, remove_person
from hub.administration.lacks import ending, missing, signed_until
from hub.halting import halt, resume
from hub.policy.factors import Factors
from hub.policy.files import PolicyFileError
from hub.policy.model import Person
from hub.policy.people import read_people
from hub.policy.stops import Scope
from hub.policy.verdict import Refusal, RefusedError
from hub.words import Message, say

NAME = "people"
MOST_NAMED = 5  # one by one on the first page; more are a number


def routes(desk: Desk, doors: DeskDoors) -> list[BaseRoute]:
    """All pages of people."""
    pages = _Pages(desk)
    return [
        Route("/people", doors.shown(pages.listing), methods=["GET"]),
        Route("/people", doors.done(pages.add), methods=["POST"]),
        Route("/people/{name}", doors.shown(pages.show)),
        Route("/people/{name}/training", doors.done(pages.train), methods=["POST"]),
        Route("/people/{name}/halt", doors.done(pages.halt), methods=["POST"]),
        Route("/people/{name}/resume", doors.done(pages.resume), methods=["POST"]),
        Route("/people/{name}/remove", doors.done(pages.remove), methods=["POST"]),
    ]


def waiting(desk: Desk, situation: Situation, _person: str) -> tuple[Waiting, ...]:
    """Persons whom a running permit names, and who lack something or will soon."""
    today, soon = desk.clock().date(), desk.policy.soon_days.value
    named = {member.person for permit in situation.enclave.running(today) for member in permit.persons}
    lacking = [
        person
        for person in sorted(situation.enclave.persons.values(), key=lambda each: each.id)
        if (person.id in named or person.administrator) and (missing(person, today) or ending(person, today, soon))
    ]
    if len(lacking) > MOST_NAMED:
        return (Waiting(say("{number} persons lack something, or will soon", number=len(lacking)), NAME),)
    return tuple(
        Waiting(say("{person} lacks something, or will soon", person=person.name), f"people/{person.id}")
        for person in lacking
    )


class _Pages:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def listing(self, visit: Visit, situation: Situation, problem: Message | None = None) -> Response:
        """Everybody who is known, and the form that adds somebody."""
        enclave, today, soon = situation.enclave, self._desk.clock().date(), self._desk.policy.soon_days.value
        running = enclave.running(today)
        rows = [
            (
                person,
                missing(person, today),
                ending(person, today, soon),
                [permit.project for permit in running if permit.roles_of(person.id)],
                enclave.stops.at(Scope.PERSON, person.id),
            )
            for person in sorted(enclave.persons.values(), key=lambda each: (each.name.casefold(), each.id))
        ]
        status = 422 if problem else 200
        return self._desk.page(visit, "people.html", NAME, status, rows=rows, problem=problem, typed=visit.form)

    def add(self, visit: Visit, situation: Situation) -> Response:
        """Make somebody known, or correct their name."""
        typed = {key: visit.form.get(key, "").strip() for key in ("id", "name", "organisation")}
        try:
            person = Person.model_validate({**typed, "organisation": typed["organisation"] or None})
        except ValidationError:
            why = say("A login name has small letters, digits, dots and hyphens; a name is not empty.")
            return self.listing(visit, situation, why)
        self._desk.act(visit.person, lambda acting: add_person(acting, person))
        return self._back(person.id)

    def show(self, visit: Visit, situation: Situation, problem: Message | None = None, at: str = "") -> Response:
        """One person. `at`: the form that `problem` is about."""
        enclave, today = situation.enclave, self._desk.clock().date()
        person = self._person(visit, situation)
        standing = person.standing
        held = enclave.factors.get(person.id, Factors()).held
        return self._desk.page(
            visit,
            "person.html",
            NAME,
            422 if problem else 200,
            known=person,
            lacks=missing(person, today),
            ending=ending(person, today, self._desk.policy.soon_days.value),
            undertakings=[(each, signed_until(standing, each)) for each in standing.required.undertakings],
            permits=[(permit, permit in enclave.running(today)) for permit in enclave.projects_of(person.id)],
            factors=sorted(held.values(), key=lambda factor: factor.at),
            halted=enclave.stops.at(Scope.PERSON, person.id),
            roles=ROLES,
            today=today,
            problem=problem,
            at=at,
            typed=visit.form,
        )

    def train(self, visit: Visit, situation: Situation) -> Response:
        """Record a training."""
        person = self._person(visit, situation)
        try:
            done = date.fromisoformat(visit.form.get("done", ""))
        except ValueError:
            return self.show(visit, situation, say("Give the day of the training, as 2026-03-01."), "training")
        try:
            days = read_people(self._desk.policies).training.valid_days.value
        except PolicyFileError as error:
            raise RefusedError(Refusal("policy.unreadable", error.messages[0])) from error
        try:
            self._desk.act(visit.person, lambda acting: record_training(acting, person.id, done, days))
        except RefusedError as error:
            return self.show(visit, situation, error.refusal.reason, "training")
        return self._back(person.id)

    def halt(self, visit: Visit, situation: Situation) -> Response:
        """Halt the person's access, now."""
        return self._stop(visit, situation, "halt", lambda acting, name, why: halt(acting, Scope.PERSON, name, why))

    def resume(self, visit: Visit, situation: Situation) -> Response:
        """Lift that halt."""
        return self._stop(visit, situation, "resume", lambda acting, name, why: resume(acting, Scope.PERSON, name, why))

    def remove(self, visit: Visit, situation: Situation) -> Response:
        """Make the person unknown."""
        return self._stop(visit, situation, "remove", remove_person, "people")

    def _stop(
        self,
        visit: Visit,
        situation: Situation,
        at: str,
        step: Callable[[Acting, str, str], object],
        then: str = "",
    ) -> Response:
        person, why = self._person(visit, situation), reason_of(visit)
        if isinstance(why, Refusal):
            return self.show(visit, situation, why.reason, at)
        self._desk.act(visit.person, lambda acting: step(acting, person.id, why))
        return RedirectResponse(f"{self._desk.prefix}{then}", status_code=303) if then else self._back(person.id)

    def _back(self, person: str) -> Response:
        return RedirectResponse(f"{self._desk.prefix}people/{person}", status_code=303)

    def _person(self, visit: Visit, situation: Situation) -> Person:
        found = situation.enclave.persons.get(visit.request.path_params["name"])
        if found is None:
            raise RefusedError(Refusal("desk.person", say("No such person is known to the enclave.")))
        return found


PART = Part(NAME, say("People"), routes, waiting)
