"""The hub's pages in the language that somebody chose, whatever their browser asks for."""

from __future__ import annotations

import httpx
import pytest

from hub.entrance.language import in_language
from tests.entrance.stand import Stand


def test_who_chooses_a_language_keeps_it(stand: Stand) -> None:
    with httpx.Client(base_url=stand.address, trust_env=False) as browser:
        browser.headers["Accept-Language"] = "en"
        first = browser.get("/hub/login", params={"next": "/hub/home"})
        assert 'lang="en"' in first.text
        assert 'href="?next=%2Fhub%2Fhome&amp;lang=fr"' in first.text
        chosen = browser.get("/hub/login?next=%2Fhub%2Fhome&lang=fr")
        assert '<html lang="fr">' in chosen.text
        [cookie] = [each for each in browser.cookies.jar if each.name == "bulle-language"]
        assert (cookie.value, cookie.path) == ("fr", "/")
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert '<html lang="fr">' in browser.get("/hub/login").text


@pytest.mark.parametrize("asked", ["xx", "", "../fr", "FR", "fr%0d%0aSet-Cookie: a=b"])
def test_what_is_no_language_changes_nothing(stand: Stand, asked: str) -> None:
    with httpx.Client(base_url=stand.address, trust_env=False) as browser:
        browser.headers["Accept-Language"] = "en"
        answer = browser.get(f"/hub/login?lang={asked}")
        assert '<html lang="en">' in answer.text
        assert browser.cookies.get("bulle-language") in {None, "en"}
        assert browser.cookies.get("a") is None


def test_the_rest_of_the_address_stays() -> None:
    assert in_language("/hub/login?next=%2Fa%3Fb%3D1&lang=en&empty=", "fr") == "?next=%2Fa%3Fb%3D1&empty=&lang=fr"
    assert in_language("/hub/home", "en") == "?lang=en"
