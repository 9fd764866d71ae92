"""What the desk is made of: parts with pages of their own, and what each page is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from egress.airlock.following import Following
from egress.airlock.situation import Situation
from egress.pages.doors import Doors, Endpoint
from egress.pages.login import Login
from egress.pages.visit import Templates, Visit
from hub.events.log import Clock
from hub.policy.administrators import may_administer
from hub.policy.desk import DeskPolicy
from hub.policy.verdict import require
from hub.words import Message

CHANNEL = "desk"
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
        parts = [(part.name, part.title) for part in self.parts]
        return self._templates.show(visit, template, {**values, "parts": parts, "section": section}, status)

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

    def refusal(self, visit: Visit, reason: Message, status: int, *, foreseen: bool) -> Response:  # noqa: ARG002 -- nothing is asked for this page
        return self._desk.page(visit, "refused.html", None, status, reason=reason, code=status)
