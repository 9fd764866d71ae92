"""What is counted as one, what is told of it and when; what a flood or an invented name cannot do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.alarms import Refused, Tally, alarms, body_of, due_alarms, read_refused, step_of, with_refused, with_told
from hub.events.chain import Event
from hub.events.state import Enclave
from hub.policy.alarms import Place, read_alarms
from hub.policy.model import Person
from hub.policy.standing import Standing
from tests.hub.enclave import permit

DOORS = Path(__file__).parents[2] / "images" / "doors"
POLICY = read_alarms()
NOON = 1_770_000_000.0
KNOWN = Enclave(
    persons={"alice": Person(id="alice", name="Alice", standing=Standing())},
    permits={"reste-a-charge": permit("reste-a-charge")},
)


def refused(tried: str = "files", person: str = "alice", project: str = "reste-a-charge", at: float = NOON) -> Refused:
    return Refused(at=at, tried=tried, person=person, project=project)


def counted(door: Place, *acts: Refused) -> list[tuple[str, str, str, int]]:
    tally = with_refused(Tally(), door, acts, KNOWN, POLICY)
    return [(kind.tried, kind.person, kind.project, times) for kind, times in due_alarms(tally)]


@pytest.mark.parametrize(("times", "step"), [(0, 0), (1, 1), (9, 1), (10, 2), (11, 2), (99, 2), (100, 3), (1000, 4)])
def test_a_step_at_the_first_and_at_each_power_of_ten(times: int, step: int) -> None:
    assert step_of(times) == step


@pytest.mark.parametrize("batch", [1, 9, 200])
def test_many_attempts_are_few_events(batch: int) -> None:
    """However they come in: the log grows with the number of digits."""
    tally, events = Tally(), 0
    for _ in range(20):
        tally = with_refused(tally, Place.EDGE, [refused()] * batch, KNOWN, POLICY)
        for kind, times in due_alarms(tally):
            events += 1
            event = Event(1, "", "meter", "alarm.raised", kind.project, body_of(kind, times), "", "")
            tally = with_told(tally, [event])
    assert events <= len(str(20 * batch))


def test_what_the_policy_names_as_usual_is_none_and_what_it_does_not_name_is_one() -> None:
    assert counted(Place.EDGE, refused("elsewhere"), refused("language-server")) == []
    assert counted(Place.EDGE, refused("unheard-of")) == [("unheard-of", "alice", "reste-a-charge", 1)]


def test_strangers_at_the_edge_raise_none_and_unknown_workspaces_at_the_gate_do() -> None:
    assert counted(Place.EDGE, refused(person="")) == []
    assert counted(Place.GATE, refused("route", person="", project="")) == [("route", "", "", 1)]


def test_names_that_the_enclave_does_not_know_are_not_repeated() -> None:
    """An address holds whatever somebody writes into it, also what they want to carry out by the log."""
    invented = [refused(project=f"secret-{n}") for n in range(50)]
    assert counted(Place.EDGE, *invented, refused("files", person="secret")) == [("files", "alice", "", 50)]


def test_another_day_is_counted_anew() -> None:
    assert len(counted(Place.EDGE, refused(), refused(at=NOON + 86_400))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[1]",
        '{"at":1,"tried":"files","person":"a","project":"p","path":"/x"}',
        '{"at":-1,"tried":"files","person":"a","project":"p"}',
        '{"at":1,"tried":"Fi les","person":"a","project":"p"}',
        '{"at":1,"tried":"files","person":"' + "a" * 65 + '","project":"p"}',
        "{" * 10_000,
    ],
)
def test_what_is_no_line_is_none(text: str) -> None:
    assert read_refused(text) is None


def test_a_line_is_read_as_it_was_written() -> None:
    assert read_refused(refused().line) == refused()


def test_the_policy_names_every_kind_that_the_doors_write_and_no_other() -> None:
    routes = (DOORS / "routes.conf").read_text(encoding="utf-8").split("$tried {")[1]
    edge = set(re.findall(r'(?:" |default )([a-z-]+);', routes))
    gate = set(re.findall(r'"tried":"([a-z-]+)"', (DOORS / "gate.conf").read_text(encoding="utf-8")))
    pairs = re.findall(r'tried = "([a-z-]+)" if .* else "([a-z-]+)"', _text("hub/refused.py"))
    hub = {tried for pair in pairs for tried in pair}
    assert (edge, gate) == (set(POLICY.edge), set(POLICY.gate))
    assert hub == set(POLICY.hub)
    assert set(re.findall(r'tried="([a-z-]+)"', _text("hub/launcher/memory.py"))) == set(POLICY.engine)


def _text(name: str) -> str:
    return (Path(__file__).parents[2] / name).read_text(encoding="utf-8")


def test_an_answer_is_about_the_alarm_as_it_was_told_and_one_told_again_has_none() -> None:
    body = {"person": "mallory", "door": "edge", "tried": "terminals", "day": "2026-06-01", "times": 1}

    def event(seq: int, kind: str, **more: object) -> Event:
        return Event(seq, f"2026-06-01T08:{seq:02}:00+00:00", "erin", kind, "study", {**body, **more}, "", "")

    raised, answered = event(1, "alarm.raised"), event(2, "alarm.answered", why="a mistyped address")
    (found,) = alarms([raised, answered]).values()
    assert found.kind.id == "2026-06-01/edge/terminals/mallory/study"
    assert found.answer is not None
    assert (found.answer.by, found.answer.why) == ("erin", "a mistyped address")
    (again,) = alarms([raised, answered, event(3, "alarm.raised", times=10)]).values()
    assert again.answer is None
    (other,) = alarms([event(1, "alarm.raised", times=10), answered]).values()
    assert other.answer is None
    assert dict(alarms([answered])) == {}
    assert alarms([answered], alarms([raised])) == alarms([raised, answered])
