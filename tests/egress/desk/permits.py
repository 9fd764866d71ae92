"""What administrators type and send in tests of permits."""

from __future__ import annotations

import httpx

from egress.desk.form import of_permit
from hub.policy.model import DataPermit
from tests.egress.desk.people import DeskHouse
from tests.egress.web.hub_stand import DESK
from tests.egress.web.people import csrf
from tests.egress.web.planted import CATALOGUE
from tests.hub.administration.world import other

PROJECT = "reste-a-charge"


def register(house: DeskHouse) -> None:
    """The source of the planted permits."""
    body = {"catalogue": CATALOGUE.model_dump_json(exclude_none=True)}
    house.planted.log.append("admin", "source.registered", "", body)


def in_force(house: DeskHouse, project: str = PROJECT) -> DataPermit:
    return house.following.look().enclave.permits[project]


def changed(house: DeskHouse, **changes: object) -> DataPermit:
    """The next version of the planted permit."""
    return other(in_force(house), **changes)


def post(browser: httpx.Client, path: str, **form: str) -> httpx.Response:
    token = csrf(browser.get(DESK).text)
    return browser.post(f"{DESK}{path}", data={"csrf": token, **form})


def draft(house: DeskHouse, permit: DataPermit, person: str = "erin") -> str:
    """The id of the draft that `person` makes of it in the form."""
    answer = post(house.person(person), "drafts/form", step="save", **of_permit(permit).fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix(f"{DESK}drafts/")
