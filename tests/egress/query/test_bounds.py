"""Hostile texts of every size: each is answered with a sentence and a place, none takes a second of computing.

They run in a child process with a time limit of its own, so that a text that never ends fails the test and not the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

CHILD = """
import json, sys, time
from egress.query.canonical import canonical
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue
from tests.egress.query.test_bounds import hostile

granted, persons = catalogue(), frozenset({"person", "stay", "act"})
found = {}
for name, text in hostile().items():
    begin = time.process_time()
    answer = parse(text, granted, persons)
    if isinstance(answer, Query):
        canonical(answer)
    rule = "" if isinstance(answer, Query) else answer.rule
    place = True if isinstance(answer, Query) else isinstance(answer.line, int) and isinstance(answer.column, int)
    found[name] = [rule, place, time.process_time() - begin]
    if rule and not str(answer.why).isprintable():
        sys.exit(f"{name}: the sentence holds what nobody sees")
print(json.dumps(found))
"""


def hostile() -> dict[str, str]:
    """Texts by name. Those that are longer than the limit of size, and those that fill it."""
    rows = "SELECT count(*) FROM stay WHERE "
    wide = ", ".join(f"cost + nights AS c{number}" for number in range(40))
    doubled = ", ".join(f"c{number} + c{number} AS c{number}" for number in range(40))
    chain = [f"x{n} AS (SELECT {doubled} FROM x{n - 1})" for n in range(1, 5)]
    return {
        "a megabyte": rows + "nights = 1 AND " * 70_000 + "nights = 1",
        "a hundred thousand ANDs": rows + "ill AND " * 100_000 + "ill",
        "ten thousand columns": "SELECT " + ", ".join(f"c{number}" for number in range(10_000)) + " FROM stay",
        "ANDs to the limit": rows + "urgent AND " * 1_700 + "urgent",
        "ORs to the limit": rows + "urgent = 1 OR " * 990 + "urgent = 0",
        "lists to the limit": rows + " OR ".join(f"nights IN ({','.join('1' * 40)})" for _ in range(45)),
        "one long list": rows + f"nights IN ({','.join('1' for _ in range(1_950))})",
        "columns to the limit": "SELECT " + ",".join("sum(cost)" for _ in range(650)) + " FROM stay",
        "open brackets": "SELECT " + "(" * 10_000,
        "open cases": "SELECT " + "CASE WHEN " * 1_900,
        "NOT NOT NOT": rows + "NOT " * 3_500 + "ill",
        "signs": "SELECT " + "- " * 3_500 + "1",
        "sums": "SELECT sum(cost" + "+cost" * 1_900 + ") FROM stay",
        "casts": "SELECT sum(nights" + "::int" * 1_900 + ") FROM stay",
        "dots": "SELECT " + "a." * 1_900 + "a FROM stay",
        "arrows": "SELECT a" + "->a" * 1_900,
        "unions": "SELECT 1 " + "UNION SELECT 1 " * 1_200,
        "statements": "SELECT 1;" * 1_300,
        "joins": "SELECT count(*) FROM stay " + "JOIN stay " * 1_000,
        "tables": "SELECT count(*) FROM " + "stay," * 1_900 + "stay",
        "subqueries": "SELECT " + "(SELECT " * 400,
        "cubes": "SELECT count(*) FROM stay GROUP BY " + "CUBE(nights)," * 900 + "CUBE(nights)",
        "one wide cube": f"SELECT count(*) FROM stay GROUP BY CUBE({','.join('nights' for _ in range(1_900))})",
        "sets in sets": "SELECT count(*) FROM stay GROUP BY " + "GROUPING SETS(" * 23 + "nights" + ")" * 23,
        "many WITHs": f"WITH {', '.join(f'x{n} AS (SELECT * FROM stay)' for n in range(300))} SELECT count(*) FROM x1",
        "WITH that doubles": f"WITH x0 AS (SELECT {wide} FROM stay), {', '.join(chain)} SELECT count(*) FROM x4",
        "names to be guessed": f"SELECT {','.join('ab' * 20 + str(n) for n in range(40))}, count(*) FROM stay",
        "comments": "/*" * 9_000,
        "quotes": '"' * 19_000,
        "dollars": "$" * 19_000,
        "spaces before a bracket": "SELECT " + "(" * 20 + " " * 15_000 + "max" + " " * 3_000 + "(cost)" + ")" * 20,
        "homoglyph": "SELECT count(*) FROM st\u0430y",
        "zero width": "SELECT count(*) FROM st\u200bay",
        "right to left": "SELECT count(*) AS \u202en FROM stay",
        "null": "SELECT count(*)\x00 FROM stay",
        "full width": "\uff33\uff25\uff2c\uff25\uff23\uff34 count(*) FROM stay",
        "Kelvin sign": "SELECT count(*) FROM person WHERE s\u0435x = 'F'",
        "dotted I": "SELECT count(*) FROM stay WHERE n\u0130ghts = 1",
        "long s": "SELECT count(*) FROM \u017ftay",
        "unpaired surrogate": "SELECT count(*) AS \ud800 FROM stay",
        "surrogate in a text": "SELECT count(*) FROM person WHERE sex = '\udfff'",
        "surrogate as an alias": 'SELECT count(*) FROM stay AS "\ud800"',
        "zero width as an alias": 'SELECT count(*) FROM stay AS "s\u200b"',
        "combining": "SELECT count(*) AS " + "e\u0301" * 3_000 + " FROM stay",
    }


WIDE = """
import json, time
from egress.query.parse import parse
from hub.catalogue.model import Catalogue
from tests.egress.query.test_bounds import wide

