"""A chart beside its table, as checkers and authors see it: the page's own policy lets it appear, in both languages."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image
from playwright.sync_api import expect

from egress.charts.draw import draw
from egress.charts.vega import drawing
from egress.checks.model import Protection
from egress.outputs.charts import Channel, Chart, emitted_chart
from egress.release.picture import Picture
from hub.policy.limits import read_limits
from tests.browser.conftest import Open, Pictures
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import Planted, by_year
from tests.egress.web.planted_figure import figure, text

pytestmark = pytest.mark.browser
MINE, DRAWN = "reste-a-charge-1", "reste-a-charge-2"


@pytest.fixture(scope="module", autouse=True)
def _request(planted: Planted) -> None:
    report = by_year()
    assert report.protected is not None
    year, persons = report.protected.columns[:2]
    bars = Chart("bar", (Channel("x", year, "ordinal"), Channel("y", persons, "quantitative")))
    drawn = draw([drawing(bars, report.protected, "Persons by year")], read_limits().charts)
    assert drawn is not None
    words = emitted_chart("chart_by_year", report.name, bars, "Persons by year").chart
    picture = Picture("chart_by_year", "Persons by year", words, drawn[0].svg, drawn[0].png)
    planted.submit(MINE)
    planted.checked(MINE, replace(report, pictures=(picture,)))
    planted.submit(DRAWN)
    planted.checked(DRAWN, replace(report, protect=Protection.NONE), figure(), text())


@pytest.mark.parametrize(
    ("person", "language", "told"),
    [
        ("dora", "en-GB", "drawn by the enclave of the table as it leaves"),
        ("dora", "fr-FR", "tracé par l'enclave à partir du tableau tel qu'il sort"),
        ("alice", "en-GB", "drawn by the enclave of the table as it leaves"),
    ],
)
def test_the_chart_appears_beside_its_table(
    open_as: Open, pictures: Pictures, person: str, language: str, told: str
) -> None:
    page = open_as(person, language, path=f"{PREFIX}requests/{MINE}")
    figure = page.locator("figure.chart")
    expect(figure).to_have_count(1)
    assert told in figure.inner_text()
    assert page.evaluate("document.querySelector('figure.chart img').naturalWidth") > 100
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pictures.take(page, f"chart-{person}-{language[:2]}")


@pytest.mark.parametrize(
    ("person", "language", "path", "told"),
    [
        ("carol", "en-GB", "review", "redrawn by the enclave from its pixels"),
        ("carol", "fr-FR", "review", "retracée par l'enclave à partir de ses pixels"),
        ("alice", "en-GB", "requests", "redrawn by the enclave from its pixels"),
    ],
)
def test_a_figure_appears_beside_the_table_that_it_shows(  # noqa: PLR0917 -- fixtures and a table of cases
    open_as: Open, pictures: Pictures, person: str, language: str, path: str, told: str
) -> None:
    page = open_as(person, language, path=f"{PREFIX}{path}/{DRAWN}")
    shown = page.locator("article:has(#output-bars)")
    assert told in shown.inner_text()
    expect(shown.locator(".pair table.values")).to_have_count(1)
    assert page.evaluate("document.querySelector('figure.chart img').naturalWidth") == 960
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "no⟨U+200B⟩thing" in page.locator("article:has(#output-conclusions) pre").inner_text()
    pictures.take(page, f"figure-{person}-{language[:2]}")


def test_shades_that_nobody_tells_apart_are_told_apart_when_asked(open_as: Open, pictures: Pictures) -> None:
    """A message in the lowest bit that leaves: next to invisible as it stands, speckles with the box ticked."""
    page = open_as("carol", path=f"{PREFIX}review/{DRAWN}")
    shown = page.locator("figure.chart img")

    def contrast() -> int:
        with Image.open(io.BytesIO(shown.screenshot())) as picture:
            band = picture.convert("L").crop((0, 5, picture.width, 25))  # white, and one shade below it
            low, high = band.getextrema()
        return int(high) - int(low)

    assert contrast() <= 17
    page.locator(".apart").check()
    assert contrast() > 100
    pictures.take(page, "figure-shades")
