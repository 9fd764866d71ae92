"""A checker finds an earlier table beside the one in question, in both languages; an author finds one sentence."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from egress.release.review import Choice, Vote
from tests.browser.conftest import Open, Pictures
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import THERE, Planted, adults_by_year, by_site, by_year

pytestmark = pytest.mark.browser
MINE, EARLIER, ELSEWHERE = "reste-a-charge-1", "reste-a-charge-2", "urgences-1"


@pytest.fixture(scope="module", autouse=True)
def _requests(planted: Planted) -> None:
    planted.submit(EARLIER, person="bob", title="Persons by year of the study")
    planted.checked(EARLIER, by_year())
    planted.desk.review(EARLIER, "carol", (Vote("persons_by_year", Choice.APPROVE),))
    planted.release(EARLIER)
    planted.submit(ELSEWHERE, person="mallory", title="Elsewhere")
    planted.checked(ELSEWHERE, by_site())
    planted.desk.review(ELSEWHERE, "bob", (Vote("visits_by_site", Choice.APPROVE),))
    planted.release(ELSEWHERE)
    planted.submit(MINE)
    planted.checked(MINE, by_year())
    planted.repeated(MINE, adults_by_year(), by_site())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-GB", ("Conflict with an earlier table", "Released tables")),
        ("fr-FR", ("Conflit avec un tableau antérieur", "Tableaux sortis")),
    ],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_reads_both_tables_side_by_side(
    open_as: Open, pictures: Pictures, language: str, words: tuple[str, str], scheme: str
) -> None:
    heading, ledger = words
    page, suffix = open_as("dora", language, scheme), f"{language[:2]}-{scheme}"
    page.click(f"a[href$='{MINE}']")
    expect(page.get_by_role("heading", name=heading)).to_have_count(2)
    first = page.locator(".conflict").first
    assert str(THERE) in "".join(letter for letter in first.inner_text() if letter.isdigit())
    expect(first.locator("td.flagged")).to_have_count(4)
    # nothing on the page is wider than the window
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pictures.take(page, f"conflict-{suffix}")
    first.get_by_role("link", name=EARLIER).click()
    expect(page.locator("h1")).to_have_text("Persons by year of the study")
    page.get_by_role("link", name=ledger).click()
    expect(page.locator("h1")).to_have_text(ledger)
    expect(page.locator("tbody tr")).to_have_count(4)
    pictures.take(page, f"ledger-{suffix}")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_an_author_reads_that_there_is_a_conflict(open_as: Open, pictures: Pictures, language: str) -> None:
    page = open_as("alice", language, path=f"{PREFIX}requests/{MINE}")
    expect(page.locator(".findings li").first).to_be_visible()
    expect(page.locator(".conflict")).to_have_count(0)
    content = page.content().replace(",", "").replace("\u202f", "").replace("\xa0", "")
    assert str(THERE) not in content
    assert EARLIER not in content
    pictures.take(page, f"conflict-author-{language[:2]}")
