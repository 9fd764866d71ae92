"""From JupyterLab to a decision on the real stack, in a browser; and what becomes of a forgotten workspace."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

from scripts.demo import field
from scripts.visitor import Visitor
from tests.journeys.conftest import Stack, opened_in_chromium

pytestmark = [pytest.mark.journey, pytest.mark.containers]

PROJECT = "reste-a-charge"
RELEASE = """import bulle

bulle.release(
    "persons_by_age",
    "SELECT age_group, count(DISTINCT zper) AS persons FROM person_year GROUP BY ALL",
    title="Persons by age group",
)"""


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Iterator[Visitor]:
    """Somebody in their workspace, who has written a study."""
    with stack.visitor("bob") as bob:
        bob.login("bob-demo")
        bob.open_project(PROJECT)
        study = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell("# Who takes part"), nbformat.v4.new_code_cell(RELEASE)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        bob.save_notebook(PROJECT, "ages.ipynb", study)
        yield bob
        bob.close_project(PROJECT)


def decided(stack: Stack, request: str) -> None:
    """Carol approves all outputs of `request`."""
    with stack.visitor("carol") as carol:
        carol.login("carol-demo")
        page = carol.http.get(f"/services/egress/review/{request}").text
        form = {name: field(page, name) for name in ("csrf", "checks")}
        for name in re.findall(r'name="vote\.([a-z_0-9]+)"', page):
            form |= {f"vote.{name}": "approve", f"comment.{name}": "Read; nothing about single persons."}
        assert carol.http.post(f"/services/egress/review/{request}", data=form).status_code == 200


def test_a_study_is_handed_in_from_jupyterlab_and_its_decision_is_told_there(stack: Stack, bob: Visitor) -> None:
    with sync_playwright() as playwright, opened_in_chromium(playwright, bob, locale="fr-FR") as page:
        page.goto(f"{stack.base}/user/bob/{PROJECT}/lab/tree/ages.ipynb", wait_until="domcontentloaded")
        page.locator(".lm-TabBar-tab[data-id='bulle-data']").click(timeout=120_000)
        panel = page.get_by_role("region", name="Données du projet")
        expect(panel.get_by_text("Place of the experiment, as numbered by it")).to_be_visible(timeout=30_000)
        expect(panel.get_by_text("Recherche sur la santé et les soins")).to_be_visible(timeout=30_000)
        expect(panel.get_by_text("31 décembre 2028", exact=False)).to_be_visible()
        before = panel.locator("[data-request]").count()
        page.get_by_role("button", name="Soumettre à la sortie").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("persons_by_age").fill("Combien de personnes, par classe d'âge")
        dialog.get_by_role("button", name="Soumettre").click()
        expect(panel.locator("[data-request]")).to_have_count(before + 1, timeout=60_000)
        mine = panel.locator("[data-request]").first
        expect(mine).to_have_attribute("data-status", "in_review", timeout=180_000)
        request = str(mine.get_attribute("data-request"))
        decided(stack, request)
        expect(mine).to_have_attribute("data-status", "released", timeout=60_000)
        told = page.locator(".Toastify").get_by_text(request, exact=False).first
        expect(told).to_be_visible(timeout=15_000)


def waited_for(stack: Stack, kind: str, person: str, after: int = 0) -> dict[str, Any]:
    """The newest event of `kind` about `person`; the log is the whole run's, so `after` names where to begin."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = [event for event in stack.told(kind) if event["seq"] > after]
        found = [event for event in told if event["body"].get("person") == person]
        if found:
            return dict(found[-1])
    raise AssertionError(kind)


def test_a_forgotten_workspace_is_warned_then_closed_and_the_log_says_why(stack: Stack, bob: Visitor) -> None:
    try:
        stack.days_forward(1)
        warned = waited_for(stack, "session.idle", "bob")
        notices = stack.state / "notices" / PROJECT / "bob" / "notices.json"
        deadline = time.monotonic() + 10
        while '"closing": null' in notices.read_text():
            assert time.monotonic() < deadline, "nothing was told"
            time.sleep(0.2)
        assert warned["body"]["until"] in notices.read_text()
        stack.days_forward(2)
        closed = waited_for(stack, "session.stopped", "bob", after=warned["seq"])
    finally:
        stack.days_forward(0)
    assert (closed["actor"], closed["body"]["rule"]) == ("hub", "session.idle")
    assert bob.http.get(f"/user/bob/{PROJECT}/api/status").status_code != 200
