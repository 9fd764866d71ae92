"""The watch over open workspaces: what it closes, when it does nothing, and what it survives.

The workspaces here only remember that they were closed; real ones are closed in tests/containers and tests/journeys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.events.log import EventLog
from hub.events.state import Enclave
from hub.policy.limits import IdleLimits
from hub.policy.verdict import Refusal
from hub.present import Present
from hub.watch import Watch
from hub.workspace import Workspace
from tests.hub.enclave import add_person, issue_permit, permit

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IDLE = IdleLimits(after_minutes=60, warn_minutes=10)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class CountedPresent(Present):
    """The present, which knows how often the watch has looked."""

    looks = 0

    def enclave(self) -> Enclave:
        self.looks += 1
        return super().enclave()


class Opened:
    """A workspace that is open until it is revoked; `failures` of its first closings fail."""

    def __init__(self, watch: Watch, person: str, project: str, failures: int = 0) -> None:
        self._watch, self._workspace, self.failures = watch, Workspace(person, project), failures
        self.closed: list[str] = []
        self.asked = 0
        self.used = NOON
        self.hangs: asyncio.Event | None = None

    @property
    def workspace(self) -> Workspace:
        self.asked += 1
        return self._workspace

    async def revoke(self, refusal: Refusal) -> None:
        if self.hangs is not None:
            await self.hangs.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("the engine does not answer")
        self.closed.append(refusal.rule)
        self._watch.remove(self)


class Stand:
    """Alice and amir on `care`, alice on `cost`; all open."""

    def __init__(self, root: Path) -> None:
        self.path, self.clock = root / "log.db", Clock()
        self.log = EventLog(self.path, self.clock)
        for name in ("alice", "amir"):
            add_person(self.log, name)
        for project in ("care", "cost"):
            self.permit(project)
        self.present = CountedPresent(self.log, self.clock)
        self.watch = Watch(self.present, IDLE, period=0.001)
        self.open = [Opened(self.watch, *each) for each in (("alice", "care"), ("amir", "care"), ("alice", "cost"))]

    def permit(self, project: str, people: tuple[str, ...] = ("alice", "amir"), days: int = 2) -> None:
        issued = permit(project, researchers=people)
        first = NOON.date() - timedelta(days=1)
        changes = {"valid_from": first, "valid_until": NOON.date() + timedelta(days=days)}
        issue_permit(self.log, issued.model_copy(update=changes))

    def tell(self, kind: str, project: str = "", **body: str) -> None:
        self.log.append("opal", kind, project, {"why": "x", **body})

    def review(self, days: int, answer: str | None = None) -> None:
        """A review asks about alice on `care` until today; it is answered, and so many days pass."""
        asked = {"until": str(NOON.date()), "effect": "close", "holders": True, "asked": [["care", "alice"]]}
        self.log.append("ada", "campaign.opened", "", {"campaign": "review-1", **asked})
        if answer is not None:
            self.tell(answer, "care", campaign="review-1", person="alice")
        self.clock.now = NOON + timedelta(days=days)

    @property
    def closed(self) -> list[list[str]]:
        return [each.closed for each in self.open]

    def watching(self, act: Callable[[], Awaitable[None]]) -> None:
        """Open everything, then `act`, in one event loop."""

        async def main() -> None:
            for each in self.open:
                self.watch.add(each)
            await self.settled()
            await act()

        asyncio.run(main())

    async def settled(self) -> None:
        """Let the watch look a few times, however slow the machine is; without anything to watch it does not look."""
        until = self.present.looks + 6
        for _ in range(2000):
            await asyncio.sleep(0.005)
            if self.present.looks >= until or self.watch.idle:
                break
        await asyncio.sleep(0.01)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


CAUSES: list[tuple[Callable[[Stand], None], list[list[str]]]] = [
    (
        lambda on: on.tell("access.halted", "care", scope="project", name="care"),
        [["halt.project"], ["halt.project"], []],
    ),
    (lambda on: on.tell("access.halted", scope="person", name="alice"), [["halt.person"], [], ["halt.person"]]),
    (lambda on: on.tell("access.halted", scope="all", name=""), [["halt.all"]] * 3),
    (lambda on: on.tell("person.removed", person="amir"), [[], ["person.unknown"], []]),
    (lambda on: on.tell("permit.ended", "cost"), [[], [], ["permit.ended"]]),
    (lambda on: on.permit("care", ("amir",)), [["permit.not_named"], [], []]),
    (lambda on: setattr(on.clock, "now", NOON + timedelta(days=3)), [["permit.ended"]] * 3),
    (lambda on: on.review(0, "membership.withdrawn"), [["habilitation.withdrawn"], [], []]),
    (lambda on: on.review(0), [[], [], []]),
    (lambda on: on.review(1), [["habilitation.unconfirmed"], [], []]),
    (lambda on: on.review(1, "membership.confirmed"), [[], [], []]),
]


@pytest.mark.parametrize(("cause", "closed"), CAUSES)
def test_each_cause_closes_what_it_reaches_and_nothing_else(
    stand: Stand, cause: Callable[[Stand], None], closed: list[list[str]]
) -> None:
    async def act() -> None:
        assert stand.closed == [[], [], []]
        cause(stand)
        await stand.settled()
        assert stand.closed == closed

    stand.watching(act)


@pytest.mark.parametrize(("hours", "rules"), [(59, []), (60, ["permit.ended"]), (61, ["permit.ended"])])
def test_a_permit_ends_with_its_last_day(stand: Stand, hours: int, rules: list[str]) -> None:
    async def act() -> None:
        stand.clock.now = NOON + timedelta(hours=hours)  # the last day is the day after tomorrow
        await stand.settled()
        assert stand.closed == [rules] * 3

    stand.watching(act)


def test_while_nothing_changes_nothing_is_asked(stand: Stand) -> None:
    async def act() -> None:
        before = [each.asked for each in stand.open]
        stand.tell("budget.exported", "care")  # of no concern to who may open what
        await stand.settled()
        assert [each.asked for each in stand.open] == before

    stand.watching(act)


def test_a_log_that_cannot_be_read_for_a_while_is_survived(stand: Stand) -> None:
    async def act() -> None:
        kept = stand.path.read_bytes()
        stand.path.write_bytes(b"x" * len(kept))
        await stand.settled()
        assert stand.closed == [[], [], []]
        stand.path.write_bytes(kept)
        stand.tell("access.halted", scope="all", name="")
        await stand.settled()
        assert stand.closed == [["halt.all"]] * 3

    stand.watching(act)


def test_a_closing_that_fails_is_tried_until_it_works(stand: Stand) -> None:
    async def act() -> None:
        stand.open[0].failures = 3
        stand.tell("access.halted", scope="all", name="")
        await stand.settled()
        assert stand.closed == [["halt.all"]] * 3

    stand.watching(act)


def test_a_closing_that_hangs_keeps_no_other_open(stand: Stand) -> None:
    async def act() -> None:
        stand.open[0].hangs = asyncio.Event()
        stand.tell("access.halted", "care", scope="project", name="care")
        await stand.settled()
        assert stand.closed == [[], ["halt.project"], []]
        stand.tell("permit.ended", "cost")
        await stand.settled()
        assert stand.closed == [[], ["halt.project"], ["permit.ended"]]
        stand.open[0].hangs.set()
        await stand.settled()
        assert stand.closed[0] == ["halt.project"]  # once

    stand.watching(act)


def test_what_opens_after_the_halt_is_looked_at_without_another_event(stand: Stand) -> None:
    async def act() -> None:
        stand.tell("access.halted", "care", scope="project", name="care")
        await stand.settled()
        late = Opened(stand.watch, "alice", "care")
        stand.watch.add(late)
        await stand.settled()
        assert late.closed == ["halt.project"]

    stand.watching(act)


def test_it_watches_again_after_a_time_with_nothing_open(stand: Stand) -> None:
    async def act() -> None:
        for each in stand.open:
            stand.watch.remove(each)
        await stand.settled()
        stand.watch.add(stand.open[0])
        stand.tell("access.halted", scope="all", name="")
        await stand.settled()
        assert stand.closed == [["halt.all"], [], []]

    stand.watching(act)


def opened(stand: Stand) -> None:
    for each in stand.open:
        stand.log.append(each.workspace.person, "session.started", each.workspace.project, {})


def later(stand: Stand, minutes: float) -> None:
    stand.clock.now = NOON + timedelta(minutes=minutes)


def test_who_does_not_use_a_workspace_is_warned_and_then_closed_with_the_reason(stand: Stand) -> None:
    async def act() -> None:
        opened(stand)
        later(stand, 40)
        stand.open[1].used = stand.clock.now  # amir works on
        later(stand, 61)
        await stand.settled()
        warned = [event for event in stand.log.read() if event.kind == "session.idle"]
        assert sorted((event.project, event.body["person"]) for event in warned) == [
            ("care", "alice"),
            ("cost", "alice"),
        ]
        assert {event.body["until"] for event in warned} == {(NOON + timedelta(minutes=71)).isoformat()}
        later(stand, 70)
        await stand.settled()
        assert stand.closed == [[], [], []]
        later(stand, 71)
        await stand.settled()
        assert stand.closed == [["session.idle"], [], ["session.idle"]]

    stand.watching(act)


def test_use_after_the_warning_keeps_it_and_is_told(stand: Stand) -> None:
    async def act() -> None:
        opened(stand)
        later(stand, 61)
        await stand.settled()
        later(stand, 65)
        for each in stand.open:
            each.used = stand.clock.now  # a cell was started
        later(stand, 72)
        await stand.settled()
        assert stand.closed == [[], [], []]
        assert [event.kind for event in stand.log.read()].count("session.used") == 3
        assert dict(stand.present.enclave().idle) == {}

    stand.watching(act)


def test_a_hub_that_was_down_listens_before_it_closes(stand: Stand) -> None:
    """What servers reported meanwhile is lost: an old warning closes nothing at once."""

    opened(stand)
    until = (NOON + timedelta(minutes=70)).isoformat()
    for each in stand.open:
        body = {"person": each.workspace.person, "until": until}
        stand.log.append("hub", "session.idle", each.workspace.project, body)
    later(stand, 200)

    async def act() -> None:
        assert stand.closed == [[], [], []]
        later(stand, 209)
        await stand.settled()
        assert stand.closed == [[], [], []]
        later(stand, 210)
        await stand.settled()
        assert stand.closed == [["session.idle"]] * 3

    stand.watching(act)
