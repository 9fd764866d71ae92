"""Administrators at their desk in headless Chromium: a permit drafted by one and issued by another; every page in both
languages, light and dark, at 200 % zoom.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.administration.papers import fold
from hub.catalogue.files import read_catalogue
from hub.policy.files import policies_dir
from tests.browser.conftest import Open, Pictures, faults
from tests.egress.desk.people import appoint
from tests.egress.web.hub_stand import DESK
from tests.egress.web.planted import ATTACK, Planted
from tests.hub.administration.world import other

pytestmark = pytest.mark.browser
WITH_DESK = True
CATALOGUE: Path = policies_dir() / "catalogues" / "rand-hie.toml"
PAGES = {
    "": "home",
    "permits": "permits",
    "permits/reste-a-charge": "permit",
    "drafts/new": "draft-new",
    "drafts/form?project=reste-a-charge": "draft-form",
    "drafts/form?source=rand-hie": "draft-blank",
    "drafts/urgences-draft-1": "draft",
    "people": "people",
    "people/alice": "person",
    "sources": "sources",
    "sources/rand-hie": "source",
    **{name: name for name in ("workspaces", "alarms", "habilitations", "imports", "budgets", "figures")},
    "no-such-page": "nothing",
}


@pytest.fixture(scope="module", autouse=True)
def _enclave(planted: Planted) -> None:
    appoint(planted)
    catalogue = read_catalogue(CATALOGUE)
    body = {"catalogue": catalogue.model_dump_json(exclude_none=True)}
    planted.log.append("admin", "source.registered", "", body)
    papers = fold(planted.log.read())
    last = papers.permits["urgences"][-1]
    grant = {"columns": ["site", "age", "health"], "years": {"column": "year", "first": 1, "last": 3}}
    members = [{"person": "alice", "role": "researcher"}, {"person": "bob", "role": "output_checker"}]
    draft = other(last.permit, title="Who comes to the emergency room", tables={"person_year": grant}, persons=members)
    told = {"draft": "urgences-draft-1", "base": last.sha256, "permit": draft.model_dump_json(), "sha256": ""}
    planted.log.append("frank", "permit.drafted", "urgences", told)


def test_a_permit_is_drafted_by_one_and_issued_by_another(open_as: Open, planted: Planted) -> None:
    erin = open_as("erin", path=f"{DESK}drafts/new")
    erin.get_by_role("button", name="Go on").click()
    erin.get_by_label("Project", exact=True).fill("Heart Study")
    erin.get_by_label("Title").fill(ATTACK)
    erin.get_by_label("Purpose").select_option("public-health-research")
    erin.get_by_label("What the data are needed for").fill("To see who is ill, and where.")
    erin.get_by_label("Person 1", exact=True).fill("alice")
    erin.get_by_label("Person 2", exact=True).fill("carol")
    erin.get_by_label("Role of person 2").select_option("output_checker")
    for column in ("site", "year", "total_spending"):
        erin.locator(f"input[name='column.person_year.{column}']").check()
    erin.get_by_label("Last day").fill("2031-12-31")
    erin.get_by_role("button", name="Keep the draft").click()
    expect(erin.locator("#problem-project-1")).to_be_visible()  # "Heart Study" is no project's name
    expect(erin.get_by_label("Title")).to_have_value(ATTACK)
    erin.get_by_label("Project", exact=True).fill("heart")
    erin.get_by_role("button", name="Keep the draft").click()
    expect(erin.get_by_text("You drafted it")).to_be_visible()
    expect(erin.get_by_role("button", name="Issue the permit")).to_have_count(0)
    frank = open_as("frank", path=DESK)
    frank.get_by_role("link", name="heart-draft-1").click()
    expect(frank.locator("h1")).to_have_text(ATTACK)
    frank.get_by_role("button", name="Issue the permit").click()
    frank.wait_for_url("**/permits/heart")
    [issued] = [event for event in planted.log.read(kinds="permit.issued") if event.project == "heart"]
    assert (issued.actor, issued.body["drafted_by"]) == ("frank", "erin")


def test_a_catalogue_is_compared_before_it_is_registered(open_as: Open, planted: Planted, tmp_path: Path) -> None:
    changed = tmp_path / "rand-hie.toml"
    changed.write_text(CATALOGUE.read_text(encoding="utf-8").replace("Sex as recorded", "Sex as it was recorded"))
    page = open_as("erin", path=f"{DESK}sources")
    page.get_by_label("File").set_input_files(changed)
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text("Sex as it was recorded")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Register it").click()
    page.wait_for_url("**/sources/rand-hie")
    assert len(planted.log.read(kinds="source.registered")) == 2


@pytest.mark.parametrize(("language", "scheme"), [("en-GB", "light"), ("fr-FR", "dark")])
def test_nothing_serious_and_nothing_off_the_side(
    open_as: Open, pictures: Pictures, language: str, scheme: str
) -> None:
    page = open_as("erin", language, scheme, path=DESK)
    first, found = page.url.split(DESK)[0] + DESK, []
    for path, name in PAGES.items():
        page.set_viewport_size({"width": 600, "height": 400})  # 1200 pixels at 200 %
        found += faults(page, f"{first}{path}")
        page.set_viewport_size({"width": 1200, "height": 800})
        pictures.take(page, f"desk-{name}-{language[:2]}-{scheme}")
    assert found == []
