"""What people do to a request besides voting: send it back, appeal, agree, recall, take it back. Each act asks its rule
in the transaction that writes it down, and so does each refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from egress.airlock.desk import printable, refused_body
from egress.airlock.following import Following
from egress.airlock.situation import Situation
from egress.release.model import ReleaseRequest
from egress.release.turns import can_appeal, can_approve, can_recall, can_return, can_see_sample, can_withdraw
from hub.events.log import Clock, utc_now
from hub.policy.model import DataPermit, Person
from hub.policy.stops import Stops
from hub.policy.verdict import Grant, Refusal, RefusedError
from hub.words import say

Rule = Callable[[Situation, ReleaseRequest, date], Grant | Refusal]
Body = Mapping[str, object]
_Ruling = Callable[[ReleaseRequest, Person | None, DataPermit | None, date, Stops], Grant | Refusal]


class Acts:
    """Needs the log and nothing else; what follows it may be shared with a desk."""

    def __init__(self, following: Following, clock: Clock = utc_now) -> None:
        self._following = following
        self._clock = clock

    def send_back(self, request: str, person: str, why: str) -> None:
        """A checker sends the request back, or its author takes it back to correct it. Raises: RefusedError."""
        self._act(request, person, "request.returned", _by(can_return, person), why=why)

    def appeal(self, request: str, person: str, why: str) -> None:
        """The author asks that other people decide. Raises: RefusedError."""
        self._act(request, person, "request.appealed", _by(can_appeal, person), why=why)

    def recall(self, request: str, person: str, why: str) -> None:
        """A release is taken back as far as it still can be. Raises: RefusedError."""

        def rule(situation: Situation, found: ReleaseRequest, _today: date) -> Grant | Refusal:
            return can_recall(found, situation.person(person), situation.permit(found.project), situation.stops)

        self._act(request, person, "request.recalled", rule, why=why)

    def answer(self, request: str, person: str, comment: str, *, agrees: bool) -> None:
        """Agree to the checkers' decision, or not, in the role that the rules ask for. Raises: RefusedError."""
        if not agrees:
            _needed(comment)

        def body(grant: Grant) -> Body:
            return {
                "role": grant.rule.removeprefix("permit."),
                "agrees": agrees,
                "comment": printable(comment),
            }

        self._act(request, person, "approval.given", _by(can_approve, person), body)

    def see_sample(self, request: str, person: str, why: str) -> None:
        """Say that a release which the lot chose was looked at, and what was found. Raises: RefusedError."""
        self._act(request, person, "sample.seen", _by(can_see_sample, person), why=why)

    def withdraw(self, request: str, person: str) -> None:
        """The author takes the request back for good. Raises: RefusedError."""

        def rule(situation: Situation, found: ReleaseRequest, _today: date) -> Grant | Refusal:
            return can_withdraw(found, person, situation.stops)

        self._act(request, person, "request.withdrawn", rule)

    def _act(  # noqa: PLR0913 -- what is done by whom to what, by which rule, and what is written down
        self,
        request: str,
        person: str,
        kind: str,
        rule: Rule,
        body: Callable[[Grant], Body] = lambda _grant: {},
        *,
        why: str | None = None,
    ) -> None:
        said: Body = {} if why is None else {"why": _needed(why)}
        with self._following.deciding() as (situation, transaction):
            if (halted := situation.stops.on_person(person)) is not None:
                raise RefusedError(halted)  # they see no request, and read why
            found = situation.visible(request, person)
            verdict = rule(situation, found, self._clock().date())
            if isinstance(verdict, Refusal):
                transaction.append(person, "request.act_refused", found.project, refused_body(request, verdict))
            else:
                transaction.append(person, kind, found.project, {"request": request, **body(verdict), **said})
        if isinstance(verdict, Refusal):
            raise RefusedError(verdict)


def _by(rule: _Ruling, person: str) -> Rule:
    """`rule`, asked for `person` with what these rules have in common."""

    def asked(situation: Situation, found: ReleaseRequest, today: date) -> Grant | Refusal:
        return rule(found, situation.person(person), situation.permit(found.project), today, situation.stops)

    return asked


def _needed(text: str) -> str:
    """Whoever does it says why. Raises: RefusedError."""
    written = printable(text).strip()
    if not written:
        raise RefusedError(Refusal("request.why", say("Say why in a sentence; nothing was done.")))
    return written
