"""What the desk is made of: parts with pages of their own, and what each page is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from egress.airlock.following import Following
from egress.airlock.situation import Situation
from egress.pages.doors import Doors, Endpoint
from egress.pages.login import Login
from egress.pages.upload import Bounds, Uploaded, Uploads
from egress.pages.visit import Templates, Visit
from hub.administration.acts import Acting
from hub.administration.against import Known
from hub.administration.known import read_known
from hub.events.log import Clock
from hub.events.state import Enclave
from hub.policy.administrators import may_administer
from hub.policy.desk import DeskPolicy
from hub.policy.files import PolicyFileError
from hub.policy.verdict import Refusal, RefusedError, require
from hub.words import Message, say

CHANNEL = "desk"
T = TypeVar("T")
Shown = Callable[[Visit, Situation], Response]


@dataclass(frozen=True)
class Waiting:
    """Something that waits for an administrator: what, and the page below the desk's prefix where it is done.

    `urgent`: nothing of it works until then.
    """

    what: Message
    path: str
    urgent: bool = False


class Desk:
    """What pages are made from. `policies`: the folder of policies."""

    def __init__(self, login: Login, following: Following, policy: DeskPolicy, policies: Path, clock: Clock) -> None:
        self.login, self.following, self.policy, self.policies, self.clock = login, following, policy, policies, clock
        self.parts: tuple[Part, ...] = ()
        settings = login.hub.settings
        self.prefix = settings.prefix
        self._templates = Templates("egress.desk", settings.prefix, settings.hub_path)

    def page(self, visit: Visit, template: str, section: str | None, status: int = 200, **values: Any) -> Response:
        """The page of `template`, which belongs to the part `section`."""
        sections = [(part.name, part.title) for part in self.parts]
        return self._templates.show(visit, template, {**values, "sections": sections, "section": section}, status)

    def known(self, situation: Situation) -> Known:
        """What permits are held against. Raises: RefusedError for policies that cannot be read."""
        return self.known_at(situation.enclave)

    def known_at(self, enclave: Enclave) -> Known:
        """As `known`, of the state that an act is decided on."""
        return self.policy_in(lambda policies: read_known(policies, enclave, self.clock().date()))

    def policy_in(self, read: Callable[[Path], T]) -> T:
        """What `read` finds in the folder of policies. Raises: RefusedError for what cannot be read."""
        try:
            return read(self.policies)
        except PolicyFileError as error:
            raise RefusedError(Refusal("policy.unreadable", error.messages[0])) from error

    def act(self, person: str, step: Callable[[Acting], T]) -> T:
        """One act in one transaction, for who still administers then. Raises: RefusedError, also for a refusal that the
        act wrote down and returns.
        """
        with self.following.deciding() as (situation, transaction):
            acting = Acting(transaction, situation.enclave, situation.papers, person, CHANNEL, self.clock())
            require(may_administer(acting.person, acting.today, acting.enclave.stops))
            done = step(acting)
        if isinstance(done, Refusal):
            raise RefusedError(done)
        return done

    @property
    def bounds(self) -> Bounds:
        """Of files that administrators send."""
        limits = self.policy.uploads.value
        too_large = Refusal("desk.size", say("A file for the desk holds at most {most} kB.", most=limits.most_kb))
        return Bounds("desk", 1, limits.most_kb * 1_000, limits.seconds, limits.at_once, too_large)

    def administering(self, person: str) -> Situation:
        """Everything as it stands now, for an administrator. Raises: RefusedError."""
        situation = self.following.look()
        require(may_administer(situation.person(person), self.clock().date(), situation.stops))
        return situation


@dataclass(frozen=True)
class Part:
    """One entry of the desk's navigation: its first page is `/<name>`; the first part's is `/`.

    `waiting`: what of it waits for the person, the most urgent first.
    """

    name: str
    title: Message
    routes: Callable[[Desk, DeskDoors], list[BaseRoute]]
    waiting: Callable[[Desk, Situation, str], tuple[Waiting, ...]] = lambda _desk, _situation, _person: ()


class DeskDoors(Doors):
    """Doors that open for administrators only: each asks the rule, of the log as it stands then."""

    def __init__(self, desk: Desk, status_of: dict[str, int]) -> None:
        super().__init__(desk.login, status_of)
        self._desk = desk

    def shown(self, handler: Shown) -> Endpoint:
        """A page."""
        return self.read(lambda visit: handler(visit, self._desk.administering(visit.person)))

    def done(self, handler: Shown) -> Endpoint:
        """An act, from a form; it asks its own rule again when it is written down."""
        return self.act(lambda visit: handler(visit, self._desk.administering(visit.person)))

    def sent(self, uploads: Uploads, handler: Callable[[Visit, Situation, Uploaded], Response]) -> Endpoint:
        """An act, from a form with a file."""
        return self.upload(
            uploads,
            lambda visit, sent: handler(visit, self._desk.administering(visit.person), sent),
            before=self._desk.administering,
        )

    def refusal(self, visit: Visit, reason: Message, status: int, *, foreseen: bool) -> Response:  # noqa: ARG002 -- nothing is asked for this page
        return self._desk.page(visit, "refused.html", None, status, reason=reason, code=status)
