"""What an operator sees of messages that did not arrive."""

from __future__ import annotations

import json
from pathlib import Path

from hub.events.log import EventLog
from tests.bulle.cli.test_admin import Capture, Desk


def test_what_is_wrong_now(tmp_path: Path, capsys: Capture) -> None:
    desk = Desk(tmp_path, capsys)
    desk.prepare()
    assert desk.run("mail") == "Nothing is known against the mail server.\n"
    log = EventLog(desk.state / "events" / "log.db")
    notices = [{"about": "care-1", "digest": "0" * 32}]
    later = {"notices": notices, "rule": "smtp.later", "code": 450}
    log.append("mail", "mail.failed", "", {"rule": "smtp.untrusted", "code": 0})
    for person in ("alice", "bob"):
        log.append("mail", "notice.deferred", "", {"person": person, **later})
    log.append("mail", "notice.refused", "", {"person": "bob", **later, "rule": "smtp.never", "code": 550})
    told = desk.run("mail")
    assert "takes no message since" in told
    assert "smtp.untrusted" in told
    assert [line.split()[0] for line in told.splitlines() if "450" in line or "550" in line] == ["alice", "bob"]
    log.append("mail", "mail.recovered", "", {})
    log.append("mail", "notice.mailed", "", {"person": "alice", "notices": notices, "message": "<m@e>"})
    told = json.loads(desk.run("mail", "--json"))
    assert told["server"] == {"failing": None, "since": None}
    assert [(each["person"], each["code"], each["final"]) for each in told["messages"]] == [("bob", 550, True)]
