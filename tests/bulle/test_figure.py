"""bulle.release_figure in a notebook: matplotlib's figure as it would leave; in a re-run the declaration alone."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

import bulle
from bulle.__main__ import run
from bulle.figure import declared
from egress.outputs.figures import FIGURE_MIME, read_figure
from egress.package.spelling import visible
from hub.words import say
from tests.bulle.shown import showing
from tests.egress.figures.made import drawn, png
from tests.egress.outputs.notebooks import code, raw
from tests.extracts import rand_hie

WORDS = {"name": "bars", "shows": "by_sex", "title": "Stays <by> sex"}


def figure() -> Figure:
    made = Figure(figsize=(4, 3))
    made.subplots().bar(["female", "male"], [20, 22])
    return made


def test_its_author_sees_the_picture_as_it_would_leave() -> None:
    bundle = declared(WORDS, figure(), lambda: None)
    emitted = read_figure(bundle[FIGURE_MIME])
    assert emitted is not None
    assert emitted.shows == ("by_sex",)
    with Image.open(io.BytesIO(base64.b64decode(emitted.png))) as picture:
        assert picture.size == (600, 450)
        assert "Software" not in picture.info
    assert 'alt="Stays &lt;by&gt; sex"' in bundle["text/html"]
    assert emitted.png not in bundle["text/html"]
    assert "held it against" in visible(bundle["text/plain"])


def test_axes_and_bytes_are_taken_and_two_runs_draw_the_same() -> None:
    once, again = (declared(WORDS, figure(), lambda: None)[FIGURE_MIME] for _ in range(2))
    assert once == again == declared(WORDS, figure().axes[0].figure, lambda: None)[FIGURE_MIME]
    assert declared(WORDS, figure().axes[0], lambda: None)[FIGURE_MIME] == once
    assert FIGURE_MIME in declared(WORDS, png(drawn()), lambda: None)


def test_what_is_none_is_told_in_a_sentence() -> None:
    assert "one of matplotlib" in declared(WORDS, "bars.png", lambda: None)["text/plain"]
    assert "needs a title" in declared({**WORDS, "title": ""}, figure(), lambda: None)["text/plain"]
    assert "no PNG" in declared(WORDS, b"<svg/>", lambda: None)["text/plain"]
    assert declared(WORDS, figure(), lambda: say("Written so."))["text/plain"].startswith("Written so.")


def test_of_a_table_that_is_protected_its_author_hears_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT sex, count(*) AS n FROM person_year GROUP BY sex"
    with showing(rand_hie(tmp_path), monkeypatch) as call:
        call(bulle.release, "by_sex", sql)
        (told,) = call(bulle.release_figure, "bars", figure(), shows="by_sex", title="By sex")
        assert "release_chart" in told["text/plain"]
        assert "<img" not in told["text/html"]
        call(bulle.release, "by_sex", sql, protect="none")
        (told,) = call(bulle.release_figure, "bars", figure(), shows="by_sex", title="By sex")
        assert "<img" in told["text/html"]


def test_in_a_re_run_the_declaration_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_RERUN", "1")
    assert set(declared(WORDS, figure(), lambda: None)) == {FIGURE_MIME}
    assert declared(WORDS, 7, lambda: None) == {}


def test_the_command_line_judges_a_figure_beside_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT sex, count(*) AS n FROM person_year GROUP BY sex"
    cells = (
        f"import bulle\nbulle.release('by_sex', '{sql}', protect='none')\nbulle.release('safe', '{sql}')",
        "import io\nfrom PIL import Image\nwritten = io.BytesIO()\nImage.new('RGB', (9, 9)).save(written, 'PNG')",
        "\n".join(
            f"bulle.release_figure('{name}', written.getvalue(), shows='{table}', title='By sex')"
            for name, table in (("bars", "by_sex"), ("lost", "safe"))
        ),
    )
    notebook = tmp_path / "study.ipynb"
    notebook.write_bytes(raw(*(code(cell) for cell in cells)))
    run(["check", "--extract", str(rand_hie(tmp_path)), str(notebook), "--json"], {"LANG": "C"})
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["outputs"]}
    assert found["bars"]["outcome"] == "review", found["bars"]
    assert found["lost"]["outcome"] == "fail"
    assert "release_chart" in found["lost"]["findings"][0]["why"]
