"""Data sources at the desk: catalogues, their versions, and registering one after reading what it would change."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx
import pytest

from hub.policy.files import policies_dir
from tests.egress.desk.people import DeskHouse
from tests.egress.desk.permits import post, register
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf, text_of
from tests.egress.web.planted import ATTACK

SHIPPED: Path = policies_dir() / "catalogues" / "rand-hie.toml"


@pytest.fixture(autouse=True)
def _source(house: DeskHouse) -> None:
    register(house)


def send(browser: httpx.Client, content: bytes) -> httpx.Response:
    form = {"csrf": csrf(browser.get(DESK).text)}
    return browser.post(f"{DESK}catalogues/upload", data=form, files=[("file", ("rand-hie.toml", content))])


def kept(page: str) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', page)
    assert found, page
    return html.unescape(found.group(1))


def test_a_source_shows_its_columns_versions_and_permits(house: DeskHouse) -> None:
    erin = house.person("erin")
    assert "reste-a-charge" in text_of(erin.get(f"{DESK}sources").text)
    page = text_of(erin.get(f"{DESK}sources/rand-hie").text)
    for told in ("person_id", "0 to 110, published breaks: 18", "urgences", "The first version."):
        assert told in page
    assert erin.get(f"{DESK}sources/nothing").status_code == 404


def test_what_a_catalogue_would_change_is_read_before_it_is_registered(house: DeskHouse) -> None:
    erin = house.person("erin")
    looked = send(erin, SHIPPED.read_bytes())
    assert looked.status_code == 200
    for told in ("source: person_key", "zper", "person_year.coinsurance", "person_year.age: identifying"):
        assert told in text_of(looked.text)
    assert len(house.events("source.registered")) == 1
    for _ in range(2):
        answer = post(erin, "catalogues/register", kept=kept(looked.text))
        assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}sources/rand-hie")
    assert len(house.events("source.registered")) == 2
    assert "person_year.coinsurance" in text_of(erin.get(f"{DESK}sources/rand-hie").text)
    assert send(erin, SHIPPED.read_bytes()).status_code == 422  # nothing to change


def test_a_permit_that_a_catalogue_does_not_suit_is_named(house: DeskHouse) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("columns.total_spending", "columns.spending")
    page = text_of(send(house.person("erin"), text.encode()).text)
    assert "their next extract would be refused" in page
    assert "no column total_spending" in page


def test_what_was_registered_meanwhile_is_not_overwritten(house: DeskHouse) -> None:
    erin, frank = house.person("erin"), house.person("frank")
    looked = send(erin, SHIPPED.read_bytes())
    other = SHIPPED.read_text(encoding="utf-8").replace("Place of the experiment", "Site of the experiment")
    post(frank, "catalogues/register", kept=kept(send(frank, other.encode()).text))
    assert post(erin, "catalogues/register", kept=kept(looked.text)).status_code == 409
    assert post(erin, "catalogues/register", kept=kept(looked.text)[:-2] + "xx").status_code == 409


@pytest.mark.parametrize(
    ("content", "status"), [(b"source = 1", 422), (b"a = " + b"[" * 9_000, 422), (b"#" * 400_000, 413)]
)
def test_whatever_is_sent_is_answered_with_a_sentence(house: DeskHouse, content: bytes, status: int) -> None:
    answer = send(house.person("erin"), content)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_a_script_in_a_description_is_text(house: DeskHouse) -> None:
    erin = house.person("erin")
    text = SHIPPED.read_text(encoding="utf-8").replace("Sex as recorded", ATTACK.replace('"', "'"))
    looked = send(erin, text.encode())
    post(erin, "catalogues/register", kept=kept(looked.text))
    for page in (looked.text, erin.get(f"{DESK}sources/rand-hie").text, erin.get(f"{DESK}sources").text):
        assert "<script>" not in page
