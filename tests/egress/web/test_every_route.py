"""Every address that there is, as the pages describe them themselves: a new one is asked the same questions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from egress.imports.guards import Asking
from egress.pages.description import describe
from egress.pages.protection import HEADERS
from egress.pages.sessions import COOKIE
from egress.release.model import FrozenFile
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf
from tests.egress.web.planted import ATTACK, by_site, by_year

ONE, IMPORT = "reste-a-charge-1", "reste-a-charge-import-1"
DOCUMENT = f"{PREFIX}openapi.json"
# These are nobody's: they open, end or prepare a session.
ANYBODYS = ("oauth_callback", "logout", "language/{code}", "health", "openapi.json")
QUIET = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture
def waiting(house: House) -> House:
    house.planted.submit(ONE, title=ATTACK)
    house.planted.checked(ONE, by_site(), by_year())
    files = (FrozenFile("tool.py", sha256(b"x = 1\n").hexdigest(), 6),)
    asking = Asking(ATTACK, "visits_by_site", "visits_by_site", files)
    house.planted.imports.ask("reste-a-charge", "alice", asking, lambda: house.planted.arrivals.put(b"x = 1\n"))
    house.planted.bring_in()
    return house


def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.browser().get(DOCUMENT).json()
    return found


def operations(house: House, *, of_somebody: bool = True) -> Iterator[tuple[str, str]]:
    """Method and path of everything there is; or only of what belongs to somebody."""
    for path, methods in document(house)["paths"].items():
        known = path.removeprefix(PREFIX) in ANYBODYS
        if not (of_somebody and known):
            yield from ((method.upper(), path) for method in methods)


def filled(path: str, **places: str) -> str:
    given = {"request": ONE, "identity": IMPORT, "place": "1", "source": "rand-hie", "form": "csv", "code": "fr"}
    given |= {"campaign": "review-1"}
    return path.format(**{**given, **places})


def token_of(browser: TestClient) -> str:
    return csrf(browser.get(f"{PREFIX}requests").text)


def test_the_description_tells_of_every_page_and_act(house: House) -> None:
    told = {(method, path.removeprefix(PREFIX)) for method, path in operations(house, of_somebody=False)}
    for known in (("GET", "requests/{request}"), ("POST", "review/{request}"), ("GET", "review/{request}")):
        assert known in told
    assert ("POST", "requests/{request}/download") in told
    assert len(told) >= 20
    assert schemathesis.openapi.from_dict(document(house)).statistic.operations.total >= len(told)
    assert describe((), PREFIX, "none")["paths"] == {}


def test_nobody_gets_in_without_a_login(waiting: House) -> None:
    browser, before = waiting.browser(), len(waiting.planted.log.read())
    for method, path in operations(waiting):
        answer = browser.request(method, filled(path), data={"csrf": ""} if method == "POST" else None)
        assert answer.status_code in ({302} if method == "GET" else {401}), (method, path)
        assert "visits_by_site" not in answer.text
    assert len(waiting.planted.log.read()) == before


@pytest.mark.parametrize("person", ["mallory", "stranger"])
def test_another_persons_session_opens_nothing_of_a_request(waiting: House, person: str) -> None:
    browser = waiting.person(person)
    token, before = token_of(browser), len(waiting.planted.log.read())
    asked = [each for each in operations(waiting) if re.search(r"{(request|identity|source)}", each[1])]
    assert len(asked) >= 5
    for method, path in asked:
        form = {"csrf": token, "why": "because", "agrees": "yes"} if method == "POST" else None
        answer = browser.request(method, filled(path), data=form)
        assert answer.status_code == 404, (method, path)
        assert "visits_by_site" not in answer.text
    assert len(waiting.planted.log.read()) == before


def test_no_act_without_the_sessions_own_token(waiting: House) -> None:
    alice, carols = waiting.person("alice"), token_of(waiting.person("carol"))
    before = len(waiting.planted.log.read())
    for method, path in operations(waiting, of_somebody=False):
        if method == "POST":
            for token in ("", carols):
                assert alice.post(filled(path), data={"csrf": token}).status_code == 403, path
            headers = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}
            assert alice.post(filled(path), data={"csrf": token_of(alice)}, headers=headers).status_code == 403, path
    assert len(waiting.planted.log.read()) == before


@pytest.mark.parametrize("person", ["alice", "carol"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_that_can_be_sent_breaks_a_page(waiting: House, person: str, mode: GenerationMode) -> None:
    """What schemathesis thinks of for each address, sent by somebody who is logged in, with the right token or not."""
    browser = waiting.person(person)
    token, cookie = token_of(browser), browser.cookies[COOKIE]
    schema, seen = schemathesis.openapi.from_asgi(DOCUMENT, waiting.app), set[str]()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/logout"):
            continue  # ends the session that the others need; it has tests of its own

        @given(case=operation.as_strategy(generation_mode=mode), mine=st.booleans())
        @QUIET
        def send(case: schemathesis.Case, mine: bool) -> None:
            if mine and isinstance(case.body, dict):
                case.body["csrf"] = token
            if mine and "request" in (case.path_parameters or {}):
                case.path_parameters["request"] = ONE
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the test client's own libraries
                answer = case.call(cookies={COOKIE: cookie}, allow_redirects=False)
            told = str(answer.status_code)
            seen.add(told)
            assert told in case.operation.definition.raw["responses"] | {"405": "", "307": ""}, (told, case.path)
            assert answer.status_code < 500 or told == "503"
            assert "Traceback" not in answer.text
            assert "<script" not in answer.text
            for name, value in HEADERS.items():
                assert answer.headers[name.lower()][0] == value

        send()
    assert {"200", "403", "404"} <= seen  # it came past the login, and past the token
    assert waiting.planted.log.verify() is None
