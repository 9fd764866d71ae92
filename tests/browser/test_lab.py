"""JupyterLab as a researcher uses it: the data beside the notebook, handing in, what becomes of it. In both languages.

The server is the workspace's, without a container and a hub around it; notices are laid as the enclave lays them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from hub.catalogue.model import Catalogue
from hub.policy.files import policies_dir, read_toml
from tests.browser.conftest import Pictures
from tests.workspace.extension import lay_extension
from tests.workspace.server import TOKEN, Server, served

pytestmark = pytest.mark.containers

ATTACK = "<img src=x onerror=\"document.title='run'\"><b>Site</b>"
RELEASE = 'import bulle\nimport helper\nbulle.release("by_site", "SELECT 1", title="Spending by site")'
LANGUAGES = {
    "en": {
        "data": "Project data",
        "submit": "Submit for release",
        "hand_in": "Hand in",
        "handed_in": "Handed in.",
        "purpose": "Knowledge of health spending",
        "review": "Waiting for an output checker",
        "rows": "20,186 rows",
        "closing": "Closes at",
    },
    "fr": {
        "data": "Données du projet",
        "submit": "Soumettre à la sortie",
        "hand_in": "Soumettre",
        "handed_in": "Soumis.",
        "purpose": "Connaissance des dépenses de santé",
        "review": "En attente d'un vérificateur",
        "rows": "20\u202f186 lignes",
        "closing": "Fermeture à",
    },
}


def both(key: str) -> dict[str, str]:
    return {language: words[key] for language, words in LANGUAGES.items()}


class Workspace:
    """A server with one table's extract, and what the enclave tells it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder

    def tell(self, **changed: Any) -> None:
        permit = {"title": "What stays", "statement": "Why", "purpose": both("purpose"), "valid_until": "2027-01-31"}
        said: dict[str, Any] = {
            "project": "care",
            "permit": permit,
            "budget": {"rho": "0.5", "left": "0.375"},
            "closing": None,
            "requests": [],
            "refused": [],
        }
        part = self.folder / "notices" / "part"
        part.write_text(json.dumps({**said, **changed}))
        part.rename(self.folder / "notices" / "notices.json")

    def request(self, status: str = "in_review", title: str = "Spending") -> dict[str, Any]:
        common = {"id": "care-1", "title": title, "entry": "e", "mine": True, "at": "2026-11-30T16:00:00+00:00"}
        return {**common, "status": status, "said": both("review"), "owner": "author", "reasons": []}

    def write_study(self) -> None:
        cells = [nbformat.v4.new_markdown_cell("# Spending by site"), nbformat.v4.new_code_cell(RELEASE)]
        study = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_code_cell("")])
        study.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        (self.server.home / "study.ipynb").write_text(nbformat.writes(study))
        for name in ("helper.py", "other.py"):
            (self.server.home / name).write_text("x = 1\n")

    def submissions(self) -> list[dict[str, Any]]:
        folders = (self.folder / "outbox").iterdir()
        return [json.loads((each / "submission.json").read_text()) for each in sorted(folders)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("workspace")
    lay_extension(folder)
    for name in ("extract", "notices", "outbox"):
        (folder / name).mkdir()
    catalogue = read_toml(policies_dir() / "catalogues" / "rand-hie.toml", Catalogue).model_dump(mode="json")
    catalogue["tables"]["person_year"]["columns"]["site"]["description"] = ATTACK
    tables = {"person_year": {"file": "person_year.parquet", "sha256": "", "rows": 20_186, "persons": 4_739}}
    (folder / "extract" / "manifest.json").write_text(json.dumps({"catalogue": catalogue, "tables": tables}))
    places = {f"BULLE_{name.upper()}": str(folder / name) for name in ("extract", "notices", "outbox")}
    with served(folder, places) as server:
        yield Workspace(server, folder)


def opened(browser: Browser, workspace: Workspace, language: str, theme: str = "light") -> Page:
    """The study in JupyterLab, with the side panel beside it."""
    settings = workspace.folder / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    name = f"JupyterLab {theme.title()}"
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": name}))
    workspace.tell()
    workspace.write_study()
    page = browser.new_context(locale=f"{language}-{'GB' if language == 'en' else 'FR'}").new_page()
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(f"{workspace.server.url}lab/tree/study.ipynb?reset&token={TOKEN}")
    page.locator(".lm-TabBar-tab[data-id='bulle-data']").click(timeout=90_000)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    return page


@pytest.fixture(scope="module")
def english(chromium: Browser, workspace: Workspace) -> Iterator[Page]:
    """One page for tests that need no beginning of their own: JupyterLab takes its time to open."""
    page = opened(chromium, workspace, "en")
    yield page
    page.context.close()


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("fr", "dark")])
def test_a_study_is_handed_in_with_a_description_of_each_output(
    chromium: Browser, workspace: Workspace, pictures: Pictures, language: str, theme: str
) -> None:
    words, before = LANGUAGES[language], len(workspace.submissions())
    page = opened(chromium, workspace, language, theme)
    panel = page.get_by_role("region", name=words["data"])
    for text in (words["purpose"], words["rows"], "One row per person and year of the experiment"):
        expect(panel.get_by_text(text)).to_be_visible(timeout=30_000)
    pictures.take(page, f"lab-data-{language}-{theme}")

    page.get_by_role("button", name=words["submit"]).click()
    dialog = page.get_by_role("dialog")
    hand_in = dialog.get_by_role("button", name=words["hand_in"])
    expect(hand_in).to_be_disabled()
    expect(dialog.locator("[name=title]")).to_have_value("Spending by site")
    expect(dialog.get_by_label("helper.py")).to_be_checked()
    expect(dialog.get_by_label("other.py")).not_to_be_checked()
    dialog.get_by_label("by_site").fill("Persons by site")
    pictures.take(page, f"lab-submit-{language}-{theme}")
    hand_in.click()
    expect(page.locator(".Toastify").get_by_text(words["handed_in"], exact=False)).to_be_visible(timeout=30_000)
    said = workspace.submissions()[before:]
    assert [(each["title"], each["files"], each["descriptions"]) for each in said] == [
        ("Spending by site", ["helper.py"], {"by_site": "Persons by site"})
    ]

    page.wait_for_timeout(5500)  # the notices are read every five seconds
    workspace.tell(requests=[workspace.request()])
    expect(panel.locator("[data-request=care-1]")).to_have_attribute("data-status", "in_review", timeout=15_000)
    expect(page.locator(".Toastify").get_by_text(words["review"], exact=False)).to_be_visible()
    soon = (datetime.now(UTC) + timedelta(minutes=15)).isoformat()
    workspace.tell(requests=[workspace.request()], closing={"at": soon, "why": both("review")})
    expect(page.locator(".Toastify").get_by_text(words["closing"], exact=False)).to_be_visible(timeout=15_000)
    pictures.take(page, f"lab-told-{language}-{theme}")
    page.context.close()


