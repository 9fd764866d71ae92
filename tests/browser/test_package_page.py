"""The page of a release package as its receiver opens it: from a folder, without a network."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.egress.package.contents import built, contents

pytestmark = pytest.mark.browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(built(contents()))).extractall(tmp_path)
    return tmp_path


def opened(chromium: Browser, folder: Path, asked: list[str], *, dark: bool = False) -> Page:
    page = chromium.new_page(color_scheme="dark" if dark else "light")
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "index.html").as_uri())
    return page


def test_it_asks_for_nothing_but_itself_and_speaks_both_languages(chromium: Browser, folder: Path) -> None:
    asked: list[str] = []
    page = opened(chromium, folder, asked)
    assert page.get_by_role("heading", level=1).inner_text() == "Release package costs-1"
    assert not page.get_by_text("Ce qui a été retenu").is_visible()
    page.get_by_label("Français").check()
    assert page.get_by_role("heading", level=1).inner_text() == "Paquet de sortie costs-1"
    assert page.get_by_text("Ce qui a été retenu").is_visible()
    assert not page.get_by_text("What was withheld").is_visible()
    page.get_by_role("navigation").get_by_role("link").last.click()
    assert page.url.endswith("#stays")
    assert asked == [(folder / "index.html").as_uri()]
    page.close()


def test_it_follows_the_readers_light_and_prints_dark_on_white(chromium: Browser, folder: Path) -> None:
    page = opened(chromium, folder, [], dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(20, 24, 30)"
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert not page.get_by_label("English").is_visible()
    page.close()
