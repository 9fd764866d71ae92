"""Researcher, output checker and administrator, from their login to the end of their work, in both languages.

What the notebook, the sealed runner and the signer do in between is planted as the events that they write: they need
containers, and `tests/journeys` and `test_lab.py` go their way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from egress.release.review import Choice, Vote
from hub.language import translate
from tests.browser.conftest import Open, Pictures
from tests.egress.desk.people import appoint
from tests.egress.web.hub_stand import DESK
from tests.egress.web.planted import CATALOGUE, SECRET, Planted, by_site, by_year, noisy

pytestmark = pytest.mark.browser
PROJECT, ASKED, CHANGED = "reste-a-charge", "Group Dayton with its neighbour.", "Dayton is grouped with Fitchburg."
LANGUAGES = pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
MOST_TABS = 150
WITH_DESK = True


@pytest.fixture(scope="module", autouse=True)
def _enclave(planted: Planted) -> None:
    appoint(planted)
    body = {"catalogue": CATALOGUE.model_dump_json(exclude_none=True)}
    planted.log.append("admin", "source.registered", "", body)


def waiting(planted: Planted, request: str) -> str:
    planted.submit(request, descriptions={"visits_by_site": "Visits of each site.", "persons_by_year": "By year."})
    planted.checked(request, by_site(), by_year(), noisy())
    return request


def said(text: str, language: str, **values: str) -> str:
    return translate(text, language[:2], **values)


def tab_to(page: Page, selector: str) -> None:
    """Move the focus as somebody without a mouse does."""
    for _ in range(MOST_TABS):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by keyboard")


@LANGUAGES
def test_a_researcher_reads_what_to_change_and_fetches_what_left(
    open_as: Open, planted: Planted, pictures: Pictures, tmp_path: Path, language: str
) -> None:
    request = waiting(planted, f"{PROJECT}-{1 if language == 'en-GB' else 2}")
    page = open_as("alice", language)
    expect(page.locator("h1")).to_have_text(said("My requests", language))
    page.click(f"a[href$='{request}']")
    article = page.locator("article", has=page.locator("#output-visits_by_site"))
    expect(article.locator(".findings li").first).to_be_visible()
    expect(article).to_contain_text("Visits of each site.")
    assert str(SECRET) not in "".join(letter for letter in page.content() if letter.isdigit())

    votes = (Vote("visits_by_site", Choice.CHANGE, ASKED), Vote("persons_by_year", Choice.APPROVE))
    planted.desk.review(request, "carol", (*votes, Vote("visits_dp", Choice.APPROVE)))
    page.reload()
    expect(page.locator(".headline .badge")).to_have_text(said("Returned to its author", language))
    expect(article).to_contain_text(ASKED)
    pictures.take(page, f"returned-{language[:2]}-light")

    planted.resubmit(request, CHANGED, by_site("Visits by grouped site"), by_year(), noisy())
    page.reload()
    expect(page.locator(".headline .badge")).to_have_text(said("Waiting for an output checker", language))
    planted.desk.review(request, "carol", (Vote("visits_by_site", Choice.APPROVE),))
    planted.now = datetime.now(UTC)
    planted.release(request, b"PK the package")
    page.reload()
    with page.expect_download() as fetched:
        page.locator("form[action$='/download'] button").click()
    fetched.value.save_as(tmp_path / "package.zip")
    assert (tmp_path / "package.zip").read_bytes() == b"PK the package"
    page.reload()
    expect(page.locator(".headline .badge")).to_have_text(said("Fetched", language))
    expect(page.locator("form[action$='/download']")).to_have_count(0)


@LANGUAGES
def test_a_checker_decides_without_a_mouse(open_as: Open, planted: Planted, pictures: Pictures, language: str) -> None:
    request = waiting(planted, f"{PROJECT}-{3 if language == 'en-GB' else 4}")
    page = open_as("carol", language)
    expect(page.locator("h1")).to_have_text(said("To review", language))
    tab_to(page, f"a[href$='review/{request}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{request}")

    tab_to(page, "[name='vote.visits_by_site']")
    page.keyboard.press("ArrowDown")  # from the first choice to the second: changes are asked for
    tab_to(page, "[name='criteria.visits_by_site.singling_out']")
    page.keyboard.press("Space")
    tab_to(page, "[name='comment.visits_by_site']")
    page.keyboard.type(ASKED)
    tab_to(page, "[name='note.visits_by_site']")
    page.keyboard.type("One family lives there.")
    pictures.take(page, f"voting-{language[:2]}-light")
    for name in ("persons_by_year", "visits_dp"):
        tab_to(page, f"[name='vote.{name}']")
        page.keyboard.press("Space")
    tab_to(page, "form[action*='/review/'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".headline .badge")).to_have_text(said("Returned to its author", language))
    given = [each for each in planted.events("review.given") if each["request"] == request]
    choices = {vote["output"]: vote["choice"] for each in given for vote in each["votes"]}
    assert choices == {"visits_by_site": "change", "persons_by_year": "approve", "visits_dp": "approve"}
    first = next(vote for vote in given[0]["votes"] if vote["output"] == "visits_by_site")
    assert (first["comment"], first["note"], first["criteria"]) == (ASKED, "One family lives there.", ["singling_out"])


@LANGUAGES
def test_administrators_draft_issue_and_halt(
    open_as: Open, site: str, planted: Planted, pictures: Pictures, language: str
) -> None:
    title = {"en-GB": "Who forgoes care, and why", "fr-FR": "Renoncement aux soins et reste à charge"}[language]
    erin = open_as("erin", language, path=DESK)
    erin.goto(f"{site}{DESK}permits/{PROJECT}")
    erin.click("a[href*='drafts/form']")
    erin.fill("#title", title)
    erin.click("button[value=save]")
    expect(erin.locator("h1")).to_have_text(title)
    expect(erin.locator("form[action$='/issue']")).to_have_count(0)  # not by who drafted it
    draft = erin.url

    frank = open_as("frank", language, path=DESK)
    frank.goto(draft)
    pictures.take(frank, f"plan-{language[:2]}-light")
    frank.locator("form[action$='/issue'] button").click()
    frank.wait_for_url(f"**/permits/{PROJECT}")
    expect(frank.locator("h1")).to_have_text(title)

    frank.goto(f"{site}{DESK}workspaces")
    frank.select_option("#what", "project:urgences")
    frank.fill("#why", "A screen was photographed.")
    frank.locator("form[action$='/halt'] button").click()
    expect(frank.locator("article.output")).to_contain_text("A screen was photographed.")
    frank.locator("article.output summary").click()
    frank.locator("article.output input[name=why]").fill("It showed no patient.")
    frank.locator("form[action$='/resume'] button").click()
    expect(frank.get_by_text(said("Nothing is halted.", language))).to_be_visible()
    issued = planted.events("permit.issued")[-1]
    assert (issued["drafted_by"], issued["channel"]) == ("erin", "desk")
    assert planted.events("access.halted")[-1]["why"] == "A screen was photographed."
    assert planted.events("access.resumed")[-1]["why"] == "It showed no patient."
