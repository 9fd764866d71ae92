"""Logging in through the real hub: the dance, and every way to cheat at it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from egress.pages.login import local_target
from egress.pages.sessions import FRESH, LIFETIME
from tests.egress.web.hub_stand import PREFIX, SERVICE_TOKEN
from tests.egress.web.people import House, csrf


def test_a_person_comes_back_to_the_page_they_asked_for(house: House) -> None:
    house.planted.submit("reste-a-charge-1")
    browser = house.browser()
    begun = browser.get(f"{PREFIX}requests/reste-a-charge-1")
    assert begun.status_code == 302
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["client_id"] == ["service-egress"]
    with house.hub.login("alice") as at_hub:
        back = at_hub.get(begun.headers["location"])
    arrived = browser.get(back.headers["location"])
    assert (arrived.status_code, arrived.headers["location"]) == (303, f"{PREFIX}requests/reste-a-charge-1")
    cookies = arrived.headers.get_list("set-cookie")
    (session,) = [cookie for cookie in cookies if cookie.startswith("bulle-session=")]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert f"Path={PREFIX}" in session
    assert browser.get(arrived.headers["location"]).status_code == 200


def test_the_token_stays_on_the_servers_side(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    browser = house.person("alice")
    tokens = [session.token for session in house.sessions._sessions.values()]
    assert tokens
    page = browser.get(f"{PREFIX}requests")
    seen = page.text + str(page.headers) + str(dict(browser.cookies)) + "".join(capfd.readouterr())
    for secret in (*tokens, SERVICE_TOKEN):
        assert secret not in seen
    assert all(token not in repr(house.sessions._sessions) for token in tokens)


@pytest.mark.parametrize("tamper", ["changed", "missing", "other browser", "used twice"])
def test_a_state_that_this_browser_did_not_begin_is_refused(house: House, tamper: str) -> None:
    browser = house.browser()
    with house.hub.login("mallory") as at_hub:
        back = at_hub.get(browser.get(f"{PREFIX}requests").headers["location"]).headers["location"]
    match tamper:
        case "changed":
            back = back.replace("state=", "state=x")
        case "missing":
            back = back.partition("state=")[0]
        case "other browser":  # login CSRF: the victim would work in the attacker's name
            browser = house.browser()
        case "used twice":
            assert browser.get(back).status_code == 303
    answer = browser.get(back)
    assert answer.status_code == 400
    assert "was not begun in this browser" in answer.text
    assert not any(name.startswith("bulle-session") for name in answer.cookies)


def test_a_code_without_its_verifier_opens_nothing(house: House) -> None:
    mine, other = house.browser(), house.browser()
    with house.hub.login("alice") as at_hub:
        stolen = parse_qs(
            urlsplit(at_hub.get(mine.get(f"{PREFIX}requests").headers["location"]).headers["location"]).query
        )
    begun = parse_qs(urlsplit(other.get(f"{PREFIX}requests").headers["location"]).query)
    answer = other.get(f"{PREFIX}oauth_callback", params={"code": stolen["code"][0], "state": begun["state"][0]})
    assert answer.status_code == 403
    assert "did not accept this login" in answer.text


def test_two_tabs_may_log_in_at_the_same_time(house: House) -> None:
    browser = house.browser()
    first, second = browser.get(f"{PREFIX}requests"), browser.get(f"{PREFIX}queue")
    with house.hub.login("carol") as at_hub:
        for begun, page in ((first, "requests"), (second, "queue")):
            arrived = browser.get(at_hub.get(begun.headers["location"]).headers["location"])
            assert (arrived.status_code, arrived.headers["location"]) == (303, f"{PREFIX}{page}")


@pytest.mark.parametrize(("after", "status"), [(FRESH - 1, 200), (FRESH, 200), (FRESH + 1, 302)])
def test_a_revocation_acts_once_the_hubs_word_is_stale(house: House, after: float, status: int) -> None:
    browser = house.person("bob")
    house.hub.revoke("bob")
    house.seconds += after
    assert browser.get(f"{PREFIX}requests").status_code == status


def test_a_session_ends_with_the_working_day(house: House) -> None:
    browser = house.person("alice")
    house.seconds += LIFETIME + 1
    assert browser.get(f"{PREFIX}requests").status_code == 302


def test_logging_out_ends_the_session_for_good(house: House) -> None:
    browser = house.person("alice")
    kept = browser.cookies["bulle-session"]
    answer = browser.post(f"{PREFIX}logout", data={"csrf": csrf(browser.get(f"{PREFIX}requests").text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/hub/logout")
    stolen = house.browser()
    stolen.cookies.set("bulle-session", kept)
    assert stolen.get(f"{PREFIX}requests").status_code == 302


def test_a_cookie_of_another_key_opens_nothing(house: House) -> None:
    house.person("alice")
    identity = next(iter(house.sessions._sessions))
    for forged in (identity, f'"{identity}".AAAA.BBBB', "x" * 10_000, ""):
        browser = house.browser()
        browser.cookies.set("bulle-session", forged)
        assert browser.get(f"{PREFIX}requests").status_code == 302


def test_a_hub_that_is_silent_lets_nobody_in(house: House) -> None:
    browser = house.person("alice")
    house.seconds += FRESH + 1
    login = house.login
    broken = login.hub.settings.__class__(PREFIX, "http://127.0.0.1:9/hub/api", "http://127.0.0.1", SERVICE_TOKEN)
    login.hub.settings = broken
    answer = browser.get(f"{PREFIX}requests")
    assert answer.status_code == 503
    assert "The hub does not answer" in answer.text


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "https://evil.example/",
        "//evil.example/",
        "/hub/logout",
        f"{PREFIX}/evil.example",
        f"{PREFIX}../../hub/logout",
        f"{PREFIX}x\\evil",
        f"{PREFIX}x\r\nSet-Cookie: a=b",
        f"{PREFIX}x?next=//evil.example",
        "/services/egress@evil.example/",
    ],
)
def test_a_redirect_never_leaves_the_service(house: House, wanted: str | None) -> None:
    assert local_target(PREFIX, wanted) == PREFIX
    answer = house.browser().get(f"{PREFIX}language/fr", params={"next": wanted} if wanted is not None else {})
    assert (answer.status_code, answer.headers["location"]) == (303, PREFIX)


def test_a_page_of_the_service_is_a_target(house: House) -> None:
    assert local_target(PREFIX, f"{PREFIX}review/reste-a-charge-1") == f"{PREFIX}review/reste-a-charge-1"
