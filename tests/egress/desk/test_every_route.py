"""Every address of the desk, as it describes them itself: a new one is asked the same questions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from egress.pages.protection import HEADERS
from egress.pages.sessions import COOKIE
from tests.egress.desk.people import DeskHouse
from tests.egress.desk.permits import changed, draft, register
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf

QUIET = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# These are nobody's: they open, end or prepare a session.
ANYBODYS = ("oauth_callback", "logout", "language/{code}", "health", "openapi.json")
PLACES = {
    "code": "fr",
    "campaign": "review-1",
    "project": "reste-a-charge",
    "draft": "reste-a-charge-draft-1",
    "name": "alice",
    "source": "rand-hie",
}


def document(house: DeskHouse) -> dict[str, Any]:
    found: dict[str, Any] = house.browser().get(f"{DESK}openapi.json").json()
    return found


def operations(house: DeskHouse) -> Iterator[tuple[str, str]]:
    """Method and path of everything that is an administrator's."""
    for path, methods in document(house)["paths"].items():
        if path.removeprefix(DESK) not in ANYBODYS:
            yield from ((method.upper(), path.format(**PLACES)) for method in methods)


def token_of(house: DeskHouse, person: str) -> str:
    return csrf(house.person(person).get(DESK).text)


def test_nobody_gets_in_without_a_login(house: DeskHouse) -> None:
    browser, before = house.browser(), house.planted.log.last()
    for method, path in operations(house):
        answer = browser.request(method, path, data={"csrf": ""} if method == "POST" else None)
        assert answer.status_code == (302 if method == "GET" else 401), (method, path)
    assert house.planted.log.last() == before


@pytest.mark.parametrize("person", ["alice", "hilda", "stranger"])
def test_who_administers_nothing_is_refused_everywhere(house: DeskHouse, person: str) -> None:
    browser, before = house.person(person), house.planted.log.last()
    token = csrf(browser.get(DESK).text)
    for method, path in operations(house):
        answer = browser.request(method, path, data={"csrf": token, "why": "because"} if method == "POST" else None)
        assert answer.status_code == 403, (method, path)
        assert "no administrator" in answer.text
    assert house.planted.log.last() == before


def test_no_act_without_the_sessions_own_token(house: DeskHouse) -> None:
    erin, franks = house.person("erin"), token_of(house, "frank")
    own, before = csrf(erin.get(DESK).text), house.planted.log.last()
    for method, path in [*operations(house), ("POST", f"{DESK}logout")]:
        if method == "POST":
            for token in ("", franks):
                assert erin.post(path, data={"csrf": token}).status_code == 403, path
            headers = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}
            assert erin.post(path, data={"csrf": own}, headers=headers).status_code == 403, path
    assert house.planted.log.last() == before


def test_every_answer_is_protected(house: DeskHouse) -> None:
    erin = house.person("erin")
    for method, path in operations(house):
        answer = erin.request(method, path)
        assert answer.status_code < 500, path
        assert all(answer.headers[name.lower()] == value for name, value in HEADERS.items()), path


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_that_can_be_sent_breaks_a_page(house: DeskHouse, mode: GenerationMode) -> None:
    """What schemathesis thinks of for each address, sent by an administrator, with the right token or not."""
    register(house)
    identity = draft(house, changed(house, title="Another title"))
    browser = house.person("erin")
    own, cookie = csrf(browser.get(DESK).text), browser.cookies[COOKIE]
    schema = schemathesis.openapi.from_asgi(f"{DESK}openapi.json", house.app)
    places, seen = {**PLACES, "draft": identity}, set[str]()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/logout"):
            continue  # ends the session that the others need

        @given(case=operation.as_strategy(generation_mode=mode), mine=st.booleans())
        @QUIET
        def send(case: schemathesis.Case, mine: bool) -> None:
            if mine and isinstance(case.body, dict):
                case.body["csrf"] = own
            if mine:
                for name in (case.path_parameters or {}).keys() & places.keys():
                    case.path_parameters[name] = places[name]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the test client's own libraries
                answer = case.call(cookies={COOKIE: cookie}, allow_redirects=False)
            told = str(answer.status_code)
            seen.add(told)
            assert told in case.operation.definition.raw["responses"] | {"405": "", "307": ""}, (told, case.path)
            assert answer.status_code < 500 or told == "503"
            assert "Traceback" not in answer.text
            assert "<script" not in answer.text

        send()
    assert {"200", "403", "404"} <= seen
    assert house.planted.log.verify() is None
