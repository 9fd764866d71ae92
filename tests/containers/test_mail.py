"""The process that mails as it is deployed: its container, the log's keeper, and a real mail server outside."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.mailbox import Mailboxes
from hub.policy.files import policies_dir
from tests.directory.slapd import Authority
from tests.egress.mail.mail_stand import MailStand, standing_mail
from tests.egress.web.planted import Planted, by_year

pytestmark = pytest.mark.containers
ROOT = Path(__file__).parents[2]
HOST, ONE = "mail.site.test", "reste-a-charge-1"


class House:
    """An enclave of two containers, a state, and a mail server on this machine."""

    def __init__(self, root: Path, stand: MailStand, ca: Path) -> None:
        self.stand, self.planted = stand, Planted(root / "state", datetime.now(UTC) - timedelta(hours=1))
        policies = root / "policies"
        subprocess.run(["cp", "-r", str(policies_dir()), str(policies)], check=True)
        told = (policies / "mail.toml").read_text().replace("gather_minutes = 10", "gather_minutes = 0")
        (policies / "mail.toml").write_text(told)
        wanted = {
            "COMPOSE_PROJECT_NAME": "bulle-test-mail",
            "COMPOSE_FILE": f"{ROOT}/docker-compose.yml:{ROOT}/tests/containers/mail.yml",
            "BULLE_STATE": str(root / "state"),
            "BULLE_POLICIES_SOURCE": str(policies),
            "BULLE_SMTP_URL": f"smtp://{HOST}:{stand.port}",
            "BULLE_SMTP_CA": str(ca),
            "BULLE_MAIL_FROM": "enclave@site.test",
        }
        shell = ". scripts/env && env -0"
        done = subprocess.run(
            ["bash", "-c", shell], cwd=ROOT, env={**os.environ, **wanted}, capture_output=True, text=True, check=True
        )
        self.environment = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if "=" in entry)

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=check, timeout=180
        )

    def inside(self, code: str) -> str:
        return self.run("docker", "compose", "exec", "-T", "mail", "python", "-c", code, check=False).stdout.strip()


@pytest.fixture
def house(engine: Any, tmp_path: Path) -> Iterator[House]:
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(0o711)
    authority = Authority.make(tmp_path / "authority", HOST)
    with standing_mail(authority, at="0.0.0.0") as stand:
        made = House(tmp_path, stand, authority.ca)
        made.run("scripts/secrets")
        Mailboxes(tmp_path / "state" / "mailboxes").told("carol", "carol@site.test", "fr")
        made.planted.submit(ONE)
        made.planted.checked(ONE, by_year())
        made.run("chown", "-R", "900:900", str(tmp_path / "state" / "events"))
        try:
            made.run("docker", "compose", "up", "-d", "--wait", "--wait-timeout", "60", "mail")
            yield made
        finally:
            made.run("docker", "compose", "--profile", "mail", "down", "-v", "--timeout", "3", check=False)


def test_a_checker_is_mailed_by_the_container_and_the_keeper_writes_it_down(house: House) -> None:
    deadline = time.monotonic() + 60
    while not house.planted.events("notice.mailed") and time.monotonic() < deadline:
        time.sleep(0.5)
    said = house.run("docker", "compose", "logs", "mail", "mail-door", check=False).stdout
    assert [to for to, _ in house.stand.taken] == ["carol@site.test"], said
    assert ONE in house.stand.taken[0][1].get_content()
    [event] = house.planted.events("notice.mailed")
    assert event["person"] == "carol"

    state = house.environment["BULLE_STATE"]
    found = house.inside(f"import os; print(sorted(os.listdir({state!r})), os.getuid())")
    assert found == "['events', 'mailboxes'] 900"
    for path in (f"{state}/events/log.db", f"{state}/mailboxes/carol.json"):
        assert house.inside(f"import os; print(os.access({path!r}, os.W_OK))") == "False", path
    gateway = house.run("docker", "network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}").stdout
    reach = "import socket; socket.create_connection(({host!r}, {port}), 3); print('reached')"
    assert house.inside(reach.format(host="mail-door", port=8025)) == "reached"
    for host in (gateway.strip(), HOST):
        assert house.inside(reach.format(host=host, port=house.stand.port)) == "", host

    forged = "from hub.events.kept import log_of; import os; log_of(os.environ, '{state}/events/log.db')"
    forged = forged.format(state=state) + ".append('carol', 'review.given', 'reste-a-charge', {'request': 'x'})"
    house.inside(forged)
    assert house.planted.events("review.given") == []
    assert [event["writer"] for event in house.planted.events("log.refused")] == ["mail"]
