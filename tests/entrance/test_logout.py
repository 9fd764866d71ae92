"""A copy of a session's cookies, kept by somebody else, after its person logged out; and what the doors are told."""

from __future__ import annotations

import httpx
import pytest

from tests.entrance.stand import Stand
from tests.entrance.test_second_factor import enrolled

pytestmark = pytest.mark.directory

OAUTH = {
    "client_id": "service-egress",
    "redirect_uri": "/services/egress/oauth_callback",
    "response_type": "code",
    "state": "s" * 43,
}


def a_copy_of(http: httpx.Client) -> httpx.Client:
    return httpx.Client(base_url=http.base_url, cookies=httpx.Cookies(http.cookies), timeout=30)


def in_hub(http: httpx.Client) -> bool:
    return http.get("/hub/undertakings").status_code == 200


def code_for(http: httpx.Client) -> str:
    """The hub's word for whoever holds these cookies, as it is given to a service; "" where it gives none."""
    sent = httpx.URL(http.get("/hub/api/oauth2/authorize", params=OAUTH).headers.get("location", ""))
    return str(sent.params.get("code", ""))


def exchanged(stand: Stand, code: str) -> str:
    """The token that a service gets for a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OAUTH["redirect_uri"]}
    secret = (stand.folder / "egress").read_text()
    known = {"client_id": OAUTH["client_id"], "client_secret": secret}
    answer = httpx.post(f"{stand.address}/hub/api/oauth2/token", data={**form, **known})
    return str(answer.json().get("access_token", ""))


def knows(stand: Stand, token: str) -> bool:
    answer = httpx.get(f"{stand.address}/hub/api/user", headers={"Authorization": f"token {token}"})
    return answer.status_code == 200


def who(http: httpx.Client, **headers: str) -> str:
    return http.get("/hub/who", headers=headers).headers.get("X-Bulle-Person", "")


def test_a_stolen_cookie_is_dead_once_its_person_logged_out(stand: Stand) -> None:
    _, browser = enrolled(stand, "alice")
    thief, stranger = a_copy_of(browser.http), httpx.Client(base_url=stand.address)
    assert in_hub(thief)
    token, kept = exchanged(stand, code_for(thief)), code_for(thief)
    assert kept
    assert knows(stand, token)
    assert (who(thief), who(stranger)) == ("alice", "")
    session = next(each for each in browser.http.cookies.jar if each.name == "jupyterhub-session-id")
    assert who(stranger, Cookie=f"jupyterhub-session-id={session.value}") == "alice"  # the tokens of the session
    browser.http.get("/hub/logout")
    assert not in_hub(thief)
    assert code_for(thief) == exchanged(stand, kept) == ""
    assert not knows(stand, token)
    assert who(stranger, Cookie=f"jupyterhub-session-id={session.value}") == ""
    [ended] = stand.events("login.ended")
    assert ended.actor == "alice"


def test_another_browser_of_the_same_person_is_out_as_well(stand: Stand) -> None:
    _, browser = enrolled(stand, "carla")
    other = a_copy_of(browser.http)
    other.cookies.delete("jupyterhub-session-id")
    assert in_hub(other)
    browser.http.get("/hub/logout")
    assert not in_hub(other)


def test_logging_out_without_a_session_ends_nobodys(stand: Stand) -> None:
    _, browser = enrolled(stand, "erin")
    with httpx.Client(base_url=stand.address) as stranger:
        stranger.get("/hub/logout")
    assert in_hub(browser.http)


def test_asking_for_anothers_is_a_line_for_the_meter(stand: Stand) -> None:
    _, browser = enrolled(stand, "frank")
    folder = stand.folder / "state" / "refusals" / "hub"
    for path in ("/hub/api/users/alice", "/hub/user/alice/reste-a-charge/", "/hub/nothing"):
        assert browser.http.get(path).status_code in {403, 404}
    found = "".join(path.read_text() for path in folder.iterdir())
    assert found.count('"tried":"others","person":"frank"') == 2
