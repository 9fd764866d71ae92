"""Files are brought in as people do it: chosen in the browser, read and approved by somebody else, in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Pictures
from tests.egress.scan import made
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.planted import Planted

pytestmark = pytest.mark.browser
TOOL = b"# Jane <jane@example.org>\ndef weigh(x):\n    return x * 2\n"
HERE = f"{PREFIX}imports"


def fits(page: Page) -> bool:
    """Nothing is wider than the window, at its size and at 200 % zoom (WCAG 1.4.10: as half the window)."""
    whole = page.viewport_size
    assert whole is not None
    found = []
    for width in (whole["width"], whole["width"] // 2):
        page.set_viewport_size({"width": width, "height": whole["height"]})
        found.append(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
    page.set_viewport_size(whole)
    return all(found)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-GB", ("Upload and ask", "Approve", "In the project", "Withdraw this import")),
        ("fr-FR", ("Envoyer et demander", "Approuver", "Dans le projet", "Annuler cette importation")),
    ],
)
def test_a_tool_comes_in_and_goes_again(  # noqa: PLR0917 -- fixtures and cases
    open_as: Open, pictures: Pictures, planted: Planted, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    upload, approve, placed, withdraw = words
    suffix = language[:2]
    (tmp_path / "weigh.py").write_bytes(TOOL)
    (tmp_path / "codes.zip").write_bytes(made.zipped({"codes/a.csv": "code,label\nA,one\n", "codes/README": "x"}))
    alice = open_as("alice", language, path=HERE)
    alice.fill("#title", "Weights after raking")
    alice.fill("#why", "To weigh the sample as the survey's authors do")
    alice.fill("#origin", "Our group's repository, version 1.2, EUPL")
    alice.set_input_files("#files", [tmp_path / "weigh.py", tmp_path / "codes.zip"])
    assert fits(alice)
    pictures.take(alice, f"imports-ask-{suffix}")
    alice.get_by_role("button", name=upload).click()
    expect(alice.locator("h1")).to_have_text("Weights after raking")
    planted.bring_in()
    carol = open_as("carol", language, path=HERE)
    pictures.take(carol, f"imports-todo-{suffix}")
    carol.get_by_role("link", name="Weights after raking").first.click()
    expect(carol.locator(".findings li")).to_have_count(1)
    for summary in carol.locator("summary").all():
        summary.click()
    expect(carol.locator("pre")).to_contain_text("def weigh")
    assert fits(carol)
    pictures.take(carol, f"import-decide-{suffix}")
    carol.get_by_role("button", name=approve, exact=True).click()
    planted.bring_in()
    alice.reload()
    expect(alice.locator(".badge").first).to_have_text(placed)
    assert fits(alice)
    pictures.take(alice, f"import-placed-{suffix}")
    alice.get_by_role("button", name=withdraw).click()
    planted.bring_in()
    expect(alice.get_by_role("button", name=withdraw)).to_have_count(0)


def test_an_upload_that_is_refused_keeps_what_was_typed(open_as: Open, pictures: Pictures, tmp_path: Path) -> None:
    (tmp_path / "mon outil.py").write_bytes(b"x = 1\n")
    alice = open_as("alice", "fr-FR", path=HERE)
    for field in ("title", "why", "origin"):
        alice.fill(f"#{field}", f"le {field}")
    alice.set_input_files("#files", [tmp_path / "mon outil.py"])
    alice.get_by_role("button", name="Envoyer et demander").click()
    expect(alice.get_by_role("alert")).to_contain_text("renommez-le")
    assert [alice.input_value(f"#{field}") for field in ("title", "why", "origin")] == [
        "le title",
        "le why",
        "le origin",
    ]
    pictures.take(alice, "imports-refused-fr")


def test_a_program_goes_back(open_as: Open, pictures: Pictures, planted: Planted, tmp_path: Path) -> None:
    (tmp_path / "tool-1.0-py3-none-any.whl").write_bytes(made.wheel(tool___speed=made.ELF))
    alice = open_as("alice", path=HERE)
    for field in ("title", "why", "origin"):
        alice.fill(f"#{field}", "A fast tool")
    alice.set_input_files("#files", [tmp_path / "tool-1.0-py3-none-any.whl"])
    alice.get_by_role("button", name="Upload and ask").click()
    planted.bring_in()
    alice.reload()
    expect(alice.locator(".now")).to_contain_text("This Python wheel brings compiled code")
    pictures.take(alice, "import-refused-en")
