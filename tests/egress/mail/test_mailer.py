"""The process that mails: what is gathered, what is written down, what is tried again, what an end leaves behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from egress.mail.__main__ import Mailer, compose
from egress.mail.letter import Site
from egress.mail.sending import TLS, Server
from egress.mail.told import Told
from hub.mailbox import Mailboxes
from hub.policy.files import policies_dir
from hub.policy.mail import read_mail
from hub.policy.review import ReviewRules
from hub.policy.verdict import RefusedError
from hub.retry import FIRST_RETRY
from tests.directory.slapd import Authority
from tests.egress.mail.mail_stand import MailStand, standing_mail
from tests.egress.web.hub_stand import free_port
from tests.egress.web.planted import ATTACK, Planted, by_site, by_year

POLICY = read_mail()
SITE = Site("enclave@hospital.example", "https://enclave.example", "enclave.example")
ONE, TWO, THREE = (f"reste-a-charge-{number}" for number in (1, 2, 3))
SECOND = timedelta(seconds=1)


class House:
    """A planted enclave, its mailboxes, a mail server, and a mailer whose clock a test moves."""

    def __init__(self, planted: Planted, server: Server, stand: MailStand) -> None:
        self.planted, self.stand, self.server = planted, stand, server
        planted.rules = ReviewRules(checkers=1)
        self.boxes = Mailboxes(planted.root / "mailboxes")
        for person in ("alice", "carol"):
            self.boxes.told(person, f"{person}@site.test", "en")
        self.mailer = self.again()

    def again(self, server: Server | None = None) -> Mailer:
        """Another process: nothing is left but the log and the mailboxes."""
        return Mailer(self.planted.log, self.boxes, POLICY, server or self.server, SITE, lambda: self.planted.now)

    def waits(self, request: str, title: str = ATTACK) -> datetime:
        """A request comes before the checkers; since when it waits."""
        self.planted.submit(request, title=title)
        self.planted.checked(request, by_year())
        return self.planted.now

    def later(self, by: timedelta = POLICY.gather) -> int:
        return self.at(self.planted.now + by)

    def at(self, moment: datetime) -> int:
        """A look at that moment; what is written down takes a minute each."""
        self.planted.now = moment
        return self.mailer.look()

    @property
    def told(self) -> Told:
        return Told().after(self.planted.log.read())

    def written(self, kind: str) -> list[dict[str, object]]:
        return self.planted.events(kind)


@pytest.fixture
def house(planted: Planted, authority: Authority) -> Iterator[House]:
    with standing_mail(authority) as stand:
        yield House(planted, stand.server(authority.ca), stand)


def to(house: House) -> list[str]:
    return [recipient for recipient, _ in house.stand.taken]


def test_what_is_new_within_the_time_of_gathering_is_one_message(house: House) -> None:
    first = house.waits(ONE)
    house.waits(TWO)
    house.planted.now = first + POLICY.gather - SECOND
    assert (house.mailer.look(), to(house)) == (0, [])
    house.planted.now = first + POLICY.gather
    assert (house.mailer.look(), to(house)) == (1, ["carol@site.test"])
    text = house.stand.taken[0][1].get_content()
    assert (text.count(ONE), text.count(TWO)) == (2, 2)
    [event] = house.written("notice.mailed")
    assert event["person"] == "carol"
    assert [each["about"] for each in event["notices"]] == [ONE, TWO]  # type: ignore[attr-defined]
    assert house.later() == 0


def test_no_word_of_the_author_and_nobodys_name_is_mailed(house: House) -> None:
    house.waits(ONE, "Spending of Mrs Smith")
    house.later()
    raw = b"".join(house.stand.raw)
    for word in (b"Smith", b"alice", b"Alice", b"Martin", b"persons_by_year", b"site.test:"):
        assert word not in raw
    assert raw.count(b"carol") == 1  # where it goes


def test_after_a_restart_nothing_is_mailed_twice(house: House) -> None:
    house.waits(ONE)
    house.later()
    house.mailer = house.again()
    assert (house.later(), len(house.stand.taken)) == (0, 1)
    house.waits(TWO)
    assert (house.later(), len(house.stand.taken)) == (1, 2)
    assert ONE not in house.stand.taken[1][1].get_content()


def test_a_crash_before_it_was_written_down_repeats_the_same_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.waits(ONE)
    with monkeypatch.context() as patch:
        patch.setattr(house.planted.log, "append", _no_room)
        with pytest.raises(OSError, match="full"):
            house.later()
    house.mailer = house.again()
    assert house.mailer.look() == 1
    first, second = (message["Message-ID"] for _, message in house.stand.taken)
    assert first == second
    assert house.later() == 0


def _no_room(*_: object) -> None:
    raise OSError(28, "the disk is full")


def test_a_recipient_who_is_deferred_waits_and_holds_up_nobody(house: House) -> None:
    house.boxes.told("dora", "dora@site.test", "fr")
    house.stand.to_recipient["carol@site.test"] = "450 4.2.0 greylisted"
    first = house.waits(ONE) + POLICY.gather
    assert (house.at(first), to(house)) == (1, ["dora@site.test"])
    assert [event["code"] for event in house.written("notice.deferred")] == [450]
    second = first + FIRST_RETRY
    house.at(second - SECOND)
    assert house.stand.asked.count("carol@site.test") == 1
    house.at(second)  # asked again, still deferred: said once
    assert house.stand.asked.count("carol@site.test") == 2
    assert len(house.written("notice.deferred")) == 1
    del house.stand.to_recipient["carol@site.test"]
    assert house.at(second + 2 * FIRST_RETRY - SECOND) == 0
    assert set(house.told.deferred) == {"carol"}
    assert house.at(second + 2 * FIRST_RETRY) == 1
    assert house.told.deferred == {}


def test_a_refusal_for_good_is_written_down_and_not_repeated(house: House) -> None:
    house.stand.to_recipient["carol@site.test"] = "550 5.1.1 nobody of that name"
    house.waits(ONE)
    assert house.later() == 0
    [event] = house.written("notice.refused")
    assert (event["person"], event["rule"], event["code"]) == ("carol", "smtp.never", 550)
    house.mailer = house.again()
    for _ in range(3):
        house.later(timedelta(hours=1))
    assert house.stand.asked == ["carol@site.test"]
    assert [trouble.final for trouble in house.told.refused] == [True]
    house.waits(TWO)  # other news is tried again
    house.later()
    assert len(house.stand.asked) == 2


def test_a_server_that_is_away_loses_nothing_and_is_told_once(house: House) -> None:
    away = house.again(Server("localhost", free_port(), TLS.STARTTLS, house.server.ca, "enclave.example", 2))
    house.mailer, there = away, house.mailer
    house.waits(ONE)
    for _ in range(4):
        house.later()
    assert [event["rule"] for event in house.written("mail.failed")] == ["smtp.down"]
    assert house.told.failing == "smtp.down"
    house.mailer = there
    house.waits(TWO)
    assert (house.later(), len(house.stand.taken)) == (1, 1)
    assert house.stand.taken[0][1].get_content().count("- reste-a-charge-") == 2
    assert len(house.written("mail.recovered")) == 1
    assert house.told.failing == ""


def test_a_server_that_is_not_who_it_should_be_is_told_and_gets_nothing(house: House, stranger: Authority) -> None:
    house.mailer = house.again(house.stand.server(stranger.ca))
    house.waits(ONE)
    house.later()
    assert house.told.failing == "smtp.untrusted"
    assert house.stand.asked == []


def test_between_two_tries_the_server_is_left_alone(house: House) -> None:
    house.stand.to_sender = "451 4.3.0 not now"
    first = house.waits(ONE) + POLICY.gather
    assert house.at(first) == 0
    house.stand.to_sender = ""
    assert house.at(first + FIRST_RETRY - SECOND) == 0
    assert house.at(first + FIRST_RETRY) == 1


def test_who_wants_none_has_no_address_or_is_gone_gets_none(house: House) -> None:
    house.boxes.choose("carol", "", wanted=False)
    house.boxes.told("dora", "", "en")
    house.boxes.told("mallory", "mallory@site.test", "en")
    house.boxes.told("stranger", "stranger@site.test", "en")
    house.waits(ONE)
    assert house.later() == 0
    house.boxes.choose("carol", "fr", wanted=True)
    house.planted.log.append("admin", "person.removed", "", {"person": "carol", "why": "left"})
    assert house.later() == 0
    assert house.stand.asked == []


def test_a_mailbox_that_would_be_two_recipients_is_none(house: House) -> None:
    box = house.planted.root / "mailboxes" / "carol.json"
    box.write_text('{"address": "carol@site.test\\r\\nBcc: eve@elsewhere.test"}')
    house.waits(ONE)
    assert (house.later(), house.stand.asked) == (0, [])


def test_news_that_could_not_be_mailed_in_days_is_mailed_no_more(house: House) -> None:
    since = house.waits(ONE)
    house.planted.now = since + POLICY.news + SECOND
    assert (house.mailer.look(), to(house)) == (0, [])
    house.planted.now = since + POLICY.news
    assert house.mailer.look() == 1


def test_on_a_log_that_was_changed_nothing_is_mailed(house: House) -> None:
    house.waits(ONE)
    with sqlite3.connect(house.planted.root / "events" / "log.db") as database:
        database.execute("DROP TRIGGER events_no_update")
        database.execute("UPDATE events SET actor = 'mallory' WHERE seq = 3")
    house.mailer = house.again()
    with pytest.raises(RefusedError):
        house.later()
    assert house.stand.asked == []


def test_the_author_is_told_in_their_language_that_there_is_news(house: House) -> None:
    house.boxes.told("alice", "alice@site.test", "fr")
    house.planted.submit(ONE)
    house.planted.checked(ONE, by_site())
    house.planted.acts.send_back(ONE, "carol", "say more")
    assert house.later() == 1
    recipient, message = house.stand.taken[0]
    assert (recipient, message["Content-Language"]) == ("alice@site.test", "fr")
    assert "say more" not in message.get_content()


ENVIRONMENT = {
    "BULLE_POLICIES": str(policies_dir()),
    "BULLE_PUBLIC_URL": "https://enclave.example:8000",
    "BULLE_MAIL_FROM": "enclave@hospital.example",
    "BULLE_SMTP_URL": "smtp://mail.hospital.example",
    "BULLE_SMTP_CA": "/run/secrets/smtp-ca.pem",
}


def test_it_is_composed_from_the_environment(planted: Planted) -> None:
    assert compose({**ENVIRONMENT, "BULLE_STATE": str(planted.root)}).look() == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"BULLE_MAIL_FROM": "a@b\r\nBcc: eve@elsewhere.test"}, "BULLE_MAIL_FROM"),
        ({"BULLE_SMTP_URL": "http://mail.hospital.example"}, "BULLE_SMTP_URL"),
        ({"BULLE_SMTP_URL": "smtp://user:password@mail.hospital.example"}, "BULLE_SMTP_URL"),
        ({"BULLE_SMTP_USER": "bulle", "BULLE_SMTP_PASSWORD_FILE": "/dev/null"}, "empty"),
        ({"BULLE_SMTP_DOOR": "mail-door"}, "BULLE_SMTP_DOOR"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(planted: Planted, changes: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compose({**ENVIRONMENT, **changes, "BULLE_STATE": str(planted.root)})


@pytest.mark.parametrize(("said", "door"), [("mail-door:8025", ("mail-door", 8025)), ("", None)])
def test_a_door_is_a_host_and_a_port(planted: Planted, said: str, door: tuple[str, int] | None) -> None:
    known = {**ENVIRONMENT, "BULLE_STATE": str(planted.root), "BULLE_SMTP_DOOR": said}
    assert compose(known)._server.door == door


def test_plain_text_only_to_a_host_that_the_policy_names(planted: Planted, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    shipped = (policies_dir() / "mail.toml").read_text()
    (policies / "mail.toml").write_text(shipped.replace("plain_to = []", 'plain_to = ["127.0.0.1"]'))
    known = {**ENVIRONMENT, "BULLE_STATE": str(planted.root), "BULLE_POLICIES": str(policies)}
    del known["BULLE_SMTP_CA"]
    with pytest.raises(KeyError, match="BULLE_SMTP_CA"):
        compose(known)
    assert compose({**known, "BULLE_SMTP_URL": "smtp://127.0.0.1"})._server.tls is TLS.NONE
    with pytest.raises(ValueError, match="no password"):
        compose({**known, "BULLE_SMTP_URL": "smtp://127.0.0.1", "BULLE_SMTP_USER": "bulle"})
