"""A data holder answers for the memberships of their projects, and for no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, csrf, text_of

PROJECT, PAGE = "reste-a-charge", f"{PREFIX}habilitations"
ASKED = [[PROJECT, "alice"], [PROJECT, "bob"], [PROJECT, "hilda"], ["urgences", "mallory"]]


def review(house: House, holders: bool = True) -> None:
    until = (house.planted.now + timedelta(days=30)).date().isoformat()
    body = {"campaign": "review-1", "until": until, "effect": "close", "holders": holders, "asked": ASKED}
    house.planted.log.append("erin", "campaign.opened", "", body)


def send(browser: TestClient, act: str, **form: str) -> tuple[int, str]:
    answer = browser.post(f"{PAGE}/review-1/{act}", data={"csrf": csrf(browser.get(PAGE).text), **form})
    return answer.status_code, text_of(answer.text)


def answers(house: House) -> list[tuple[str, str, str]]:
    return [(event.actor, event.kind, event.body["person"]) for event in house.planted.log.read(kinds="membership.")]


def test_the_data_holder_confirms_and_withdraws_on_their_project(house: House) -> None:
    review(house)
    hilda = house.person("hilda")
    said = text_of(hilda.get(PAGE).text)
    assert "Alice Martin" in said
    assert "mallory" not in said
    assert "somebody else answers" in said
    assert send(hilda, "confirm", **{f"confirm:{PROJECT}:alice": "yes"})[0] == 303
    assert send(hilda, "withdraw", membership=f"{PROJECT}:bob", why=" ")[0] == 422
    for _ in range(2):
        assert send(hilda, "withdraw", membership=f"{PROJECT}:bob", why="left the team")[0] == 303
    assert answers(house) == [
        ("hilda", "membership.confirmed", "alice"),
        ("hilda", "membership.withdrawn", "bob"),
    ]
    assert "retiré : fermé" in text_of(house.person("hilda", "fr").get(PAGE).text)


def test_no_other_project_and_not_themselves(house: House) -> None:
    review(house)
    hilda = house.person("hilda")
    assert send(hilda, "confirm", **{"confirm:urgences:mallory": "yes"})[0] == 403
    assert send(hilda, "confirm", **{f"confirm:{PROJECT}:hilda": "yes"})[0] == 422
    assert answers(house) == []


@pytest.mark.parametrize("person", ["alice", "carol", "mallory", "stranger"])
def test_nobody_else_sees_or_answers_anything(house: House, person: str) -> None:
    review(house)
    browser = house.person(person)
    page = browser.get(PAGE).text
    assert "No review asks you about anybody." in text_of(page)
    assert f'href="{PAGE}"' not in page
    assert send(browser, "withdraw", membership=f"{PROJECT}:bob", why="x")[0] == 403
    assert answers(house) == []


def test_where_only_administrators_answer_the_data_holder_is_not_asked(house: House) -> None:
    review(house, holders=False)
    hilda = house.person("hilda")
    assert "No review asks you about anybody." in text_of(hilda.get(PAGE).text)
    assert send(hilda, "confirm", **{f"confirm:{PROJECT}:alice": "yes"})[0] == 403
