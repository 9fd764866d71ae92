"""R cells: a declaration stands alone, and its arguments are read as R reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.outputs.calls_r import calls_in_r
from egress.outputs.charts import DeclaredChart
from egress.outputs.declarations import DeclarationProblem, Declared, declarations
from egress.outputs.figures import FigureCall
from egress.outputs.source_claim import DeclaredSource
from egress.outputs.text_claim import DeclaredText
from tests.egress.outputs.notebooks import code, read

R = {"metadata": {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}}


def rules(*sources: str) -> list[str]:
    """What each declaration of these R cells is: its name when it counts, else the rule it breaks."""
    found = declarations(read(*(code(source) for source in sources), **R))
    return [item.rule if isinstance(item, DeclarationProblem) else str(item.name) for item in found]


def sql(source: str) -> str:
    (item,) = declarations(read(code(source), **R))
    assert isinstance(item, Declared), item
    return item.sql


@pytest.mark.parametrize(
    "source",
    [
        'bulle::release("a", "SELECT 1")',
        "library(bulle)\nrelease('a', 'SELECT 1')",
        'library(bulle); release(sql = "SELECT 1", "a")',
        '# By region\nrelease(\n  "a",  # its name\n  "SELECT 1",\n  title = "A", protect = "dp", rho = 0.5\n)\n',
        'release("a", "SELECT 1", rho = NULL)',
        'release("a", r"(SELECT "x")")',
        'release("a", R"---[SELECT 1]---")',
    ],
)
def test_ways_to_write_it(source: str) -> None:
    assert rules(source) == ["a"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r'"SELECT \"n\""', 'SELECT "n"'),
        (r"'SELECT \x41 \u00e9 \u{e9} \U0001F600 \t.'", "SELECT A é é 😀 \t."),
        ('"SELECT\n1"', "SELECT\n1"),
        (r'r"(SELECT \n (1))"', r"SELECT \n (1)"),
        ('r"--(a)-)--"', "a)-"),
        ('"a # no comment"', "a # no comment"),
    ],
)
def test_texts_are_read_as_r_reads_them(written: str, read_as: str) -> None:
    assert sql(f'release("a", {written})') == read_as


@pytest.mark.parametrize(
    "source",
    [
        'if (max(x) > 5) release("a", "SELECT 1")',
        'if (max(x) > 5)\n  release("a", "SELECT 1")',
        'for (i in 1:3) { bulle::release("a", "SELECT 1") }',
        'f <- function()\n  release("a", "SELECT 1")',
        'x <- 1\nrelease("a", "SELECT 1")',
        'release("a", "SELECT 1")$x',
        'release("a", "SELECT 1") + 1',
        'release("a", "SELECT 1") |> print()',
        'library(bulle) && release("a", "SELECT 1")',
        'release("a", "SELECT \\q")',
        'release("a", "\\x00")',
        'release("a", "\\ud800")',
        'release("a", "SELECT 1"',
        'release("a", "SELECT 1',
        'other::release("a", "SELECT 1")',
        'release <- function(...) 1; release("a", "b")',
        'assign("x", 1) ; release("a", "SELECT 1")',
        '`release`("a", "SELECT 1")\nrelease ("b", "c") -> x',
    ],
)
def test_beside_anything_else_it_does_not_count(source: str) -> None:
    assert rules(source) == ["declaration.mixed"]


@pytest.mark.parametrize(
    "source",
    [
        'release(paste0("a"), "SELECT 1")',
        'release(name, "SELECT 1")',
        'release("a", sprintf("SELECT %d", 1))',
        'release("a", "SELECT 1", rho = 1/3)',
        'release("a", "SELECT 1", rho = -1)',
        'release("a", "SELECT 1", colour = "red")',
        'release("a", "SELECT 1", title = NULL)',
        'release("a", "SELECT 1", "third")',
        'release("a", "SELECT 1", ti = "partial")',
        'release("a", name = "b")',
        'release("a" "b")',
        'release("a",)',
        'release("a"; "b")',
        'release("a", TRUE)',
    ],
)
def test_a_computed_argument_does_not_count(source: str) -> None:
    assert rules(source) in (["declaration.computed"], ["declaration.mixed"])


def test_a_comment_or_a_text_that_speaks_of_it_declares_nothing() -> None:
    assert rules('# release("a", "SELECT 1")', "x <- 2") == []


def test_an_r_cell_is_not_read_as_python_nor_the_reverse() -> None:
    python = read(code('import bulle\nbulle.release("a", "SELECT 1")'), **R)
    assert [item.rule for item in declarations(python) if isinstance(item, DeclarationProblem)] == ["declaration.mixed"]
    assert declarations(read(code('bulle::release("a", "SELECT 1")'))) == ()


def test_one_name_counts_once() -> None:
    assert rules('release("a", "SELECT 1")', 'release("a", "SELECT 2")') == ["declaration.twice"] * 2


@given(st.text(alphabet=st.sampled_from("release(\"')a\\,;=#\n r-[]{}:1.xuU <LNULL"), max_size=60))
def test_any_text_is_answered(text: str) -> None:
    for call in calls_in_r([(1, text), (2, f"release({text})"), (3, f'release("{text}")')]):
        assert call.top_level or call.mixed


def test_long_cells_are_answered_at_once() -> None:
    for unit in ("(", '"', 'r"---(', "\\", "release(", "'a',", "#\n"):
        assert len(list(calls_in_r([(1, "release(" + unit * (190_000 // len(unit)))]))) == 1


CHART = '{"mark": "bar", "encoding": {"x": {"field": "sex", "type": "nominal"}}}'


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (f'release_chart("a", "by_sex", r"({CHART})", title = "A")', DeclaredChart),
        (f"bulle::release_chart(table = 'by_sex', name = 'a', chart = '{CHART}')", DeclaredChart),
        ('library(bulle)\nrelease_source("a", cells = "code")', DeclaredSource),
        ('release_figure("a", p, shows = "by_sex", title = "A")', FigureCall),
        ('release_text("a", "Nothing\\nfound")', DeclaredText),
        ('release_text("a", file = "notes.txt")', DeclaredText),
        ('release_text("a", "Nothing", file = NULL)', DeclaredText),
    ],
)
def test_the_sisters_declare_in_the_same_way(source: str, kind: type) -> None:
    (item,) = declarations(read(code(source), **R))
    assert isinstance(item, kind), item
    assert item.name == "a"


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ('x <- 3\nrelease_text("a", "b")', "declaration.mixed"),
        ('if (x > 3) release_text("a", "b")', "declaration.mixed"),
        ('release_text("a", paste("b", x))', "declaration.mixed"),
        ('release_text("a", x)', "declaration.computed"),
        ('release_text("a", NULL)', "declaration.computed"),
        ('release_text("a", "b", rho = 1)', "declaration.computed"),
        ('release_text("a", file = "../b")', "declaration.file"),
        ('release_source("a", "code")', "declaration.computed"),
        ('release_source("a", cells = "some")', "declaration.cells"),
        ('release_chart("a", "by_sex", list(mark = "bar"))', "declaration.mixed"),
        ('release_chart("a", "by_sex", "{}")', "chart.grammar"),
        ('release("a", "SELECT 1"); release_text("a", "b")', "declaration.twice"),
        ('release_figure("a", p, shows = "b", title = "c")\nrelease_text("a", "b")', "declaration.twice"),
        ('release_figure("a", plot(x), shows = "b", title = "c")', "declaration.mixed"),
        ('release_figure("a", p, p, shows = "b", title = "c")', "declaration.computed"),
        ('release_figure("a", p, figure = p, shows = "b", title = "c")', "declaration.computed"),
        ('release_figure("a", p, shows = tables, title = "c")', "declaration.computed"),
        ('release_figure(p, "a", shows = "b", title = "c")', "declaration.computed"),
        ('release_figure("a", p, title = "c")', "figure.shows"),
    ],
)
def test_what_does_not_count_of_them_says_why(source: str, rule: str) -> None:
    assert rules(source)[0] == rule
