"""The privacy budget and DP releases in headless Chromium: both languages, light and dark, doubled, by keyboard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, Pictures
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import CATALOGUE, Planted, by_site, by_year, dp_table, regression, synthetic

pytestmark = pytest.mark.browser
ONE = "reste-a-charge-1"
PRICE = {
    "rho": 3.25,
    "epsilon": 14.2,
    "delta": 1e-6,
    "limit": 1.0,
    "columns": [{"name": "persons", "rho": 3.25, "epsilon": 14.2}, {"name": "mean_spending", "rho": None}],
    "cells": [[1, 1]],
}
SQL = "SELECT year, count(*) AS visits FROM person_year WHERE age >= 18 GROUP BY year"


@pytest.fixture(scope="module", autouse=True)
def _requests(planted: Planted) -> None:
    planted.log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json()})
    planted.submit(ONE)
    seq = planted.spend("reste-a-charge", 250_000_000)
    told = {**dp_table().dp, "reservation": seq}
    spent = planted.spend("reste-a-charge", 100_000_000)
    fitted = replace(regression(), dp={**regression().dp, "reservation": spent})
    tables = (replace(dp_table(), sql=SQL, dp=told), replace(by_site(), price=PRICE), synthetic(), by_year())
    planted.checked(ONE, *tables, fitted)
    names = ("by_sex_dp", "visits_by_site", "made_up", "persons_by_year", "spending_on_age")  # as declared
    votes = [
        {"output": name, "choice": "approve" if name != "visits_by_site" else "reject", "comment": ""} for name in names
    ]
    said = {"request": ONE, "votes": votes, "comment": ""}
    planted.log.append("carol", "review.given", "reste-a-charge", said)
    decided = {"request": ONE, "approved": [names[0], *names[2:]], "rejected": [names[1]]}
    planted.log.append("egress", "request.decided", "reste-a-charge", decided)
    planted.release(ONE)
    planted.spend("reste-a-charge", 100_000_000, "open")
    planted.spend("reste-a-charge", 50_000_000, "lapsed")
    planted.spend("urgences", 500_000_000, person="mallory")
    planted.spend("urgences", 900_000_000, "refused", person="mallory")


@pytest.mark.parametrize(("language", "heading"), [("en-GB", "Privacy budget"), ("fr-FR", "Budget de confidentialité")])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_data_holder_reads_the_budget(
    open_as: Open, pictures: Pictures, language: str, heading: str, scheme: str
) -> None:
    page = open_as("hilda", language, scheme)
    expect(page.locator("h1")).to_have_text(heading)  # nothing else is theirs to begin with
    expect(page.locator("svg.budget")).to_have_count(2)
    bar, cap = (
        page.locator("svg.budget rect.spent").first.bounding_box(),
        page.locator("svg.budget").first.bounding_box(),
    )
    assert bar is not None
    assert cap is not None
    assert 0 < bar["width"] < cap["width"]
    pictures.take(page, f"budget-{language[:2]}-{scheme}")


def test_a_researcher_finds_the_budget_by_keyboard(open_as: Open) -> None:
    page = open_as("alice")
    link = page.get_by_role("link", name="Privacy budget")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Privacy budget")
    expect(page.get_by_text("Spending by sex, with noise")).to_be_visible()
    assert page.get_by_text("urgences").count() == 0


@pytest.mark.parametrize("path", ["budget", f"requests/{ONE}"])
def test_at_double_size_nothing_runs_out_of_the_window(open_as: Open, pictures: Pictures, path: str) -> None:
    page = open_as("alice")
    page.set_viewport_size({"width": 600, "height": 800})  # what a window of 1200 has left at 200 %
    page.goto(page.url.replace("requests", path))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pictures.take(page, f"{path.partition('/')[0]}-double-light")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_author_reads_a_noisy_table_and_cites_it(
    open_as: Open, pictures: Pictures, language: str, scheme: str
) -> None:
    page = open_as("alice", language, scheme, f"{PREFIX}requests/{ONE}")
    article = page.locator("article", has=page.locator("#output-by_sex_dp"))
    expect(article.locator(".margin").first).to_have_text("± 54")
    expect(article.locator("blockquote")).to_contain_text("Bulle")
    article.locator("summary").filter(has_text="oise" if language == "en-GB" else "Bruit").click()
    expect(article.get_by_role("cell", name="27.2" if language == "en-GB" else "27,2")).to_be_visible()
    assert page.locator(".drives").count() == 0
    pictures.take(page, f"noisy-{language[:2]}-{scheme}")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_author_reads_coefficients_and_cites_them(
    open_as: Open, pictures: Pictures, language: str, scheme: str
) -> None:
    page = open_as("alice", language, scheme, f"{PREFIX}requests/{ONE}")
    article = page.locator("article", has=page.locator("#output-spending_on_age"))
    expect(article.locator(".margin").nth(1)).to_have_text("3.1 – 5" if language == "en-GB" else "3,1 – 5")
    expect(article.locator("blockquote")).to_contain_text("least squares" if language == "en-GB" else "moindres carrés")
    article.scroll_into_view_if_needed()
    pictures.take(page, f"regression-{language[:2]}-{scheme}")


def test_a_checker_sees_which_cells_drive_the_price(open_as: Open, pictures: Pictures) -> None:
    page = open_as("carol", path=f"{PREFIX}review/{ONE}")
    expect(page.locator("td.drives")).to_have_count(1)
    expect(page.get_by_text("That is above the limit")).to_be_visible()
    pictures.take(page, "price-en-light")
