"""People at the pages in headless Chromium: they log in, read, decide, fetch; hostile text stays text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, Pictures
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import ATTACK, SECRET, Planted, by_site, by_year, noisy, single_persons

pytestmark = pytest.mark.browser
MAIN, NEXT, HOSTILE = "reste-a-charge-1", "reste-a-charge-2", "reste-a-charge-3"


@pytest.fixture(scope="module", autouse=True)
def _requests(planted: Planted) -> None:
    planted.submit(MAIN, source=f"import bulle\nprint({ATTACK!r})")
    planted.checked(MAIN, by_site(), by_year(), noisy(), single_persons())
    planted.submit(NEXT, person="bob", title="Doctor visits by age group")
    planted.checked(NEXT, by_year())


@pytest.fixture(scope="module")
def hostile(planted: Planted) -> str:
    """A request whose author tries what can be tried with text; its id."""
    planted.submit(HOSTILE, title=ATTACK)
    planted.checked(HOSTILE, by_site(ATTACK))
    return HOSTILE


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-GB", ("My requests", "No automatic finding")), ("fr-FR", ("Mes demandes", "Aucun constat automatique"))],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_author_reads_their_request(
    open_as: Open, pictures: Pictures, language: str, words: tuple[str, str], scheme: str
) -> None:
    heading, outcome = words
    page, suffix = open_as("alice", language, scheme), f"{language[:2]}-{scheme}"
    expect(page.locator("h1")).to_have_text(heading)
    expect(page.locator("html")).to_have_attribute("lang", language[:2])
    pictures.take(page, f"requests-{suffix}")
    page.click(f"a[href$='{MAIN}']")
    expect(page.get_by_text(outcome).first).to_be_visible()
    assert str(SECRET) not in page.content().replace(",", "").replace("\u202f", "")
    assert page.get_by_text("Disclosure price").count() == 0
    pictures.take(page, f"request-{suffix}")


def test_the_language_is_chosen_and_kept(open_as: Open) -> None:
    page = open_as("alice")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("h1")).to_have_text("Mes demandes")
    page.reload()
    expect(page.locator("h1")).to_have_text("Mes demandes")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("My requests")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_finds_everything_on_one_page(open_as: Open, pictures: Pictures, language: str, scheme: str) -> None:
    page, suffix = open_as("dora", language, scheme), f"{language[:2]}-{scheme}"
    expect(page.locator("tbody tr")).to_have_count(2)
    pictures.take(page, f"queue-{suffix}")
    page.click(f"a[href$='{MAIN}']")
    expect(page.locator("td.flagged")).to_have_count(4)
    assert str(SECRET) in "".join(char for char in page.locator(".pair").first.inner_text() if char.isdigit())
    pictures.take(page, f"review-{suffix}")


def test_the_main_job_by_keyboard_and_mouse(
    open_as: Open, planted: Planted, pictures: Pictures, tmp_path: Path
) -> None:
    checker = open_as("carol")
    checker.click(f"a[href$='{MAIN}']")
    checker.get_by_role("button", name="Record my decision").click()
    assert planted.events("review.given") == []  # the browser asks for the missing votes first
    checker.get_by_role("article", name="Visits by year, with noise").get_by_label("Approve").check()
    site_vote = checker.get_by_role("article", name="Visits and spending by site")
    site_vote.get_by_label("Reject").check()
    site_vote.get_by_label("Comment for the author").fill("One person makes most of Fitchburg.")
    checker.get_by_role("article", name="Persons by year").get_by_label("Approve").focus()
    checker.keyboard.press("Space")
    checker.get_by_role("button", name="Record my decision").focus()
    checker.keyboard.press("Enter")
    expect(checker.get_by_text("You reviewed this request")).to_be_visible()
    assert len(planted.events("review.given")) == 1
    pictures.take(checker, "reviewed-en-light")

    planted.now = datetime.now(UTC)
    planted.release(MAIN, b"PK the package")
    author = open_as("alice", path=f"{PREFIX}requests/{MAIN}")
    expect(author.get_by_text("One person makes most of Fitchburg.")).to_be_visible()
    pictures.take(author, "released-en-light")
    with author.expect_download() as fetched:
        author.get_by_role("button", name="Fetch the package").click()
    fetched.value.save_as(tmp_path / "package.zip")
    assert fetched.value.suggested_filename == f"{MAIN}.zip"
    assert (tmp_path / "package.zip").read_bytes() == b"PK the package"
    author.reload()
    expect(author.get_by_text("The package was fetched on")).to_be_visible()
    expect(author.get_by_role("button", name="Fetch the package")).to_have_count(0)


def test_logging_out_closes_the_pages_and_the_hub(open_as: Open, site: str) -> None:
    page = open_as("bob")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{site}/hub/**")
    page.goto(f"{site}{PREFIX}requests")
    expect(page.locator("input[name=password]")).to_be_visible()


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_a_refusal_is_one_sentence(open_as: Open, pictures: Pictures, language: str) -> None:
    page = open_as("alice", language)
    page.goto(page.url.replace("requests", f"review/{MAIN}"))
    expect(page.locator("h1")).to_have_count(1)
    assert "Traceback" not in page.content()
    pictures.take(page, f"refused-{language[:2]}-light")


def test_hostile_text_is_shown_and_not_run(open_as: Open, hostile: str) -> None:
    author, checker = open_as("alice"), open_as("carol")
    author.goto(author.url.replace("requests", f"requests/{hostile}"))
    expect(author.locator("h1")).to_have_text(ATTACK)
    expect(author.locator("h3").first).to_have_text(ATTACK)
    checker.goto(checker.url.replace("queue", f"review/{hostile}"))
    expect(checker.locator("h1")).to_have_text(ATTACK)
    checker.get_by_text("Show its cells").click()
    expect(checker.locator("pre.prose")).to_contain_text(ATTACK)
    for page in (author, checker):
        assert page.locator("main script, main img").count() == 0


def test_a_script_of_a_notebook_cannot_read_a_page(open_as: Open, site: str, hostile: str) -> None:
    page = open_as("carol")
    address = page.url.replace("queue", f"review/{hostile}")
    page.goto(f"{site}/hub/home")  # the same origin, as JupyterLab is
    status = page.evaluate("url => fetch(url).then(answer => answer.status)", address)
    assert status == 403
    framed = page.evaluate(
        """url => new Promise(done => {
             const frame = document.createElement("iframe");
             frame.onload = () => { try { done(frame.contentDocument?.title ?? "closed") } catch { done("closed") } };
             frame.src = url; document.body.append(frame) })""",
        address,
    )
    assert "Review" not in framed
    with page.expect_popup() as opened:
        held = page.evaluate("url => { window.held = window.open(url); return window.held !== null }", address)
    opened.value.wait_for_load_state()
    read = page.evaluate("() => { try { return window.held?.document?.title ?? '' } catch { return '' } }")
    assert "Review" not in read, held
