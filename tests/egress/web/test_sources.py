"""A text on the pages: whoever decides reads all of it, as text."""

from __future__ import annotations

import pytest

from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk
from egress.release.report import OutputReport
from hub.words import say
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House
from tests.egress.web.planted import ATTACK

READ = say("No machine can say what this text tells: somebody reads every line of it, and decides.")


@pytest.mark.parametrize(("person", "path"), [("carol", "review"), ("alice", "requests")])
def test_a_text_is_shown_whole_and_as_text(house: House, person: str, path: str) -> None:
    found = Finding("text", Risk.COVERT_CHANNEL, Outcome.REVIEW, "text", READ)
    asked, text = "bulle.release_source('method', cells='all')", f"# Method {ATTACK}\n\u202eodd\nlast line"
    report = OutputReport(
        "method", "", asked, Assurance.UNVERIFIED, Outcome.REVIEW, Protection.NONE, (found,), text=text
    )
    house.planted.submit("reste-a-charge-1")
    house.planted.checked("reste-a-charge-1", report)
    page = house.person(person).get(f"{PREFIX}{path}/reste-a-charge-1").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert "⟨U+202E⟩odd\nlast line</pre>" in page
    assert "somebody reads every line" in page
