"""bulle.release_chart in a notebook: the chart drawn of the table as it would leave; in a re-run words alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair
import pytest

import bulle
from bulle.__main__ import run
from bulle.chart import spelled
from egress.outputs.charts import CHART_MIME
from tests.bulle.shown import Shown, showing
from tests.egress.outputs.notebooks import code, raw
from tests.extracts import rand_hie

BY_HEALTH = "SELECT health, count(*) AS n, count(DISTINCT zper) AS persons FROM person_year GROUP BY health"
BARS: dict[str, Any] = {
    "mark": "bar",
    "encoding": {"x": {"field": "health", "type": "nominal"}, "y": {"field": "n", "type": "quantitative"}},
}


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rand_hie(tmp_path_factory.mktemp("rand-hie"))


@pytest.fixture
def shown(extract: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    with showing(extract, monkeypatch) as call:
        yield call


def test_it_is_drawn_of_the_table_as_it_would_leave(shown: Shown) -> None:
    shown(bulle.release, "by_health", BY_HEALTH)
    (bundle,) = shown(bulle.release_chart, "bars", "by_health", BARS, title="Rows by health")
    assert bundle[CHART_MIME] == {
        "schema": "bulle.chart/1",
        "name": "bars",
        "table": "by_health",
        "chart": json.dumps(BARS, sort_keys=True),
        "title": "Rows by health",
    }
    assert "<svg" in bundle["text/html"]
    assert "health: excellent; n: " in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


@pytest.mark.parametrize(
    ("table", "chart", "told"),
    [
        ("other", BARS, "declared above"),
        ("by_health", {**BARS, "data": {"values": []}}, "may hold nothing but: mark, encoding"),
        ("by_health", {"mark": "bar", "encoding": {"x": {"field": "age", "type": "nominal"}}}, "has no column age"),
        ("by_health", 3, "must be Vega-Lite"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_sentence(table: str, chart: Any, told: str, shown: Shown) -> None:
    shown(bulle.release, "by_health", BY_HEALTH)
    (bundle,) = shown(bulle.release_chart, "bars", table, chart)
    assert told in bundle["text/plain"]
    assert "<svg" not in bundle["text/html"]


def test_in_a_rerun_only_the_words_are_left(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_RERUN", "1")
    (bundle,) = shown(bulle.release_chart, "bars", "by_health", BARS)
    assert set(bundle) == {CHART_MIME}
    assert shown(bulle.release_chart, "bars", "by_health", 3) == []


def test_an_altair_chart_is_taken_for_the_dict_that_it_stands_for() -> None:
    made = altair.Chart().mark_bar().encode(x="health:N", y="n:Q")
    assert json.loads(spelled(made)) == {**BARS, "mark": {"type": "bar"}}
    assert spelled(object()) == ""


def checked(folder: Path, extract: Path, cell: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    notebook = folder / "study.ipynb"
    notebook.write_bytes(raw(code(f"import bulle\nbulle.release('by_health', '{BY_HEALTH}')"), code(cell)))
    run(["check", "--extract", str(extract), str(notebook), "--json"], {"LANG": "C"})
    return {one["name"]: one for one in json.loads(capsys.readouterr().out)["outputs"]}


def test_the_command_line_judges_a_chart_with_its_table(
    tmp_path: Path, extract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = f"bulle.release_chart('bars', 'by_health', {BARS!r})\nbulle.release_chart('lost', 'by_age', {BARS!r})"
    found = checked(tmp_path, extract, cell, capsys)
    assert found["bars"]["outcome"] == found["by_health"]["outcome"] == "pass"
    assert found["lost"]["outcome"] == "fail"
    assert "declares no table by_age" in found["lost"]["findings"][0]["why"]
