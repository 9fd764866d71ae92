"""A declaration is written by code that has read the data. Each way to write one person's bill into it, or into what
comes of it, ends with people or in a refusal, and the bill is in nothing that leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egress.release.model import Lane
from tests.hostile.planted import OWNER, SECRET, Judge, bundle, release

BITS = f"{int(SECRET):016b}"
PLAIN = "SELECT region, count(*) AS n FROM stay GROUP BY region"
N = "count(*) AS n FROM stay"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("prices") / "extract")


def test_an_honest_declaration_needs_nobody_where_the_holder_says_so(judge: Judge) -> None:
    """Else the tests below would prove nothing."""
    judged = judge(release("n_by_region", PLAIN, title="Number by region"))
    assert judged.lane is Lane.AUTOMATIC
    assert not hides(judged.leaving)


def hides(text: str) -> list[str]:
    return [secret for secret in (SECRET, OWNER, BITS) if secret in text]


def sql(columns: str = "count(*) AS n", key: str = "region", rest: str = "") -> str:
    return f"SELECT {key}, {columns} FROM stay {rest} GROUP BY {key}"


def cased(text: str) -> str:
    """The bits in the case of letters."""
    bits = iter(BITS)
    return "".join(letter.upper() if letter.isalpha() and next(bits, "0") == "1" else letter.lower() for letter in text)


WORDS = {"0": "region", "1": "number"}
LETTERS = "".join(chr(ord("a") + int(digit)) for digit in SECRET)
OTHERS = ("South", "West", "North")  # the categories, turned by one

# Typed into the source as literals: hostile code writes its own next notebook, or a hand copies what it printed.
LITERAL: dict[str, str] = {
    # names of outputs
    "digits in a name": release(f"n_{SECRET}", PLAIN),
    "letters in a name": release(f"n_{LETTERS}", PLAIN),
    "words in a name": release("_".join(WORDS[bit] for bit in BITS)[:40].rstrip("_"), PLAIN),
    "underscores in a name": release("n" + "_" * 3 + "by" + "_" * 9 + "region", PLAIN),
    "digits between letters": release("n3b9y1r8e2gion", PLAIN),
    # names of columns
    "digits in an alias": release("n", sql(f"count(*) AS n{SECRET}")),
    "letters in an alias": release("n", sql(f"count(*) AS {LETTERS}")),
    "case of an alias": release("n", sql(f"count(*) AS {cased('number_of_rows_by_region')}")),
    "case of a key": release("n", f"SELECT {cased('region')} AS {cased('region')}, {N} GROUP BY 1"),
    "a quoted alias": release("n", sql(f'count(*) AS "n {SECRET}"')),
    "no width in an alias": release("n", sql('count(*) AS "n' + "\u200b" * 39 + '"')),
    "right to left in an alias": release("n", sql('count(*) AS "\u202e28193n"')),
    "look-alike letters in an alias": release("n", sql('count(*) AS "\u043d"')),
    "full-width digits in an alias": release("n", sql('count(*) AS "n３９１８２"')),
    "combining marks in an alias": release("n", sql('count(*) AS "n\u0301\u0302\u0303"')),
    "words of another column in an alias": release("n", sql("count(*) AS cost_nights_age")),
    "an alias that repeats": release("n", sql("count(*) AS n_n_n_n_n_n_n")),
    "a number in an alias": release("n", sql("count(*) AS n_39")),
    # titles
    "digits in a title": release("n", PLAIN, title=f"Number {SECRET}"),
    "spaced digits in a title": release("n", PLAIN, title="Number 3 9 1 8 2"),
    "full-width digits in a title": release("n", PLAIN, title="Number ３９１８２"),
    "roman numbers in a title": release("n", PLAIN, title="Number Ⅲ Ⅸ Ⅰ Ⅷ Ⅱ"),
    "free words in a title": release("n", PLAIN, title="Three nine one eight two"),
    "known words in a title": release("n", PLAIN, title=" ".join(WORDS[bit] for bit in BITS)),
    "case in a title": release("n", PLAIN, title=cased("number of rows by region")),
    "spaces in a title": release("n", PLAIN, title="Number  by   region"),
    "signs in a title": release("n", PLAIN, title="Number,;:.region"),
    "no width in a title": release("n", PLAIN, title="Number\u200b by region"),
    "plurals in a title": release("n", PLAIN, title="Numberss by regionsss"),
    "a person key in a title": release("n", PLAIN, title=f"Number {OWNER}"),
    "years of another column in a title": release("n", PLAIN, title="Number by region 2021 2023 2022"),
    # constants
    "a constant in a filter": release("n", sql(rest=f"WHERE cost < {SECRET}")),
    "a constant in hexadecimal": release("n", sql(rest="WHERE cost < 0x990E")),
    "a constant in powers of ten": release("n", sql(rest="WHERE cost < 3.9182e4")),
    "a constant worked out": release("n", sql(rest="WHERE cost < 1000 * 39 + 182")),
    "a text in a filter": release("n", sql(rest=f"WHERE town <> '{SECRET}'")),
    "a list in a filter": release("n", sql(rest="WHERE nights IN (3, 9, 1, 8, 2)")),
    "arithmetic in a filter": release("n", sql(rest="WHERE cost * 12 * 11 > nights * 11 * 7 * 10")),
    "a quantile": release("n", sql("quantile_cont(cost, 0.39182) AS q")),
    "digits of a rounding": release("n", sql("avg(round(cost, 5)) AS mean_cost, avg(cost * 39.182) AS m")),
    "a limit": release("n", PLAIN + f" LIMIT {SECRET}"),
    "a having": release("n", PLAIN + f" HAVING count(*) < {SECRET}"),
    # values
    "a constant column": release("n", f"SELECT region, {SECRET} AS cost, {N} GROUP BY region"),
    "a constant sum": release("n", sql(f"sum({SECRET}) AS total")),
    "a constant beside a column": release("n", sql(f"avg({SECRET} + 0 * cost) AS mean_cost")),
    "a published constant": release("n", sql("avg(greatest(cost, 40000)) AS mean_cost")),
    "one published constant per key": release(
        "n", sql("avg(CASE WHEN region = 'North' THEN greatest(cost, 40000) ELSE least(cost, 0) END) AS mean_cost")
    ),
    "a constant of a column and itself": release("n", sql("avg(nights / nights) AS mean_nights")),
    "a number worked out": release(
        "n", sql("avg(((floor(cost / 1000000) + 1) * 3 * 10 + 9) * 1000 + nights) AS mean_nights")
    ),
    "a unary number": release("n", sql("avg(nights / nights + nights / nights + nights / nights) AS mean_nights")),
    "a comparison of a column with itself": release(
        "n", sql("avg(CAST(nights = nights AS INTEGER) * 10) AS mean_nights")
    ),
    "a factor": release("n", sql("sum(nights * 39182) AS total_nights")),
    "a chain of factors": release("n", sql("sum(nights * 3 * 9 * 1 * 8 * 2) AS total_nights")),
    "a CASE that answers a number": release("n", sql(f"avg(CASE WHEN nights > 3 THEN {SECRET} ELSE 0 END) AS mean")),
    # labels
    "a label in words": release(
        "n", f"SELECT CASE WHEN region = 'North' THEN '{SECRET}' END AS region, {N} GROUP BY 1"
    ),
    "a label in numbers": release(
        "n", f"SELECT CASE WHEN region = 'North' THEN {SECRET} END AS region, {N} GROUP BY 1"
    ),
    "labels exchanged": release(
        "n",
        "SELECT CASE "
        + " ".join(
            f"WHEN region = '{old}' THEN '{new}'" for old, new in zip(("North", "South", "West"), OTHERS, strict=True)
        )
        + f" END AS region, {N} GROUP BY 1",
    ),
    "the others called by a category": release(
        "n", f"SELECT CASE WHEN region = 'North' THEN 'North' ELSE 'East' END AS region, {N} GROUP BY 1"
    ),
    "a category of another column": release(
        "n", f"SELECT CASE WHEN nights > 0 THEN 'M' ELSE 'F' END AS nights, {N} GROUP BY 1"
    ),
    "class limits": release("n", f"SELECT floor(cost / {SECRET}) AS cost, {N} GROUP BY 1"),
    # order and form
    "an order turned": release("n", PLAIN + " ORDER BY region DESC"),
    "an order by result": release("n", PLAIN + " ORDER BY n"),
    "results before keys": release("n", "SELECT count(*) AS n, region FROM stay GROUP BY region"),
    "an order of many results": release(
        "n",
        sql(
            "sum(nights) AS total_nights, count(*) AS n, avg(nights) AS mean_nights, stddev(nights) AS sd_nights, "
            "median(nights) AS median_nights, count(DISTINCT pid) AS persons"
        ),
    ),
    "the same result again": release(
        "n", sql("count(*) AS n, count(*) AS count, count(*) AS number, count(*) AS rows")
    ),
    "a grouping that stands twice": release("n", f"SELECT region, {N} GROUP BY GROUPING SETS ((region), (region))"),
    # the budget
    "a budget": release("n", PLAIN, protect="dp", rho="0.39182"),
    "a budget with zeros between": release("n", PLAIN, protect="dp", rho="0.100039182"),
    "a budget in another notation": release("n", PLAIN, protect="dp", rho="3.9182e-1"),
    "a protection of its own": release("n", PLAIN, protect=f"suppress{SECRET}"),
    # several
    "one table as two": release("n", PLAIN)
    + "\nbulle.release('mean_nights', "
    + repr(sql("avg(nights) AS mean_nights"))
    + ")",
    "one name twice": release("n", PLAIN) + "\nbulle.release('n', " + repr(PLAIN) + ")",
    "an argument of its own": f"import bulle\nbulle.release('n', {PLAIN!r}, note={SECRET!r})",
    "a number as a name": f"import bulle\nbulle.release({SECRET}, {PLAIN!r})",
    "bytes as SQL": f"import bulle\nbulle.release('n', {PLAIN.encode()!r})",
}


@pytest.mark.parametrize("source", LITERAL.values(), ids=LITERAL)
def test_a_secret_in_a_literal_is_read_by_people_or_refused(judge: Judge, source: str) -> None:
    try:
        judged = judge(source)
    except TypeError:  # the honest function takes no such argument; neither does the source count
        judged = judge(source, emitted={})
    assert judged.lane is not Lane.AUTOMATIC


# Worked out by the run: what the service reads is the source, so none of these counts.
COMPUTED: dict[str, str] = {
    "an f-string": "bulle.release(f'n_{secret}', SQL)",
    "a variable": "bulle.release('n', SQL)",
    "joined texts": "bulle.release('n', 'SELECT region, count(*) AS n' + secret + ' FROM stay GROUP BY region')",
    "neighbouring texts with one computed": "bulle.release('n', 'SELECT ' f'{secret}' ' AS x FROM stay')",
    "a format": "bulle.release('n_{}'.format(secret), 'SELECT 1')",
    "a per cent": "bulle.release('n_%s' % secret, 'SELECT 1')",
    "a lookup": "bulle.release({'1': 'n', '0': 'm'}['1'], 'SELECT 1')",
    "a choice": "bulle.release('n' if secret else 'm', 'SELECT 1')",
    "a walrus": "bulle.release(name := 'n', 'SELECT 1')",
    "unpacked": "bulle.release(*['n', 'SELECT 1'])",
    "unpacked words": "bulle.release(**{'name': 'n', 'sql': 'SELECT 1'})",
    "a budget": "bulle.release('n', 'SELECT 1', protect='dp', rho=float('0.' + secret))",
    "a switch": "if secret[0] == '3':\n    bulle.release('n', 'SELECT 1')",
    "a loop": "for bit in secret:\n    bulle.release('n', 'SELECT 1')",
    "and": "secret and bulle.release('n', 'SELECT 1')",
    "a handler": "try:\n    int(secret)\n    bulle.release('n', 'SELECT 1')\nfinally:\n    pass",
    "a match": "match secret:\n    case '39182':\n        bulle.release('n', 'SELECT 1')",
    "a comprehension": "[bulle.release('n', 'SELECT 1') for _ in secret]",
    "a function": "def go():\n    bulle.release('n', 'SELECT 1')\ngo()",
    "a default": "def go(x=bulle.release('n', 'SELECT 1')):\n    pass",
    "a decorator": "@bulle.release('n', 'SELECT 1')\ndef f(): pass",
    "an assertion": "assert bulle.release('n', 'SELECT 1')",
    "an alias of the package": "import bulle as b\n(b.release)('n' + secret, 'SELECT 1')",
}


@pytest.mark.parametrize("source", COMPUTED.values(), ids=COMPUTED)
def test_what_the_run_works_out_does_not_count(judge: Judge, source: str) -> None:
    told = [bundle(f"n_{SECRET}", f"SELECT region, count(*) AS n{SECRET} FROM stay GROUP BY region")]
    for emitted in ({}, {1: told}):
        judged = judge(f"import bulle\n{source}", emitted=emitted)
        assert judged.assessments == ()
        assert judged.lane is Lane.REFUSED
        assert not hides(judged.leaving)


GOOD = release("n", PLAIN)
SAID = bundle("n", PLAIN)

# What a re-run may say beside or in place of what stands in the source.
SAYS: dict[str, dict[int, list[dict[str, Any]]]] = {
    "another SQL": {1: [bundle("n", PLAIN + f" -- {SECRET}")]},
    "another title": {1: [bundle("n", PLAIN, title=f"Number {SECRET}")]},
    "another protection": {1: [bundle("n", PLAIN, protect="none")]},
    "another budget": {1: [bundle("n", PLAIN, rho="0.39182")]},
    "another case": {1: [bundle("n", PLAIN.lower())]},
    "another space": {1: [bundle("n", PLAIN + " ")]},
    "nothing": {},
    "twice": {1: [SAID, SAID]},
    "in another cell": {2: [SAID]},
    "here and there": {1: [SAID], 2: [SAID]},
    "many times": {1: [SAID] * int(SECRET[:2])},
}


@pytest.mark.parametrize("said", SAYS.values(), ids=SAYS)
def test_a_rerun_that_says_otherwise_confirms_nothing(judge: Judge, said: dict[int, list[dict[str, Any]]]) -> None:
    judged = judge(GOOD, "pass", emitted=said)
    assert judged.assessments == ()
    assert judged.lane is Lane.REFUSED
    assert not hides(judged.leaving)


STRAYS: dict[str, list[dict[str, Any]]] = {
    "a name of its own": [bundle(f"n_{SECRET}", PLAIN)],
    "many names": [bundle(f"x{bit}{place}", PLAIN) for place, bit in enumerate(BITS)],
    "a stowaway": [{**SAID, "note": SECRET}],
    "a shape of its own": [{"schema": SECRET}],
}


@pytest.mark.parametrize("made", STRAYS.values(), ids=STRAYS)
def test_what_only_the_rerun_declares_is_told_without_a_word_of_it(judge: Judge, made: list[dict[str, Any]]) -> None:
    judged = judge(GOOD, "pass", emitted={1: [SAID], 2: made})
    assert not hides(judged.leaving)
    assert [one.declaration.name for one in judged.assessments] == ["n"]
    assert judged.content.disturbed or judged.content.withheld


# -- what does not leave says nothing


SPELLINGS = (
    "select region,count(*) as n from stay group by region",
    f"SELECT region, count(*) AS n /* {SECRET} */ FROM stay GROUP BY region -- {OWNER}",
    "SELECT\n\n\n region\t,\t\tcount(*)   AS n\nFROM   stay GROUP   BY region  ;",
    "SELECT s.region AS region, count(1) AS n FROM stay AS s GROUP BY ALL",
    'SELECT "region", count(*) "n" FROM "stay" GROUP BY 1 ORDER BY region',
    "FROM stay SELECT region, count(*) AS n GROUP BY (region)",
)


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_how_sql_is_spelled_is_in_nothing_that_leaves(judge: Judge, spelled: str) -> None:
    """Case, spaces, comments, names of tables: one output, to the last byte."""
    plain, other = judge(release("n", PLAIN)), judge(release("n", spelled))
    assert not hides(other.leaving)
    if other.values:
        assert other.values == plain.values
        assert [one.protected for one in other.assessments] == [one.protected for one in plain.assessments]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.integers(0, 10**9))
@pytest.mark.parametrize(
    "write",
    [
        lambda digits: release(f"n{digits}", PLAIN),
        lambda digits: release("n", sql(f"count(*) AS n{digits}")),
        lambda digits: release("n", PLAIN, title=f"Number {digits}"),
        lambda digits: release("n", sql(rest=f"WHERE cost < {digits}")),
        lambda digits: release("n", sql(f"sum({digits}) AS total")),
        lambda digits: release("n", PLAIN, protect="dp", rho=f"0.{digits}1"),
    ],
    ids=["name", "alias", "title", "filter", "constant", "budget"],
)
def test_no_number_passes_alone(judge: Judge, write: Callable[[str], str], secret: int) -> None:
    """Any number of three and more digits, in each place where one can stand; the few published ones apart."""
    digits = str(secret)
    if len(digits) >= 3 and secret not in {1000, 20000, 40000} and digits.rstrip("0") not in {"1", "2", "5"}:
        assert judge(write(digits)).lane is not Lane.AUTOMATIC


# -- labels that come from the data


@pytest.mark.parametrize(
    "label",
    ["Arl\u200bes", "\u202eArles", "Ar\u00adles", "Ａrles", "Arles ", "Ar  les", "Arles\u2063", "A\u0301rles", "ﬁn"],
    ids=[
        "no width",
        "right to left",
        "soft hyphen",
        "full width",
        "a space behind",
        "two spaces",
        "invisible",
        "marks",
        "ligature",
    ],
)
def test_a_label_that_is_not_plain_is_read_by_people(tmp_path_factory: pytest.TempPathFactory, label: str) -> None:
    town = [(label, "Brest")[number % 2] for number in range(1200)]
    judged = Judge(tmp_path_factory.mktemp("labels") / "extract", town=town)(release("n", sql(key="town")))
    assert judged.lane is not Lane.AUTOMATIC


def test_two_labels_that_look_alike_are_read_by_people(tmp_path: Path) -> None:
    town = [("Arles", "ARLES")[number % 2] for number in range(1200)]
    assert Judge(tmp_path / "extract", town=town)(release("n", sql(key="town"))).lane is not Lane.AUTOMATIC


@pytest.mark.parametrize(
    "label", [OWNER, "255081416802538", "jeanne@example.org", "12/03/1954", "2 55 08 14 168 025 38"]
)
def test_a_label_that_is_an_identifier_is_refused(tmp_path: Path, label: str) -> None:
    town = [(label, "Brest")[number % 2] for number in range(1200)]
    judged = Judge(tmp_path / "extract", town=town)(release("n", sql(key="town")))
    assert judged.lane is Lane.REFUSED
    assert label not in judged.leaving
