"""Mailboxes by the real hub: made at login from the directory, changed by their person, erased with them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hub.mailbox import Mailbox, Mailboxes
from scripts.visitor import Visitor
from tests.directory.slapd import PEOPLE, available
from tests.entrance.stand import Stand, peopled_hub
from tests.entrance.test_undertakings import fields

pytestmark = pytest.mark.directory


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    if not available():
        pytest.skip("needs Debian's slapd and openssl")
    with peopled_hub(tmp_path_factory.mktemp, BULLE_SMTP_URL="smtp://mail.site.test") as running:
        yield running


def boxes(stand: Stand) -> Mailboxes:
    return Mailboxes(stand.folder / "state" / "mailboxes")


def test_a_login_keeps_the_directorys_address_and_the_person_decides(stand: Stand) -> None:
    with Visitor(stand.address, "alice") as alice:
        alice.http.headers["Accept-Language"] = "fr"
        alice.pass_the_door(PEOPLE["alice"])
        assert boxes(stand).of("alice") == Mailbox(address="alice@site.test", language="fr")
        page = alice.http.get("/hub/mail")
        assert "alice@site.test" in page.text
        assert "Du nouveau par courriel" in page.text
        form = {"_xsrf": fields(page)["_xsrf"]}

        for wrong in ({}, {"wanted": "perhaps", "language": ""}, {"wanted": "no", "language": "xx"}):
            assert alice.http.post("/hub/mail", data=form | wrong).status_code == 403
        assert alice.http.post("/hub/mail", data={"wanted": "no", "language": ""}).status_code == 403  # not from a page
        assert stand.events("mail.chosen") == []

        kept = alice.http.post("/hub/mail", data=form | {"wanted": "no", "language": "en"})
        assert kept.status_code == 200
        assert 'id="wanted-no" checked' in kept.text
        chosen = Mailbox(address="alice@site.test", language="fr", chosen="en", wanted=False)
        assert boxes(stand).of("alice") == chosen
        [event] = stand.events("mail.chosen")
        assert (event.actor, dict(event.body)) == ("alice", {"wanted": False})
        assert "alice@site.test" not in "".join(str(each.body) for each in stand.log.read())


def test_who_is_known_no_more_is_erased_at_the_next_login(stand: Stand) -> None:
    for name in ("dan", "erin"):
        with Visitor(stand.address, name) as visitor:
            visitor.pass_the_door(PEOPLE[name])
        if name == "dan":
            assert boxes(stand).of("dan") is not None
            stand.log.append("admin", "person.removed", "", {"person": "dan", "why": "left"})
    assert boxes(stand).of("dan") is None
    assert boxes(stand).of("erin") is not None


def test_nobody_elses_page(stand: Stand) -> None:
    with httpx.Client(base_url=stand.address, trust_env=False) as anybody:
        assert anybody.get("/hub/mail").status_code == 302
        assert anybody.post("/hub/mail", data={"wanted": "no", "language": ""}).status_code == 403
