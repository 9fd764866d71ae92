"""What an open workspace is told: its own facts, in both languages, and nothing of anybody else's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from egress.notices.told import MOST, Known, Notices, notices
from hub.events.log import EventLog
from hub.policy.files import read_purposes
from hub.policy.limits import IdleLimits
from hub.words import say
from hub.workspace import Workspace
from tests.hub.enclave import issue_permit, permit

ALICE = Workspace("alice", "care")
IDLE = IdleLimits(after_minutes=60, warn_minutes=10)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Enclave:
    """A log with a permit of `care` for alice and amir, and one of `cost` for alice."""

    def __init__(self, root: Path) -> None:
        self.log = EventLog(root / "log.db", lambda: NOON)
        for project in ("care", "cost"):
            issued = permit(project, until=NOON.date(), researchers=("alice", "amir"))
            issue_permit(self.log, issued.model_copy(update={"purpose": "public-policy"}))

    def submitted(self, person: str, project: str, number: int) -> None:
        file = {"name": "study.ipynb", "sha256": "0" * 64, "size": 1}
        body = {"request": f"{project}-{number}", "title": f"{person}'s", "entry": "e", "notebook": file, "files": []}
        self.log.append(person, "request.submitted", project, body)

    def tell(self, kind: str, actor: str = "egress", project: str = "care", **body: Any) -> None:
        self.log.append(actor, kind, project, body)

    def told(self, workspace: Workspace = ALICE, now: datetime = NOON) -> Notices:
        said = notices(Known().after(self.log.read()), workspace, read_purposes(), IDLE, now)
        return dict(json.loads(json.dumps(said)))


@pytest.fixture
def enclave(tmp_path: Path) -> Enclave:
    return Enclave(tmp_path)


def test_the_permit_its_purpose_and_end_and_the_budget_left(enclave: Enclave) -> None:
    reserved = {"source": "rand-hie", "spec": "s", "extract": "e", "nano_rho": 125_000_000, "request": "care-1"}
    told = enclave.told()
    assert told["permit"]["valid_until"] == "2026-06-01"
    assert told["permit"]["purpose"] == {
        "en": "Definition and evaluation of health policy",
        "fr": "Définition et évaluation des politiques de santé",
    }
    assert told["budget"] == {"rho": "0.5", "left": "0.5"}
    enclave.tell("privacy.reserved", project="cost", **reserved)
    assert enclave.told()["budget"]["left"] == "0.5"
    enclave.tell("privacy.reserved", **reserved)
    assert enclave.told()["budget"]["left"] == "0.375"


def test_the_projects_requests_and_no_others(enclave: Enclave) -> None:
    enclave.submitted("alice", "care", 1)
    enclave.submitted("amir", "care", 2)
    enclave.submitted("alice", "cost", 1)
    reason = say("The notebook declares nothing.").to_dict()
    enclave.tell("request.refused", request="care-1", reasons=[reason])
    told = enclave.told()["requests"]
    assert [(each["id"], each["mine"], each["status"]) for each in told] == [
        ("care-2", False, "submitted"),
        ("care-1", True, "refused"),
    ]
    assert told[1]["said"] == {"en": "Refused by the checks", "fr": "Refusée par les contrôles"}
    assert told[1]["reasons"][0]["en"] == "The notebook declares nothing."


def test_what_was_refused_at_the_door_is_told_to_its_sender_only(enclave: Enclave) -> None:
    enclave.tell("request.refused_entry", "amir", entry="e1", reason=say("It holds no notebook.").to_dict())
    assert enclave.told()["refused"] == []
    [told] = enclave.told(Workspace("amir", "care"))["refused"]
    assert (told["entry"], told["why"]["en"]) == ("e1", "It holds no notebook.")


def test_no_checker_comment_or_finding_is_told(enclave: Enclave) -> None:
    enclave.submitted("alice", "care", 1)
    enclave.tell("review.given", "carla", request="care-1", votes=[], comment="of nobody's concern")
    said = json.dumps(enclave.told())
    assert "carla" not in said
    assert "concern" not in said


def test_only_the_newest_are_told(enclave: Enclave) -> None:
    for number in range(1, MOST + 2):
        enclave.submitted("alice", "care", number)
    told = enclave.told()["requests"]
    assert [told[0]["id"], told[-1]["id"], len(told)] == [f"care-{MOST + 1}", "care-2", MOST]


SECOND = timedelta(seconds=1)
END = datetime(2026, 6, 2, tzinfo=UTC)


@pytest.mark.parametrize(("before", "near"), [(SECOND, False), (0 * SECOND, True), (-SECOND, True)])
def test_the_permits_end_is_told_when_it_is_near(enclave: Enclave, before: timedelta, near: bool) -> None:
    closing = enclave.told(now=END - IDLE.warning - before)["closing"]
    assert (closing is not None) is near
    if closing:
        assert closing["at"] == END.isoformat()


def test_the_end_of_an_unused_workspace_is_told_until_it_is_used(enclave: Enclave) -> None:
    enclave.tell("session.started", "alice")
    assert enclave.told()["closing"] is None
    until = (NOON + timedelta(minutes=10)).isoformat()
    enclave.tell("session.idle", "hub", person="alice", until=until)
    closing = enclave.told()["closing"]
    assert closing["at"] == until
    assert closing["why"]["fr"].startswith("Personne n'utilise")
    assert enclave.told(Workspace("amir", "care"))["closing"] is None
    enclave.tell("session.used", "hub", person="alice")
    assert enclave.told()["closing"] is None
