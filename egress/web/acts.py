"""What people do to a request besides voting, as forms: which are offered to whom, and what one does when sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from starlette.responses import RedirectResponse, Response

from egress.airlock.acts import Acts
from egress.airlock.situation import Situation
from egress.pages.visit import Visit
from egress.release.model import ReleaseRequest
from egress.release.turns import can_appeal, can_approve, can_recall, can_return, can_see_sample, can_withdraw
from egress.web.visit import Renderer
from hub.policy.verdict import Grant

MOST = 2_000  # characters of a reason


@dataclass(frozen=True)
class Offered:
    """The acts that a person may do on a request now; a page shows a form for each."""

    send_back: bool
    appeal: bool
    answer: bool
    recall: bool
    see_sample: bool
    withdraw: bool


def offered(situation: Situation, request: ReleaseRequest, person: str, today: date) -> Offered:
    """Asked of the rules; they are asked again when a form is sent."""
    known, permit, stops = situation.person(person), situation.permit(request.project), situation.stops
    common = (request, known, permit, today, stops)
    verdicts = (
        can_return(*common),
        can_appeal(*common),
        can_approve(*common),
        can_recall(request, known, permit, stops),
        can_see_sample(*common),
        can_withdraw(request, person, stops),
    )
    return Offered(*(isinstance(verdict, Grant) for verdict in verdicts))


@dataclass(frozen=True)
class ActPages:
    """Handlers of the forms."""

    acts: Acts
    render: Renderer

    def send_back(self, visit: Visit) -> Response:
        """Back to the author, by a checker or by the author."""
        return self._done(visit, lambda request: self.acts.send_back(request, visit.person, _why(visit)))

    def appeal(self, visit: Visit) -> Response:
        """The author's one appeal."""
        return self._done(visit, lambda request: self.acts.appeal(request, visit.person, _why(visit)))

    def answer(self, visit: Visit) -> Response:
        """Whoever must agree does, or does not."""
        agrees = visit.form.get("agrees") == "yes"
        return self._done(visit, lambda request: self.acts.answer(request, visit.person, _why(visit), agrees=agrees))

    def recall(self, visit: Visit) -> Response:
        """A release is recalled."""
        return self._done(visit, lambda request: self.acts.recall(request, visit.person, _why(visit)))

    def see_sample(self, visit: Visit) -> Response:
        """What the lot chose was looked at."""
        return self._done(visit, lambda request: self.acts.see_sample(request, visit.person, _why(visit)))

    def withdraw(self, visit: Visit) -> Response:
        """The author takes the request back for good."""
        return self._done(visit, lambda request: self.acts.withdraw(request, visit.person))

    def _done(self, visit: Visit, act: Callable[[str], None]) -> Response:
        request = visit.request.path_params["request"]
        act(request)  # an id that is not one of a request was refused here
        return RedirectResponse(f"{self.render.prefix}requests/{request}", status_code=303)


def _why(visit: Visit) -> str:
    return visit.form.get("why", "")[:MOST]
