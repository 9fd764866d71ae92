"""Who ran a command stands beside whom `--as` names: the one is what the machine knows, the other what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulle.__main__ import run
from bulle.cli.settings import Settings
from hub.events.log import EventLog


@pytest.mark.parametrize(
    ("told", "kept"), [("olga", True), ("a" * 64, True), ("a" * 65, False), ("-rf", False), ("", False), ("o p", False)]
)
def test_where_the_kernel_knows_no_login_whoever_started_the_container_says_it(told: str, kept: bool) -> None:
    if Path("/proc/self/loginuid").read_text() != str(2**32 - 1):
        pytest.skip("this machine's kernel knows who logged in")
    ran_by = Settings.from_environment({"BULLE_RAN_BY": told}).ran_by
    assert (ran_by == told) is kept
    assert ran_by


def test_events_of_the_command_line_name_both(tmp_path: Path) -> None:
    command = ["person", "add", "alice", "--name", "Alice", "--as", "opal"]
    assert run(command, {"BULLE_STATE": str(tmp_path)}) == 0
    [event] = EventLog(tmp_path / "events" / "log.db").read()
    assert (event.actor, event.body["ran_by"]) == ("opal", Settings.from_environment({}).ran_by)
