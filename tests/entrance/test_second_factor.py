"""The second step over HTTP: enrolment, login, and every way around it that was thought of."""

from __future__ import annotations

import html
import json
import re
import time
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from webauthn.helpers import base64url_to_bytes

from hub.policy.people import read_people
from scripts.visitor import AuthenticatorApp, VisitError, Visitor
from tests.directory.slapd import PEOPLE
from tests.entrance.stand import Stand
from tests.hub.second_factor.soft_key import SoftKey

pytestmark = pytest.mark.directory


class Browser:
    """One browser of one person, as far as the second step."""

    def __init__(self, stand: Stand, name: str, language: str = "en") -> None:
        self.stand, self.name = stand, name
        self.http = httpx.Client(
            base_url=stand.address, follow_redirects=True, timeout=90, headers={"Accept-Language": language}
        )
        self.page = self.http.get("/hub/login")

    def password(self, password: str | None = None) -> httpx.Response:
        return self.send("/hub/login", username=self.name, password=password or PEOPLE[self.name])

    def send(self, where: str = "/hub/second-factor", **form: str) -> httpx.Response:
        found = re.search(r'name="_xsrf" value="([^"]+)"', self.page.text)
        self.page = self.http.post(where, data={"_xsrf": html.unescape(found.group(1)) if found else "", **form})
        return self.page

    @property
    def secret(self) -> str:
        found = re.search(r'id="totp-secret">([^<]+)<', self.page.text)
        assert found is not None, self.page.text
        return found.group(1).replace(" ", "")

    @property
    def challenge(self) -> bytes:
        found = re.search(r'data-options="([^"]+)"', self.page.text)
        assert found is not None, self.page.text
        return base64url_to_bytes(json.loads(html.unescape(found.group(1)))["challenge"])

    @property
    def is_in(self) -> bool:
        return self.http.get("/hub/home", follow_redirects=False).status_code == 200 or (
            self.http.get("/hub/home", follow_redirects=False).headers["location"] == "/hub/undertakings"
        )


def code(secret: str, steps: int = 0) -> str:
    return str(pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + steps))


def enrolled(stand: Stand, name: str) -> tuple[str, Browser]:
    """Enrol an app for somebody; its secret, and the browser that is in now. The code of this moment is used."""
    browser = Browser(stand, name)
    browser.password()
    secret = browser.secret
    browser.send(code=code(secret))
    assert browser.is_in
    return secret, browser


def refusals(stand: Stand, name: str) -> list[str]:
    return [event.body["rule"] for event in stand.events("login.refused") if event.actor == name]


def test_the_password_alone_opens_nothing_and_the_first_login_enrols(stand: Stand) -> None:
    browser = Browser(stand, "alice", "fr")
    page = browser.password()
    assert page.url.path == "/hub/second-factor"
    assert "Enregistrer un second facteur" in page.text
    assert "alice, alice@site.test" in page.text  # as the directory knows her
    assert not browser.is_in
    assert browser.http.get("/hub/api/user").status_code == 403
    secret = browser.secret
    assert browser.send(code="000000").status_code == 403
    assert browser.secret == secret  # the app that scanned it goes on
    browser.send(code=code(secret))
    assert browser.is_in
    assert browser.http.get("/hub/api/user").status_code in {200, 403}
    [event] = [event for event in stand.events("factor.enrolled") if event.actor == "alice"]
    assert set(event.body) == {"id", "kind", "label"}
    assert [event.body["rule"] for event in stand.events("login.accepted")][-1] == "second_factor.app"
    written = json.dumps([event.body for event in stand.log.read()])
    assert secret not in written
    assert secret.encode() not in (stand.folder / "state" / "hub" / "second-factors.db").read_bytes()


def test_a_code_counts_once_and_a_wrong_one_never(stand: Stand) -> None:
    browser = Browser(stand, "carla")
    browser.password()
    secret = browser.secret
    used = code(secret)
    browser.send(code=used)
    browser = Browser(stand, "carla")
    browser.password()
    assert "totp-secret" not in browser.page.text  # asked, not offered anew
    assert browser.send(code=used).status_code == 403  # the enrolment used it
    good = code(secret, 1)
    assert browser.send(code="1" + good[1:] if good[0] != "1" else "2" + good[1:]).status_code == 403
    browser.send(code=good)
    assert browser.is_in
    again = Browser(stand, "carla")
    again.password()
    assert again.send(code=good).status_code == 403
    assert not again.is_in
    assert refusals(stand, "carla").count("second_factor.wrong") == 3


def test_without_a_pending_login_the_page_leads_to_the_beginning(stand: Stand) -> None:
    browser = Browser(stand, "dan")
    assert browser.http.get("/hub/second-factor").url.path == "/hub/login"
    assert browser.send(code="123456").status_code == 403
    browser.http.cookies.set("bulle-login", "2|1:0|10:1|11:bulle-login|4:YWJj|00", path="/hub/")
    assert browser.http.get("/hub/second-factor").url.path == "/hub/login"


def test_a_form_of_another_site_is_refused(stand: Stand) -> None:
    browser = Browser(stand, "dan")
    browser.password()
    secret = browser.secret
    assert browser.http.post("/hub/second-factor", data={"code": code(secret)}).status_code == 403
    assert not browser.is_in


def test_jupyterhubs_token_door_asks_for_more_than_a_password(stand: Stand) -> None:
    body = {"auth": {"username": "dan", "password": PEOPLE["dan"]}}
    answer = httpx.post(f"{stand.address}/hub/api/users/dan/tokens", json=body, timeout=60)
    assert answer.status_code == 403