found = {}
for name, (columns, text) in wide().items():
    source = {"name": "s", "person_key": "pid"}
    granted = Catalogue.model_validate({"source": source, "tables": {"t": {"columns": columns}}})
    begin = time.process_time()
    answer = parse(text, granted)
    found[name] = [type(answer).__name__, time.process_time() - begin]
print(json.dumps(found))
"""


def wide() -> dict[str, tuple[dict[str, Any], str]]:
    """Catalogues of ten thousand columns and of twenty thousand categories, with texts that ask much of them."""
    texts = {
        f"c{n}": {"type": "string", "description": "x", "categories": [f"v{n}_{k}" for k in range(9)]}
        for n in range(10_000)
    }
    numbers = {f"c{n}": {"type": "integer", "description": "x", "breaks": [18, 65]} for n in range(10_000)}
    codes = {"c": {"type": "string", "description": "x", "categories": [f"I{n}" for n in range(20_000)]}}
    labels = " ".join(f"WHEN c{n} = 'v{n}_1' THEN 'v1_1'" for n in range(300))
    classes = ", ".join(f"CASE WHEN c{n} < 18 THEN '<18' ELSE '18-64' END AS a{n}" for n in range(8))
    chain = ", ".join(f"x{n} AS (SELECT y.* FROM {f'x{n - 1}' if n else 't'} y)" for n in range(16))
    return {
        "a plain table": (texts, "SELECT c1, count(*) FROM t GROUP BY 1"),
        "a misspelt column": (texts, "SELECT cc, count(*) FROM t GROUP BY 1"),
        "labels of a CASE": (texts, f"SELECT CASE {labels} END AS k, count(*) FROM t GROUP BY 1"),
        "classes by breaks": (numbers, f"SELECT {classes}, count(*) FROM t GROUP BY ALL"),
        "everything, sixteen times": (texts, f"WITH {chain} SELECT c1, count(*) FROM x15 GROUP BY 1"),
        "joined to itself": (texts, f"SELECT count(*) FROM t {' '.join(f'JOIN t t{n} USING (pid)' for n in range(7))}"),
        "many codes": (codes, "SELECT count(*) FROM t WHERE " + " OR ".join(f"c = 'I{n}'" for n in range(900))),
    }


def test_wide_catalogues_are_read_in_no_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WIDE], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    found = json.loads(done.stdout)
    assert {name for name, (kind, _) in found.items() if kind != "Query"} == {"a misspelt column"}
    assert {name: taken for name, (_, taken) in found.items() if taken >= 1} == {}


ACCEPTED = {"ORs to the limit", "lists to the limit", "one long list"}


def test_hostile_texts_are_answered_in_no_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    found = json.loads(done.stdout)
    assert {name for name, (rule, _, _) in found.items() if not rule} == ACCEPTED
    assert [name for name, (_, place, _) in found.items() if not place] == []
    # computing time of the process, so that a busy machine does not count; usually a tenth of this
    assert {name: taken for name, (_, _, taken) in found.items() if taken >= 1} == {}
