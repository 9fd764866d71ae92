"""The drawing of the states is made of the table, and shows all of it."""

from __future__ import annotations

import re

import pytest

from egress.release.status import TRANSITIONS, Status
from tests.spec.requests_page import PAGES, diagram, page


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_made_of_the_table(language: str) -> None:
    told = "docs/requests.md is not what the table says: python -m tests.spec.requests_page"
    assert PAGES[language].read_text(encoding="utf-8") == page(language), told


def test_the_drawing_has_every_arrow_but_those_it_says_it_leaves_out() -> None:
    drawn = {(origin, target) for origin, target in re.findall(r"(\w+) --> (\w+)", diagram())}
    left_out = {Status.WITHDRAWN, Status.EXPIRED}
    assert drawn == {
        (str(origin), str(target)) for origin in Status for target in TRANSITIONS[origin] if target not in left_out
    }
    for status in left_out:
        assert {origin for origin in Status if status in TRANSITIONS[origin]} >= {
            Status.SUBMITTED,
            Status.IN_REVIEW,
            Status.APPROVED,
        }
