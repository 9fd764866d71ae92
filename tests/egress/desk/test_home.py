"""The desk's first page, and who gets to it."""

from __future__ import annotations

from tests.egress.desk.people import DeskHouse
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import text_of


def test_an_administrator_is_told_what_waits(house: DeskHouse) -> None:
    assert "What waits for you" in text_of(house.person("erin").get(DESK).text)
    assert "Ce qui vous attend" in text_of(house.person("frank", "fr").get(DESK).text)


def test_who_is_dismissed_or_halted_is_out_with_the_next_click(house: DeskHouse) -> None:
    erin, frank = house.person("erin"), house.person("frank")
    assert (erin.get(DESK).status_code, frank.get(DESK).status_code) == (200, 200)
    house.planted.log.append("admin", "administrator.dismissed", "", {"person": "erin", "why": "left"})
    halt = {"scope": "person", "name": "frank", "why": "looked into"}
    house.planted.log.append("admin", "access.halted", "", halt)
    assert "no administrator" in erin.get(DESK).text
    assert "is halted since" in frank.get(DESK).text
    assert (erin.get(DESK).status_code, frank.get(DESK).status_code) == (403, 403)
