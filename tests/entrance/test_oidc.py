"""Logging in by an identity provider (a fake one): all other rules hold, and its silence lets nobody stay."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.entrance.fake_idp import CLIENT, SECRET, Provider, running_provider
from tests.entrance.stand import Stand, standing_hub
from tests.hub.enclave import add_person, issue_permit, permit

pytestmark = pytest.mark.directory


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def stand(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "client").write_text(SECRET)
    settings = {
        "BULLE_LOGIN": "oidc",
        "BULLE_OIDC_ISSUER": provider.issuer,
        "BULLE_OIDC_AUTHORIZE_URL": f"{provider.issuer}/authorize",
        "BULLE_OIDC_TOKEN_URL": f"{provider.issuer}/token",
        "BULLE_OIDC_CLIENT_ID": CLIENT,
        "BULLE_OIDC_CLIENT_SECRET_FILE": str(folder / "client"),
    }
    with standing_hub(folder, None, None, **settings) as running:
        for name in ("alice", "carla"):
            add_person(running.log, name)
        issue_permit(running.log, permit("reste-a-charge"))
        yield running


@pytest.fixture
def browser(stand: Stand) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stand.address, follow_redirects=True, timeout=90, trust_env=False) as client:
        yield client


def last_refusal(stand: Stand) -> tuple[str, str]:
    event = stand.events("login.refused")[-1]
    return event.actor, event.body["rule"]


def test_who_the_provider_vouches_for_comes_in_and_signs(
    stand: Stand, provider: Provider, browser: httpx.Client
) -> None:
    provider.says("Alice")
    page = browser.get("/hub/home")
    assert page.url.path == "/hub/undertakings"
    assert "alice" in page.text
    [event] = stand.events("login.accepted")
    assert (event.actor, event.body["rule"]) == ("alice", "oidc")


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        (("mallory", {}), ("unknown", "person.unknown")),
        (("alice", {"amr": ["pwd"]}), ("alice", "second_factor.not_shown")),
        (("alice", {"amr": None}), ("alice", "second_factor.not_shown")),
        (("alice", {"iss": "https://other.example"}), ("unknown", "oidc.not_ours")),
        (("alice", {"aud": "another-client"}), ("unknown", "oidc.silent")),
        (("alice", {"exp": 1}), ("unknown", "oidc.silent")),
        (("../alice", {}), ("unknown", "oidc.no_name")),
        (("alice", {"preferred_username": ["alice"]}), ("unknown", "oidc.silent")),
    ],
)
def test_everybody_else_stays_out(
    stand: Stand,
    provider: Provider,
    browser: httpx.Client,
    told: tuple[str, dict[str, object]],
    refused: tuple[str, str],
) -> None:
    name, claims = told
    provider.says(name, **claims)
    page = browser.get("/hub/home")
    assert page.status_code in {403, 503}
    assert "Traceback" not in page.text
    assert last_refusal(stand) == refused
    assert browser.get("/hub/api/user").status_code == 403


def test_a_password_or_a_code_at_the_token_door_opens_nothing(stand: Stand, provider: Provider) -> None:
    provider.says("alice")
    for body in ({"auth": {"username": "alice", "password": "x"}}, {"auth": {"code": "x"}}):
        answer = httpx.post(f"{stand.address}/hub/api/users/alice/tokens?code=x", json=body, timeout=60)
        assert answer.status_code == 403


def test_an_answer_without_the_browsers_own_state_is_refused(browser: httpx.Client) -> None:
    assert browser.get("/hub/oauth_callback?code=x&state=e30").status_code == 400


def test_whoever_the_provider_drops_is_out_at_the_next_refresh(
    stand: Stand, provider: Provider, browser: httpx.Client
) -> None:
    provider.says("carla")
    assert browser.get("/hub/home").url.path == "/hub/undertakings"
    provider.refreshes = False
    try:
        provider.says("carla", amr=[])  # and it does not let her in again either
        deadline = time.monotonic() + 60
        while browser.get("/hub/undertakings").status_code == 200 and time.monotonic() < deadline:
            time.sleep(0.3)  # the stand asks again after a second
        assert "refresh_token" in provider.asked
        assert last_refusal(stand) == ("carla", "second_factor.not_shown")
    finally:
        provider.refreshes = True
