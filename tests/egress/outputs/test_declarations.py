"""Only a literal that stands in the submitted source and is the same in the re-run is a declaration."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.outputs.arguments import MAX_TITLE, argument_problem, to_emitted
from egress.outputs.calls import MAX_CELL, parse
from egress.outputs.declarations import DeclarationProblem, Declared, declarations, reconcile
from tests.egress.outputs.notebooks import code, emitted, read

SQL = "SELECT sex, count(*) AS n FROM stay GROUP BY sex"
CALL = f'import bulle\nbulle.release("by_sex", """{SQL}""", title="By sex", protect="dp", rho=0.1)'
MADE = emitted("by_sex", SQL, "By sex", "dp", "0.1")


def rules(*sources: str) -> list[str]:
    """What each declaration of these cells is: its name when it counts, else the rule it breaks."""
    found = declarations(read(*(code(source) for source in sources)))
    return [item.name if isinstance(item, Declared) else item.rule for item in found]


def test_a_literal_that_the_rerun_confirms_counts() -> None:
    (item,) = reconcile(read(code("1"), code(CALL)), read(code("1"), code(CALL, MADE)))
    assert item == Declared("by_sex", SQL, "By sex", "dp", Decimal("0.1"), 2)


@pytest.mark.parametrize(
    "source",
    [
        'import bulle\nbulle.release("a", "SELECT 1")',
        'import bulle as b\nb.release("a", "SELECT 1")',
        'import bulle.release\nbulle.release("a", "SELECT 1")',
        'from bulle import release\nrelease("a", "SELECT 1")',
        'from bulle import release as out\nout(sql="SELECT 1", name="a")',
        'import bulle\nx = bulle.release("a", "SEL" "ECT 1")',
        '%matplotlib inline\nimport bulle\n!ls\nx = !ls\nbulle.release("a", "SELECT 1")\n?x\n',
        'import bulle\nif 1:\n    %time 1\nbulle.release("a", """SELECT\n%s 1""")',
    ],
)
def test_ways_to_write_it(source: str) -> None:
    assert rules(source) == ["a"]


def test_an_import_in_another_cell_is_enough() -> None:
    assert rules("import bulle as b", "b.release('a', 'SELECT 1')") == ["a"]


def test_a_line_of_sql_that_looks_like_magic_is_kept() -> None:
    (item,) = declarations(read(code('%time 1\nimport bulle\nbulle.release("a", """SELECT 7\n% 2""")')))
    assert isinstance(item, Declared)
    assert item.sql == "SELECT 7\n% 2"


@pytest.mark.parametrize(
    "arguments",
    [
        'name, "SELECT 1"',
        '"a", f"SELECT {x}"',
        '"a", "SELECT " + x',
        '"a", "SELECT 1", title=str(secret)',
        '"a", "SELECT %d" % 1',
        "*pair",
        '"a", **rest',
        '"a", "SELECT 1", "suppress"',
        '"a", "SELECT 1", protect="dp", rho=1/8',
        '"a", "SELECT 1", rho=-1',
        '"a", "SELECT 1", colour="red"',
        '"a", "SELECT 1", name="b"',
        '"a", ...',
    ],
)
def test_what_is_computed_does_not_count(arguments: str) -> None:
    assert rules(f"import bulle\nbulle.release({arguments})") == ["declaration.computed"]


@pytest.mark.parametrize(
    "source",
    [
        "if secret:\n    bulle.release('a', 'SELECT 1')",
        "for bit in secret:\n    bulle.release('a', 'SELECT 1')",
        "secret and bulle.release('a', 'SELECT 1')",
        "def f():\n    bulle.release('a', 'SELECT 1')",
        "f = lambda: bulle.release('a', 'SELECT 1')",
        "try:\n    bulle.release('a', 'SELECT 1')\nexcept Exception:\n    pass",
        "[bulle.release('a', 'SELECT 1') for _ in secret]",
        "print(bulle.release('a', 'SELECT 1'))",
        "with secret:\n    bulle.release('a', 'SELECT 1')",
    ],
)
def test_what_data_could_switch_on_does_not_count(source: str) -> None:
    assert rules("import bulle", source) == ["declaration.conditional"]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ('"A", "SELECT 1"', "declaration.name"),
        ('"a-b", "SELECT 1"', "declaration.name"),
        ('"' + "a" * 41 + '", "SELECT 1"', "declaration.name"),
        ('"a\\n", "SELECT 1"', "declaration.name"),
        ("7, 'SELECT 1'", "declaration.name"),
        ('"a"', "declaration.sql"),
        ('"a", ""', "declaration.sql"),
        ('"a", b"SELECT 1"', "declaration.sql"),
        ('"a", "SELECT 1", title=7', "declaration.title"),
        ('"a", "SELECT 1", title="two\\nlines"', "declaration.title"),
        ('"a", "SELECT 1", title="hidden\\u200b"', "declaration.title"),
        ('"a", "SELECT 1", title="e\\u0301"', "declaration.title"),
        ('"a", "SELECT 1", protect="magic"', "declaration.protect"),
        ('"a", "SELECT 1", protect=None', "declaration.protect"),
        ('"a", "SELECT 1", rho=0.1', "declaration.rho"),
        ('"a", "SELECT 1", protect="dp", rho=True', "declaration.rho"),
        ('"a", "SELECT 1", protect="dp", rho=0', "declaration.rho"),
        ('"a", "SELECT 1", protect="dp", rho=1e999', "declaration.rho"),
        ('"a", "SELECT 1", protect="dp", rho=0.12345678901', "declaration.rho"),
        ('"a", "SELECT 1", protect="dp", rho="NaN"', "declaration.rho"),
    ],
)
def test_arguments_outside_their_bounds(arguments: str, rule: str) -> None:
    assert rules(f"import bulle\nbulle.release({arguments})") == [rule]


@pytest.mark.parametrize(("extra", "problem"), [(-1, False), (0, False), (1, True)])
def test_the_titles_length_is_exact(extra: int, problem: bool) -> None:
    assert (argument_problem({"name": "a", "sql": "S", "title": "x" * (MAX_TITLE + extra)}) is not None) is problem


def test_a_name_declared_twice_does_not_count_once() -> None:
    twice = (
        "import bulle\nbulle.release('a', 'SELECT 1')\nbulle.release('a', 'SELECT 2')\nbulle.release('b', 'SELECT 1')"
    )
    assert rules(twice) == ["declaration.twice", "declaration.twice", "b"]


@pytest.mark.parametrize(
    ("outputs", "rule"),
    [
        ([], "declaration.missing"),
        ([emitted("by_sex", SQL + " ", "By sex", "dp", "0.1")], "declaration.differs"),
        ([emitted("by_sex", SQL, "By sex 123", "dp", "0.1")], "declaration.differs"),
        ([emitted("by_sex", SQL, "By sex", "none", "0.1")], "declaration.differs"),
        ([emitted("by_sex", SQL, "By sex", "dp", "0.2")], "declaration.differs"),
        ([MADE, emitted("by_sex", "SELECT 2", "By sex", "dp", "0.1")], "declaration.differs"),
    ],
)
def test_the_rerun_must_say_the_same(outputs: list[object], rule: str) -> None:
    (item,) = reconcile(read(code(CALL)), read(code(CALL, *outputs)))  # type: ignore[arg-type]  # outputs as JSON
    assert isinstance(item, DeclarationProblem)
    assert (item.name, item.cell, item.rule) == ("by_sex", 1, rule)


@pytest.mark.parametrize(
    "rerun",
    [(code(CALL, MADE, MADE),), (code(CALL), code("x", MADE)), (code(CALL, MADE), code("x", MADE))],
    ids=["twice", "in another cell", "here and there"],
)
def test_how_often_and_where_a_declaration_comes_out_is_no_choice_of_the_run(rerun: tuple[object, ...]) -> None:
    (item,) = reconcile(read(code(CALL), code("x")), read(*rerun))  # type: ignore[arg-type]  # cells
    assert isinstance(item, DeclarationProblem)
    assert item.rule == "declaration.repeated"


def test_a_declaration_that_only_the_rerun_makes_is_told_without_its_name() -> None:
    source = read(code(CALL), code("forge()"))
    rerun = read(code(CALL, MADE), code("forge()", emitted("secret_in_a_name", "SELECT 1")))
    _, stray = reconcile(source, rerun)
    assert isinstance(stray, DeclarationProblem)
    assert (stray.name, stray.cell, stray.rule) == (None, 2, "declaration.stray")
    assert "secret_in_a_name" not in repr(stray)


def test_declarations_in_markdown_do_not_count() -> None:
    cell = {"cell_type": "markdown", "metadata": {}, "source": CALL}
    assert declarations(read(cell)) == ()


@pytest.mark.parametrize(
    "source",
    ["1+" * 60_000 + "1", "-" * 50_000 + "1", "(" * 5000, "a\x00b", "9" * 5000, "%%time\nx = (", "x" * (MAX_CELL + 1)],
)
def test_a_source_that_would_break_a_parser_has_no_tree(source: str) -> None:
    assert parse(source) is None


@given(st.text(max_size=200))
def test_any_source_is_answered(source: str) -> None:
    declarations(read(code("import bulle\n" + source), code(source)))


@given(st.decimals(min_value="0.000000001", max_value=100, places=9))
def test_rho_has_one_spelling(rho: Decimal) -> None:
    spelled = to_emitted("a", "S", "", "dp", rho).rho
    assert spelled is not None
    assert Decimal(spelled) == rho
    assert spelled == to_emitted("a", "S", "", "dp", Decimal(spelled)).rho
