"""bulle.preview and what a DP declaration shows: words to act on, a drawing without script, other rho."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

import bulle
from bulle.foresight import lines, most_telling, to_json, upwards
from bulle.plot import preview_html
from egress.privacy.preview import Preview, preview
from tests.bulle.shown import Shown, showing
from tests.egress.privacy.releases import extract, spec
from tests.egress.query.extracts import rules

RULES = rules()
COUNT = "SELECT sex, count(*) AS n FROM t GROUP BY sex"
FULL = (
    "SELECT sex, count(*) AS n, count(DISTINCT pid) AS p, sum(cost) AS total, avg(cost) AS m, median(cost) AS med "
    "FROM t GROUP BY sex"
)


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    extract(tmp_path, [{"pid": f"p{at}", "sex": "FM"[at % 2]} for at in range(20)])
    with showing(tmp_path, monkeypatch) as call:
        yield call


def foreseen(sql: str, **wish: Any) -> dict[str, Any]:
    seen = preview(spec(sql), RULES, **wish)
    assert isinstance(seen, Preview), seen
    return to_json(seen, RULES)


def test_a_count_within_so_much_tells_its_price(shown: Shown) -> None:
    (bundle,) = shown(bulle.preview, COUNT, within=30)
    assert "n: off by at most 30, 19 times in 20" in bundle["text/plain"]
    assert "groups from about 300 on" in bundle["text/plain"]
    assert "<svg" in bundle["text/html"]
    assert set(bundle) == {"text/html", "text/plain"}  # no declaration


def test_a_rho_tells_its_accuracy_of_every_kind_of_column(shown: Shown) -> None:
    (bundle,) = shown(bulle.preview, FULL, rho=0.05)
    text = bundle["text/plain"]
    assert "rho 0.05 (epsilon 1.47 at delta 1e-06)" in text
    for start in ("n: off by", "p: off by", "total: off by", "m, in a group of 1,000 rows", "med: misses its rank by"):
        assert f"\n{start}" in text


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"rho": 0.1, "within": 30}, "not both"),
        ({"rho": "much"}, "are numbers"),
        ({"within": "wide"}, "are numbers"),
        ({"within": 0.5}, "from 1 on"),
        ({"rho": -1}, "above 0"),
        ({"rho": "NaN"}, "above 0"),
        ({"rho": 1e-9, "sql": FULL}, "nothing but noise"),
        ({"within": 1}, "would cost rho"),
        ({"sql": 7}, "as text"),
    ],
)
def test_what_cannot_be_previewed_is_one_sentence(shown: Shown, wish: dict[str, Any], words: str) -> None:
    rest = {"sql": COUNT, **wish}
    (bundle,) = shown(bulle.preview, rest.pop("sql"), **rest)
    assert words in bundle["text/plain"]
    assert "<svg" not in bundle["text/html"]


def test_sql_outside_the_grammar_and_in_a_rerun(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    (bundle,) = shown(bulle.preview, "DROP TABLE t")
    assert "\n" not in bundle["text/plain"]
    monkeypatch.setenv("BULLE_RERUN", "1")
    assert shown(bulle.preview, COUNT) == []


def test_no_row_is_read(shown: Shown, tmp_path: Path) -> None:
    (before,) = shown(bulle.preview, FULL, rho=0.1)
    extract(tmp_path, [{"pid": f"q{at}", "sex": "F", "cost": 999.0} for at in range(3)])
    (after,) = shown(bulle.preview, FULL, rho=0.1)
    assert before == after


def test_the_drawing_is_well_formed_and_holds_no_script_and_no_colour() -> None:
    told = foreseen(FULL, rho=RULES.privacy.value.source_cap_rho)
    for language in ("en", "fr"):
        html = preview_html(told, language)
        root = Tree.fromstring(html)
        drawing = root.find("svg")
        assert drawing is not None
        assert len(drawing.findall("circle")) == len(told["ladder"])
        assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', html)) <= {"currentColor", "none"}
        assert "script" not in html
        for circle in drawing.findall("circle"):
            assert 0 <= float(circle.get("cx", "-1")) <= 420
            assert 0 <= float(circle.get("cy", "-1")) <= 200


def test_hostile_names_stay_words() -> None:
    html = preview_html(foreseen('SELECT sex, count(*) AS "<b>n" FROM t GROUP BY sex'), "en")
    assert "<b>" not in html
    assert "&lt;b&gt;n" in html


def test_means_alone_have_words_and_no_drawing() -> None:
    told = foreseen("SELECT sex, avg(cost) AS m FROM t GROUP BY sex")
    assert most_telling(told) is None
    assert preview_html(told, "en") == ""
    assert any(line.startswith("m, in a group of") for line in lines(told, "en"))


@pytest.mark.parametrize(
    ("number", "digits", "words"),
    [(46.0, 4, "46"), (45545.4, 4, "45,550"), (0.0312, 2, "0.032"), (10, 2, "10"), (1001, 2, "1,100"), (0, 2, "0")],
)
def test_widths_are_rounded_upwards(number: float, digits: int, words: str) -> None:
    assert upwards(number, digits) == words


def test_a_preview_loads_no_opendp_and_no_polars() -> None:
    program = "import sys, bulle.foresight, bulle.plot; sys.exit(bool({'opendp', 'polars'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
