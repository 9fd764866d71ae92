"""The hub's pages: why a project is closed, and every fixed text in French."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from string import Formatter

import pytest

import hub
from hub.events.log import EventLog, utc_now
from hub.events.state import Enclave, fold
from hub.language import translate
from hub.pages import why_closed
from tests.hub.enclave import add_person, build_extract, issue_permit, permit

TEMPLATES = Path(hub.__file__).parent / "templates"


@pytest.fixture
def enclave(tmp_path: Path) -> Enclave:
    log = EventLog(tmp_path / "log.db")
    for name in ("alice", "carla"):
        add_person(log, name)
    for project in ("built", "unbuilt"):
        issue_permit(log, permit(project))
    build_extract(log, "built")
    return fold(log.read())


@pytest.mark.parametrize(
    ("person", "project", "days", "rule"),
    [
        ("alice", "built", 0, None),
        ("alice", "unbuilt", 0, "extract.missing"),
        ("alice", "built", 30, None),
        ("alice", "built", 31, "permit.ended"),
        ("alice", "built", -2, "permit.not_begun"),
        ("carla", "built", 0, "permit.not_named"),
        ("zoe", "built", 0, "person.unknown"),
    ],
)
def test_why_a_project_is_closed(enclave: Enclave, person: str, project: str, days: int, rule: str | None) -> None:
    day: date = utc_now().date() + timedelta(days=days)
    refusal = why_closed(person, enclave.permits[project], enclave, day)
    assert (refusal.rule if refusal else None) == rule


TEXTS = sorted(
    {text for page in TEMPLATES.glob("*.html") for text in re.findall(r't\("([^"]+)"[,)]', page.read_text())}
)


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_of_a_page_has_its_french(text: str) -> None:
    places = {place: 7 for _, place, _, _ in Formatter().parse(text) if place}
    assert translate(text, "fr", **places) != text.format_map(places)


def test_pages_show_nothing_unescaped() -> None:
    assert len(TEXTS) > 10
    for page in TEMPLATES.glob("*.html"):
        assert "safe" not in re.findall(r"\|\s*(\w+)", page.read_text()), page.name
