"""An output checker's pages: the queue, and the review of one request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from starlette.responses import RedirectResponse, Response

from egress.airlock.desk import MAX_COMMENT, Desk, Opened
from egress.airlock.situation import Situation
from egress.checks.model import Audience
from egress.pages.visit import Visit
from egress.release.decision import carried
from egress.release.model import OutputRecord, ReleaseRequest
from egress.release.novelty import Novelty, due_at, novelty
from egress.release.reviewing import (
    asks_look,
    asks_vote,
    can_open_review,
    has_voted,
    review_of,
    visible_reviews,
)
from egress.release.status import Status
from egress.store.quarantine import QuarantineError
from egress.web import wording
from egress.web.acts import offered
from egress.web.history import steps, turn_steps
from egress.web.neighbours import earlier_requests, shared_keys
from egress.web.outputs import output_views
from egress.web.since import NEW, Since, since
from egress.web.source import source_of
from egress.web.submitted import Submitted
from egress.web.visit import Renderer, roles_of
from egress.web.votes import VOTE, words_in
from hub.events.log import Clock
from hub.policy.decide import may_review
from hub.policy.verdict import Grant, Refusal, RefusedError, require
from hub.words import Message

MOST = 50  # requests that a checker has reviewed, on their page; the command line lists all


@dataclass(frozen=True)
class CheckerPages:
    """Handlers; each asks the desk, which knows who may see and do what."""

    desk: Desk
    submitted: Submitted
    render: Renderer
    clock: Clock

    def queue(self, visit: Visit) -> Response:
        """Requests that wait for a checker, on projects whose permit names this person as one; the one due first
        first.
        """
        situation = self.desk.look()
        seen = situation.visible_to(visit.person)[::-1]
        mine = {
            permit.project
            for permit in situation.enclave.projects_of(visit.person)
            if situation.is_checker(visit.person, permit.project)
        }
        checking = [request for request in seen if request.project in mine]
        given = [request for request in reversed(checking) if review_of(request, visit.person)]
        return self.render.page(
            visit,
            "queue.html",
            roles_of(situation, visit.person),
            section="queue",
            todo=sorted(
                (
                    _waiting(situation, request, self.clock())
                    for request in checking
                    if asks_vote(request, visit.person)
                ),
                key=lambda each: (each.due is None, each.due, each.request.id),
            ),
            samples=[request for request in checking if asks_look(request, visit.person)],
            approving=[
                request
                for request in seen
                if request.status is Status.AWAITS_APPROVAL
                and offered(situation, request, visit.person, self.clock().date()).answer
            ],
            given=given[:MOST],
            older=len(given) - len(given[:MOST]),
            wording=wording,
        )

    def review(self, visit: Visit) -> Response:
        """Everything there is to know about one request, and the form of the decision."""
        return self._page(visit, self.desk.open(visit.request.path_params["request"], visit.person))

    def vote(self, visit: Visit) -> Response:
        """Take the votes. Sent twice they count once; refused ones come back as they were typed."""
        opened = self.desk.open(visit.request.path_params["request"], visit.person)
        found = opened.request
        there = RedirectResponse(f"{self.render.prefix}review/{found.id}", status_code=303)
        if has_voted(found, visit.person):
            return there
        try:
            votes, remarks = words_in(visit.form, self.clock())
            self.desk.review(found.id, visit.person, votes, remarks, visit.form.get("checks", ""))
        except RefusedError as error:
            opened = self.desk.open(found.id, visit.person)
            if has_voted(opened.request, visit.person):
                return there  # the same form, sent twice at the same time
            if not error.refusal.rule.startswith("review.") or error.refusal.rule == "review.own":
                raise
            if error.refusal.rule == "review.changed":
                # what was ticked was ticked before other findings
                kept = {field: value for field, value in visit.form.items() if not field.startswith(VOTE)}
                visit = replace(visit, form=kept)
            return self._page(visit, opened, error.refusal.reason)
        return there

    def _page(self, visit: Visit, opened: Opened, problem: Message | None = None) -> Response:
        found, situation = opened.request, opened.situation
        standing = self._standing(visit, found, situation)
        return self.render.page(
            visit,
            "review.html",
            roles_of(situation, visit.person),
            status=200 if problem is None else 422,
            section="queue",
            request=found,
            outputs=output_views(self.desk, opened, visit.language),
            steps=steps(found),
            turn_steps=turn_steps,
            mine=review_of(found, visit.person),
            refusal=standing.reason if isinstance(standing, Refusal) else None,
            permit=situation.permit(found.project),
            source=source_of(found, self.submitted),
            since=self._since(opened),
            shared=shared_keys(self.desk, opened, visit.person),
            earlier=earlier_requests(opened),
            problem=problem,
            typed=visit.form,
            most=MAX_COMMENT,
            others=[each for each in visible_reviews(found, visit.person) if each.checker != visit.person],
            kept=carried(found, visit.person),
            answer=self.desk.answer(found),
            offered=offered(situation, found, visit.person, self.clock().date()),
            now=self.clock().isoformat(),
            may_open={request.id for request in situation.visible_to(visit.person)},
            repeated=[each for each in found.rechecks if each.changed],
            wording=wording,
        )

    def _standing(self, visit: Visit, found: ReleaseRequest, situation: Situation) -> Grant | Refusal:
        """Whether this person could vote now. Raises: RefusedError for somebody who is no checker of this request."""
        person, permit, today = situation.person(visit.person), situation.permit(found.project), self.clock().date()
        if found.person == visit.person or not situation.is_checker(visit.person, found.project):
            require(may_review(person, permit, found.person, today, situation.stops))
        return can_open_review(found, person, permit, today, situation.stops)

    def _since(self, opened: Opened) -> dict[str, Since]:
        """What changed in each output since the last turn that had outputs; empty in a first one."""
        turn = next((turn for turn in reversed(opened.request.turns) if turn.outputs), None)
        if turn is None:
            return {}
        before = {output.name: output for output in turn.outputs}
        return {output.name: self._compared(before.get(output.name), output) for output in opened.request.outputs}

    def _compared(self, before: OutputRecord | None, now: OutputRecord) -> Since:
        if before is None:
            return NEW
        try:
            return since(*(self.desk.read(output, Audience.CHECKER) for output in (before, now)))
        except (QuarantineError, ValueError, KeyError, TypeError):
            return NEW  # what cannot be read is not called unchanged


@dataclass(frozen=True)
class Waiting:
    """One request in the queue; `late` once its checkers should have answered."""

    request: ReleaseRequest
    novelty: Novelty
    due: datetime | None
    late: bool


def _waiting(situation: Situation, request: ReleaseRequest, now: datetime) -> Waiting:
    due = due_at(request)
    return Waiting(request, novelty(request, situation.known), due, due is not None and due < now)
