"""The door in headless Chromium: an app, a security key (the browser's virtual one), in both languages, by keyboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.browser.conftest import Pictures, faults
from tests.directory.slapd import PEOPLE, available
from tests.entrance.stand import Stand, peopled_hub

pytestmark = [pytest.mark.browser, pytest.mark.directory]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    if not available():
        pytest.skip("needs Debian's slapd and openssl")
    with peopled_hub(tmp_path_factory.mktemp) as running:
        yield running


class Desk:
    """One browser window; what its console says about our policy is kept."""

    def __init__(self, chromium: Browser, stand: Stand, language: str, scheme: str) -> None:
        self.context: BrowserContext = chromium.new_context(
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": 900, "height": 800},
        )
        self.page: Page = self.context.new_page()
        self.stand = stand
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def virtual_key(self) -> tuple[CDPSession, str]:
        """A security key that Chromium plays; touching it is not needed."""
        session = self.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasResidentKey": False,
            "hasUserVerification": False,
            "automaticPresenceSimulation": True,
        }
        made: dict[str, Any] = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return session, str(made["authenticatorId"])

    def password(self, name: str) -> None:
        self.page.goto(f"{self.stand.address}/hub/login")
        self.page.fill("#username_input", name)
        self.page.fill("#password_input", PEOPLE[name])
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/hub/second-factor*")


def narrow(page: Page) -> list[str]:
    """What stands in a reader's way at 200 % zoom."""
    page.set_viewport_size({"width": 600, "height": 400})
    found = faults(page)
    page.set_viewport_size({"width": 900, "height": 800})
    return found


@pytest.fixture
def desks(chromium: Browser, stand: Stand) -> Iterator[Any]:
    opened: list[Desk] = []

    def open_one(language: str = "en-GB", scheme: str = "light") -> Desk:
        opened.append(Desk(chromium, stand, language, scheme))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.context.close()
        assert [said for said in desk.complaints if "Content Security" in said or "Error:" in said] == []


@pytest.mark.parametrize(
    ("language", "name", "words"),
    [
        ("en-GB", "alice", ("Enrol a second factor", "Sign as alice")),
        ("fr-FR", "carla", ("Enregistrer un second facteur", "Signer en tant que carla")),
    ],
)
def test_the_first_login_by_keyboard(
    desks: Any, pictures: Pictures, language: str, name: str, words: tuple[str, str]
) -> None:
    (heading, sign), scheme = words, "dark" if language == "fr-FR" else "light"
    desk = desks(language, scheme)
    page, suffix = desk.page, f"{language[:2]}-{scheme}"
    page.goto(f"{desk.stand.address}/hub/login")
    pictures.take(page, f"login-{suffix}")
    assert narrow(page) == []
    desk.password(name)
    expect(page.locator("h1")).to_have_text(heading)
    pictures.take(page, f"enrol-{suffix}")
    assert narrow(page) == []
    secret = page.locator("#totp-secret").inner_text().replace(" ", "")
    page.locator("#code").focus()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator(".error:visible")).to_have_count(1)
    page.locator("#code").focus()
    page.keyboard.type(pyotp.TOTP(secret).generate_otp(int(time.time()) // 30))
    page.keyboard.press("Enter")
    page.wait_for_url("**/hub/undertakings")
    pictures.take(page, f"undertakings-{suffix}")
    assert narrow(page) == []
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name=sign).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/hub/home")
    expect(page.locator("#missing")).to_be_visible()
    pictures.take(page, f"home-{suffix}")
    assert narrow(page) == []

    page.goto(f"{desk.stand.address}/hub/logout")
    desk.password(name)
    pictures.take(page, f"second-factor-{suffix}")
    assert narrow(page) == []
    page.locator("#code").fill(pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + 1))
    page.locator("#more").check()
    page.locator("#send-code").click()
    expect(page.locator("#held tbody tr")).to_have_count(1)
    pictures.take(page, f"manage-{suffix}")
    assert narrow(page) == []
    page.locator("#finish").click()
    page.wait_for_url("**/hub/home")


def test_a_security_key_enrols_and_logs_in(desks: Any, pictures: Pictures) -> None:
    desk = desks()
    session, authenticator = desk.virtual_key()
    desk.password("dan")
    desk.page.locator("#key-label").fill("key on my ring")
    desk.page.locator("#use-key").click()
    desk.page.wait_for_url("**/hub/undertakings")
    held = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert len(held) == 1
    assert held[0]["rpId"] == "localhost"

    desk.page.goto(f"{desk.stand.address}/hub/logout")
    desk.password("dan")
    pictures.take(desk.page, "second-factor-key-en-light")
    expect(desk.page.locator("#code")).to_have_count(0)
    desk.page.locator("#use-key").click()
    desk.page.wait_for_url("**/hub/undertakings")
    proofs = [event.body["rule"] for event in desk.stand.events("login.accepted") if event.actor == "dan"]
    assert proofs == ["second_factor.key"] * 2


def test_a_clone_of_a_key_is_noticed(desks: Any) -> None:
    desk = desks()
    session, authenticator = desk.virtual_key()
    desk.password("erin")
    desk.page.locator("#use-key").click()
    desk.page.wait_for_url("**/hub/undertakings")
    [copy] = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    desk.page.goto(f"{desk.stand.address}/hub/logout")
    desk.password("erin")
    desk.page.locator("#use-key").click()
    desk.page.wait_for_url("**/hub/undertakings")

    other = desks()
    clone, place = other.virtual_key()
    clone.send("WebAuthn.addCredential", {"authenticatorId": place, "credential": {**copy, "signCount": 0}})
    other.password("erin")
    other.page.locator("#use-key").click()
    expect(other.page.locator(".error").first).to_contain_text("second one like it")
    assert other.page.url.endswith("/hub/second-factor")


def test_a_browser_without_the_key_says_what_to_do(desks: Any) -> None:
    desk = desks()
    desk.virtual_key()  # another one, empty
    desk.password("dan")
    desk.page.locator("#use-key").click()
    expect(desk.page.locator("#key-form .error")).to_contain_text("no answer from a security key", timeout=70_000)


def test_another_origin_gets_no_answer_that_counts(desks: Any) -> None:
    desk = desks()
    desk.virtual_key()
    desk.password("frank")
    other = desk.stand.address.replace("localhost", "127.0.0.1")
    page = desk.context.new_page()
    page.goto(f"{other}/hub/login")
    page.fill("#username_input", "frank")
    page.fill("#password_input", PEOPLE["frank"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/hub/second-factor*")
    page.locator("#use-key").click()
    expect(page.locator("#key-form .error")).to_be_visible()  # the browser refuses another site's name
    assert [event for event in desk.stand.events("factor.enrolled") if event.actor == "frank"] == []
