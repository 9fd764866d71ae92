"""bulle.release in a notebook's kernel: a declaration beside a picture of it; in a re-run the declaration alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import bulle
from egress.outputs.model import DECLARATION_MIME
from tests.extracts import rand_hie

SMALL = "SELECT site, coinsurance, health, count(*) AS n FROM person_year GROUP BY site, coinsurance, health"


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rand_hie(tmp_path_factory.mktemp("rand-hie"))


@pytest.fixture
def shown(extract: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Calls bulle.release as a cell would, in an extract's workspace; what it displayed, as MIME bundles."""
    monkeypatch.setenv("BULLE_EXTRACT", str(extract))
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("BULLE_RERUN", raising=False)
    InteractiveShell.instance()

    def call(*arguments: Any, **rest: Any) -> list[dict[str, Any]]:
        with capture_output() as captured:
            bulle.release(*arguments, **rest)
        assert captured.stderr == ""
        return [output.data for output in captured.outputs]

    yield call
    InteractiveShell.clear_instance()


def test_it_declares_and_shows_the_protected_table(shown: Any) -> None:
    (bundle,) = shown("by_health", SMALL, title="Persons")
    assert bundle[DECLARATION_MIME] == {
        "schema": "bulle.release/1",
        "name": "by_health",
        "sql": SMALL,
        "title": "Persons",
        "protect": "suppress",
        "rho": None,
    }
    assert "✕" in bundle["text/html"]
    assert "<table>" in bundle["text/html"]


def test_in_a_rerun_only_the_declaration_is_left_and_no_data_are_read(
    shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULLE_RERUN", "1")
    monkeypatch.setenv("BULLE_EXTRACT", "/nonexistent")
    (bundle,) = shown("by_health", SMALL, protect="dp", rho=0.1)
    assert set(bundle) == {DECLARATION_MIME}
    assert bundle[DECLARATION_MIME]["rho"] == "0.1"


def test_a_refused_table_says_so_and_marks_its_cells(shown: Any) -> None:
    (bundle,) = shown("by_health", SMALL, protect="none")
    assert "refused" in bundle["text/html"]
    assert " ▲</td>" in bundle["text/html"].replace("&nbsp;", " ")
    assert "a rule is not met" in bundle["text/html"]


def test_what_hostile_words_say_is_escaped(shown: Any) -> None:
    (bundle,) = shown(
        "x", 'SELECT sex AS "<script>alert(1)</script>", count(*) AS n FROM person_year GROUP BY 1', title="<b>"
    )
    assert "<script>" not in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]


def test_a_dp_declaration_shows_cost_and_accuracy_and_no_table(shown: Any) -> None:
    sql = "SELECT coinsurance, count(*) AS n FROM person_year GROUP BY coinsurance"
    (bundle,) = shown("visits", sql, protect="dp", rho=0.1)
    assert "rho 0.1" in bundle["text/html"]
    assert "<table>" not in bundle["text/html"]  # the one there tells of other rho
    assert "▶ 0.1" in bundle["text/html"]


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        (("Not a name", SMALL), {}),
        ((7, SMALL), {}),
        (("a", None), {}),
        (("a", SMALL), {"title": "two\nlines"}),
        (("a", SMALL), {"protect": "magic"}),
        (("a", SMALL), {"rho": 0.1}),
        (("a", SMALL), {"protect": "dp", "rho": object()}),
    ],
)
def test_a_wrong_call_is_a_sentence_and_no_declaration(
    shown: Any, arguments: tuple[Any, ...], rest: dict[str, Any]
) -> None:
    (bundle,) = shown(*arguments, **rest)
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].endswith(".")


def test_its_author_is_told_when_it_would_not_count(shown: Any) -> None:
    InteractiveShell.instance().user_ns["In"] = ["bulle.release(name, sql)"]
    (bundle,) = shown("by_health", SMALL)
    assert bundle["text/plain"].startswith("Its arguments must be literals")
    InteractiveShell.instance().user_ns["In"] = ["bulle.release('by_health', 'SELECT 1')"]
    (bundle,) = shown("by_health", SMALL)
    assert bundle["text/plain"].startswith("by_health")


@pytest.mark.parametrize("folder", ["/nonexistent", ""])
def test_without_an_extract_it_says_so(shown: Any, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setenv("BULLE_EXTRACT", folder)
    (bundle,) = shown("by_health", SMALL)
    assert DECLARATION_MIME in bundle
    assert bundle["text/plain"].endswith(".")


def test_french_readers_read_french(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    (bundle,) = shown("by_health", SMALL, protect="none")
    assert "refusé" in bundle["text/html"]


def test_free_queries_see_the_extract_and_nothing_else(shown: Any) -> None:
    assert bulle.sql("SELECT count(DISTINCT zper) AS n FROM person_year")["n"][0] > 4000
    assert "coinsurance" in set(bulle.tables()["column"])
    for query in ("SELECT * FROM read_csv('/etc/passwd')", "COPY person_year TO '/tmp/out.csv'", "INSTALL httpfs"):
        with pytest.raises(Exception, match=r"(?i)permission|cannot access"):
            bulle.sql(query)


def test_outside_of_a_notebook_it_prints(extract: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_EXTRACT", str(extract))
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    bulle.release("by_sex", "SELECT sex, count(*) AS n FROM person_year GROUP BY sex")
    assert "female" in out.getvalue()
