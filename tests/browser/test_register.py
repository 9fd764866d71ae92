"""The public register as anybody sees it: two languages, light and dark, at its size and at 200 % zoom."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from egress.register.__main__ import Registrar
from hub.policy.files import read_purposes
from hub.policy.register import read_register
from tests.browser.conftest import Pictures
from tests.egress.register.test_register import plant
from tests.egress.web.planted import CATALOGUE, NOW, Planted

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    planted = plant(Planted(tmp_path_factory.mktemp("enclave") / "state"))
    planted.log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json()})
    folder = tmp_path_factory.mktemp("register")
    Registrar(planted.log, read_register(), read_purposes(), folder, "https://x/register/", lambda: NOW).look()
    return folder


@pytest.mark.parametrize(
    ("language", "heading", "data"),
    [("en", "Public register", "Which data"), ("fr", "Registre public", "Quelles données")],
)
def test_anybody_reads_it(  # noqa: PLR0917 -- fixtures and cases
    chromium: Browser, pictures: Pictures, folder: Path, language: str, heading: str, data: str
) -> None:
    for scheme, width in (("light", 1200), ("dark", 1200), ("light", 600)):  # half the width is 200 % zoom
        context = chromium.new_context(
            color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.goto(f"file://{folder}/index.{language}.html")
        expect(page.locator("h1")).to_have_text(heading)
        expect(page.locator("article")).to_have_count(2)
        page.get_by_text(data).first.click()
        expect(page.locator("details[open] li").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        pictures.take(page, f"register-{language}-{scheme}-{width}")
        context.close()
