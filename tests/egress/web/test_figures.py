"""A figure on the pages: beside the tables that it shows, held whole in the page, its words as text."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest

from egress.checks.model import Protection
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House
from tests.egress.web.planted import by_year
from tests.egress.web.planted_figure import figure


@pytest.mark.parametrize(("person", "path"), [("carol", "review"), ("alice", "requests")])
def test_a_figure_is_shown_beside_its_table_and_only_as_it_was_redrawn(house: House, person: str, path: str) -> None:
    report = figure()
    house.planted.submit("reste-a-charge-1")
    house.planted.checked("reste-a-charge-1", replace(by_year(), protect=Protection.NONE), report)
    page = house.person(person).get(f"{PREFIX}{path}/reste-a-charge-1").text
    (shown,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert report.figure is not None
    assert base64.b64decode(shown) == report.figure.png
    assert '<a href="#output-persons_by_year"><code>persons_by_year</code></a>' in page
    assert "The table persons_by_year that it shows" in page
    assert 'alt="Persons by year &lt;script&gt;alert(1)&lt;/script&gt;' in page
    assert "<script>" not in page
    assert " ".join(page.split()).count("Statbarn: frequencies") == 1