def test_what_catalogues_and_titles_hold_is_shown_and_not_run(english: Page, workspace: Workspace) -> None:
    page = english
    panel = page.get_by_role("region", name="Project data")
    expect(panel.get_by_text(ATTACK)).to_be_visible()
    workspace.tell(requests=[workspace.request(title=ATTACK)])
    expect(panel.get_by_text(ATTACK)).to_have_count(2, timeout=15_000)
    workspace.tell(requests=[{**workspace.request("refused"), "said": {"en": ATTACK, "fr": ATTACK}}])
    expect(page.locator(".Toastify").get_by_text("Site", exact=False)).to_be_visible(timeout=15_000)
    assert page.locator(".bulle-data img, .Toastify img").count() == 0
    assert page.title() != "run"


def test_a_request_that_came_back_is_handed_in_again_with_what_was_changed(english: Page, workspace: Workspace) -> None:
    page = english
    workspace.tell(requests=[workspace.request("returned")])
    expect(page.locator("[data-request=care-1]")).to_be_visible(timeout=15_000)
    before = len(workspace.submissions())
    page.get_by_role("button", name="Submit for release").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("by_site").fill("Persons by site")
    dialog.get_by_label("Hand in as").select_option("care-1")
    hand_in = dialog.get_by_role("button", name="Hand in")
    expect(hand_in).to_be_disabled()
    dialog.get_by_label("What was changed").fill("Sites grouped")
    hand_in.click()
    expect(page.locator(".Toastify").get_by_text("Handed in.", exact=False)).to_be_visible(timeout=30_000)
    [said] = workspace.submissions()[before:]
    assert (said["request"], said["answer"]) == ("care-1", "Sites grouped")


def test_what_is_chosen_is_written_into_the_active_cell_by_keyboard_too(english: Page, workspace: Workspace) -> None:
    page = english
    page.locator(".jp-Notebook .jp-CodeCell").last.click()
    button = page.get_by_role("button", name="Insert release")
    button.focus()
    page.keyboard.press("Enter")
    last = page.locator(".jp-Notebook .jp-CodeCell .cm-content").last
    expect(last).to_contain_text("SELECT sex, count(DISTINCT zper) AS persons")
    expect(last).to_be_focused()
    page.get_by_role("button", name="Insert age_group at the cursor").click()
    expect(last).to_contain_text(")age_group")
    page.get_by_role("button", name="Insert SELECT").click()
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(3)
    expect(page.locator(".jp-Notebook .jp-CodeCell .cm-content").last).to_contain_text("bulle.sql(")


def test_a_notebook_that_declares_nothing_is_told_so(english: Page, workspace: Workspace) -> None:
    page = english
    page.locator(".jp-Notebook .jp-CodeCell").first.click()
    for key in ("Escape", "ControlOrMeta+a", "d", "d"):  # all cells are deleted; an empty one stays
        page.keyboard.press(key)
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(1)
    before = len(workspace.submissions())
    page.get_by_role("button", name="Submit for release").click()
    expect(page.locator(".Toastify").get_by_text("declares no output", exact=False)).to_be_visible(timeout=30_000)
    assert len(workspace.submissions()) == before
