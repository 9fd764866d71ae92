"""Every page in both languages, light and dark, at 200 % zoom: axe-core finds nothing serious, no page is too wide.

axe-core 4.14.1 (Deque, MPL-2.0) stands in `vendor/axe-core`, as its package on npm has it.
"""

from __future__ import annotations

import pytest

from egress.release.review import Choice, Vote
from tests.browser.conftest import Open, faults
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import Planted, adults_by_year, by_site, by_year, dp_table, noisy, single_persons
from tests.egress.web.planted_figure import figure

pytestmark = pytest.mark.browser
ONE, RETURNED = "reste-a-charge-1", "reste-a-charge-2"
PAGES = {
    "alice": ("requests", f"requests/{ONE}", f"requests/{RETURNED}", "imports", "budget", "no-such-page"),
    "carol": ("queue", f"review/{ONE}", f"review/{RETURNED}", "ledger", "budget"),
    "hilda": ("queue", "oversight", "budget"),
}


@pytest.fixture(scope="module", autouse=True)
def _requests(planted: Planted) -> None:
    planted.submit(RETURNED)
    planted.checked(RETURNED, by_site(), by_year(), figure())
    votes = (
        Vote("visits_by_site", Choice.CHANGE, "Group the sites."),
        *(Vote(name, Choice.APPROVE) for name in ("persons_by_year", "bars")),
    )
    planted.desk.review(RETURNED, "carol", votes)
    planted.submit(ONE, descriptions={"visits_by_site": "Visits of each site."})
    planted.checked(ONE, by_site(), adults_by_year(), noisy(), dp_table(), single_persons())


@pytest.mark.parametrize("person", PAGES)
@pytest.mark.parametrize(("language", "scheme"), [("en-GB", "light"), ("fr-FR", "dark")])
def test_nothing_serious_and_nothing_off_the_side(open_as: Open, person: str, language: str, scheme: str) -> None:
    page = open_as(person, language, scheme)
    page.set_viewport_size({"width": 600, "height": 400})  # 1200 pixels at 200 %
    first, found = page.url.split(PREFIX)[0] + PREFIX, []
    for path in PAGES[person]:
        found += faults(page, f"{first}{path}")
    assert found == []


def test_a_review_is_given_by_keyboard_alone(open_as: Open, planted: Planted) -> None:
    page = open_as("dora", path=f"{PREFIX}review/{ONE}")
    for vote in page.locator("fieldset.vote").all():
        vote.locator("input[value=approve]").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")  # on to the first criterion
        assert page.evaluate("document.activeElement.type") == "checkbox"
        page.keyboard.press("Space")
    page.locator("#minutes").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{ONE}")
    page.get_by_text("You reviewed this request").wait_for()
    given = planted.events("review.given")[-1]
    assert all(vote["criteria"] == ["singling_out"] for vote in given["votes"])