def test_a_security_key_enrols_and_logs_in_and_every_other_answer_is_refused(stand: Stand) -> None:
    soft, here = SoftKey(), ("localhost", stand.address)
    browser = Browser(stand, "erin")
    browser.password()
    old = browser.challenge
    browser.page = browser.http.get("/hub/second-factor")
    assert browser.send(answer=soft.create(old, *here)).status_code == 403  # the page shown last counts
    assert browser.send(answer=soft.create(browser.challenge, "localhost", "http://evil.example")).status_code == 403
    browser.send(answer=soft.create(browser.challenge, *here), label="blue <b>key</b>")
    assert browser.is_in

    again = Browser(stand, "erin")
    again.password()
    for wrong in (
        lambda: soft.get(b"o" * 32, *here),
        lambda: soft.get(again.challenge, "localhost", "http://evil.example"),
        lambda: SoftKey().get(again.challenge, *here),
        lambda: "{}",
    ):
        assert again.send(answer=wrong()).status_code == 403
    answer = soft.get(again.challenge, *here)
    again.send(answer=answer)
    assert again.is_in

    replay = Browser(stand, "erin")
    replay.password()
    assert replay.send(answer=answer).status_code == 403
    clone = SoftKey()
    clone.credential, clone._key, clone.count = soft.credential, soft._key, 0
    assert "second one like it" in replay.send(answer=clone.get(replay.challenge, *here)).text
    assert not replay.is_in
    assert refusals(stand, "erin")[-1] == "second_factor.cloned"


def test_an_answered_challenge_is_gone(stand: Stand) -> None:
    soft, browser = SoftKey(), Browser(stand, "ines")
    browser.password()
    challenge, first = browser.challenge, browser.page
    assert browser.send(answer="{}").status_code == 403
    browser.page = first
    assert browser.send(answer=soft.create(challenge, "localhost", stand.address)).status_code == 403
    assert not browser.is_in


def test_a_person_keeps_several_and_takes_one_away(stand: Stand) -> None:
    secret, _ = enrolled(stand, "frank")
    soft, browser = SoftKey(), Browser(stand, "frank")
    browser.password()
    page = browser.send(code=code(secret, 1), more="yes")
    assert "Manage your second factors" in page.text
    assert "Remove" not in page.text  # the last one stays
    assert not browser.is_in
    browser.send(answer=soft.create(browser.challenge, "localhost", stand.address), label="blue <b>key</b>")
    assert browser.is_in

    by_key = Browser(stand, "frank")
    by_key.password()
    page = by_key.send(answer=soft.get(by_key.challenge, "localhost", stand.address), more="yes")
    assert "blue &lt;b&gt;key" in page.text
    mine = [event.body["id"] for event in stand.events("factor.enrolled") if event.actor == "frank"]
    by_key.send(remove="0" * 16)
    by_key.send(remove=mine[0])
    assert [event.body["id"] for event in stand.events("factor.removed")] == [mine[0]]
    by_key.send(remove=mine[1])
    assert len(stand.events("factor.removed")) == 1
    by_key.send(finish="yes")
    assert by_key.is_in


def test_nobody_manages_second_factors_before_showing_one(stand: Stand) -> None:
    browser = Browser(stand, "frank")
    browser.password()
    for form in ({"finish": "yes"}, {"remove": "x"}, {"more": "yes"}):
        assert browser.send(**form).status_code == 403
    assert not browser.is_in


def test_too_many_wrong_codes_lock_the_person_out(stand: Stand) -> None:
    secret, _ = enrolled(stand, "gina")
    browser = Browser(stand, "gina")
    browser.password()
    most = read_people().lockout.person.value.failures
    for number in range(most):
        assert browser.send(code=f"{number:06d}").status_code == 403
    page = browser.send(code=code(secret))
    assert "Too many failures" in page.text
    assert not browser.is_in
    assert "not right" in Browser(stand, "gina").password().text  # the password too, in the words of a wrong one
    stand.log.append("ada", "login.unlocked", "", {"key": "person:gina"})
    with Visitor(stand.address, "gina", app=with_secret("gina", secret)) as gina:
        gina.pass_the_door(PEOPLE["gina"])


def test_after_a_recovery_the_old_one_is_over_and_a_new_one_is_enrolled(stand: Stand) -> None:
    secret, thief = enrolled(stand, "hugo")
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    stand.log.append("ada", "factor.recovery_asked", "", {"person": "hugo", "why": "lost", "until": until})
    with Visitor(stand.address, "hugo", app=with_secret("hugo", secret)) as hugo:
        hugo.pass_the_door(PEOPLE["hugo"])  # one word ends nothing
    assert thief.is_in
    stand.log.append("omar", "factor.recovery_confirmed", "", {"person": "hugo", "why": "lost", "until": until})
    browser = Browser(stand, "hugo")
    browser.password()
    assert browser.secret != secret
    assert browser.send(code=code(secret, 1)).status_code == 403
    browser.send(code=code(browser.secret))
    assert browser.is_in
    assert not thief.is_in  # sessions from before the recovery are over

    stand.log.append(
        "omar", "factor.recovery_confirmed", "", {"person": "hugo", "why": "lost", "until": "2020-01-01T00:00:00+00:00"}
    )
    with Visitor(stand.address, "hugo") as late, pytest.raises(VisitError, match="has passed"):
        late.pass_the_door(PEOPLE["hugo"])


def with_secret(name: str, secret: str) -> AuthenticatorApp:
    """An app that has shown this moment's code already."""
    app = AuthenticatorApp()
    app.learn(name, secret)
    app.next_code(name)
    return app
