"""Tables of one request, each fine alone, from which a hidden value follows together: nothing is recoverable any more.

The attacker here is independent of the solver: he knows the persons' categories up to who is where, writes down every
number that is shown as a sum over the finest cells, and asks by null space and by linear programs what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from egress.assess import Assessment, Declaration, assess_request
from egress.checks.model import Audience, Outcome, Protection
from egress.query.engine import Engine
from egress.released.fingerprint import Fingerprint, Lineage, Status, thresholds_of
from tests.egress.query.extracts import one_table, pack, rules

SHAPE = one_table(
    {
        "g": {"type": "string", "categories": ["a", "b", "c", "d"]},
        "h": {"type": "string", "categories": ["x", "y", "z"]},
        "year": {"type": "integer", "categories": [2021, 2022, 2023]},
        "v": {"type": "number", "bounds": [0, 1000000]},
    }
)

# Persons per (g, h); all in 2022. (a, x) is small.
SIZES = {
    ("a", "x"): 3,
    ("a", "y"): 40,
    ("a", "z"): 31,
    ("b", "x"): 22,
    ("b", "y"): 35,
    ("b", "z"): 28,
    ("c", "x"): 50,
    ("c", "y"): 45,
    ("c", "z"): 26,
}

Row = dict[str, Any]
Test = Callable[[Row], bool]


def people(sizes: dict[tuple[str, str], int] = SIZES) -> list[Row]:
    found = []
    for (g, h), size in sizes.items():
        found += [{"g": g, "h": h, "year": 2022, "v": 100.0 + (7 * at) % 13} for at in range(size)]
    return found


def packed(folder: Path, rows: Sequence[Row]) -> Engine:
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in ("g", "h", "year", "v")}
    return Engine(folder, pack(folder, SHAPE, {"t": {"pid": [f"person-{at}" for at in range(len(rows))], **columns}}))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with packed(tmp_path, people()) as opened:
        yield opened


def asked(*sqls: str, protect: Protection = Protection.SUPPRESS) -> list[Declaration]:
    return [Declaration(f"table_{at}", sql, protect=protect) for at, sql in enumerate(sqls)]


# -- the attacker


def key(row: Row, name: str) -> Any:
    """A key of the attacks' tables: a column, or the one that CASE makes."""
    return int(row["h"] != "x") if name == "k" else row[name]


class Attacker:
    """Knows all shown numbers of rows and sums as equations over the finest cells, (g, h, year) being what differs."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.atoms = sorted({(row["g"], row["h"], row["year"]) for row in rows})
        self.counts = np.array([sum((r["g"], r["h"], r["year"]) == atom for r in rows) for atom in self.atoms], float)
        self.sums = np.array(
            [sum(r["v"] for r in rows if (r["g"], r["h"], r["year"]) == atom) for atom in self.atoms], float
        )
        self.known: dict[str, list[np.ndarray]] = {"n": [], "s": []}

    def line(self, test: Test) -> np.ndarray:
        return np.array([float(test(dict(zip(("g", "h", "year"), atom, strict=True)))) for atom in self.atoms])

    def learns(self, assessment: Assessment, where: Test = lambda _: True, **parts: Test) -> None:
        """`parts`: columns that count or add up under a further condition."""
        table, query = assessment.protected, assessment.query
        if table is None:
            return
        assert query is not None
        assert assessment.evidence is not None
        for row, cell in zip(table.rows, assessment.evidence.cells, strict=True):
            fixed = {query.keys[at].name: cell.keys[at] for at in cell.grouping}
            for measure in query.measures:
                if row[table.columns.index(measure.name)] is None:
                    continue
                kind = "s" if measure.aggregate in {"sum", "avg"} and measure.name not in parts else "n"
                test = parts.get(measure.name, lambda _: True)
                self.known[kind].append(
                    self.line(
                        lambda r, f=fixed, t=test: where(r) and t(r) and all(key(r, k) == v for k, v in f.items())
                    )
                )

    def interval(self, test: Test, kind: str = "n") -> tuple[float, float]:
        """What the shown numbers leave possible for a cell."""
        values = self.counts if kind == "n" else self.sums
        equations = np.array(self.known[kind]) if self.known[kind] else np.zeros((1, len(values)))
        ends = []
        for sign in (1, -1):
            solved = linprog(sign * self.line(test), A_eq=equations, b_eq=equations @ values, bounds=(0, None))
            ends.append(sign * solved.fun if solved.status == 0 else sign * -np.inf)
        return ends[0], ends[1]

    def pins(self, test: Test) -> bool:
        """Whether the cell's count or sum is exactly known."""
        found = []
        for kind in ("n", "s"):
            lines = np.array(self.known[kind]) if self.known[kind] else np.zeros((1, len(self.atoms)))
            rank = np.linalg.matrix_rank(lines)
            found.append(np.linalg.matrix_rank(np.vstack([lines, self.line(test)])) == rank)
            low, high = self.interval(test, kind)
            found.append(high - low < 1 - 1e-6)
        return any(found)


def secret(row: Row) -> bool:
    return bool(row["g"] == "a" and row["h"] == "x")


FINE = "SELECT g, h, count(*) AS n FROM t GROUP BY ALL"

ATTACKS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "the total elsewhere": [
        (FINE, {}),
        ("SELECT g, count(*) AS n FROM t GROUP BY g", {}),
        ("SELECT h, count(*) AS n FROM t GROUP BY h", {}),
    ],
    "a grand total beside a slice's complement": [
        ("SELECT g, h, count(*) AS n FROM t WHERE h = 'x' GROUP BY ALL", {"where": lambda r: r["h"] == "x"}),
        ("SELECT h, count(*) AS n FROM t GROUP BY h", {}),
    ],
    "a filter is one category": [
        (FINE, {}),
        ("SELECT count(*) AS n FROM t WHERE h = 'x'", {"where": lambda r: r["h"] == "x"}),
        ("SELECT g, count(*) AS n FROM t GROUP BY g", {}),
    ],
    "a rollup in the one and none in the other": [
        ("SELECT g, h, count(*) AS n FROM t GROUP BY ROLLUP (g, h)", {}),
        ("SELECT h, g, count(*) AS n FROM t GROUP BY ROLLUP (h, g)", {}),
    ],
    "a mean beside counts": [
        ("SELECT g, h, count(*) AS n, avg(v) AS mean FROM t GROUP BY ALL", {}),
        ("SELECT g, avg(v) AS mean FROM t GROUP BY g", {}),
        ("SELECT h, sum(v) AS total FROM t GROUP BY h", {}),
    ],
    "a count under a condition": [
        (FINE, {}),
        ("SELECT g, count(*) FILTER (WHERE h = 'x') AS x FROM t GROUP BY ROLLUP (g)", {"x": lambda r: r["h"] == "x"}),
    ],
    "IN lists and ranges of a key": [
        (FINE, {}),
        ("SELECT g, count(*) AS n FROM t WHERE h IN ('x', 'y') GROUP BY g", {"where": lambda r: r["h"] in "xy"}),
        ("SELECT h, count(*) AS n FROM t WHERE g < 'c' GROUP BY h", {"where": lambda r: r["g"] < "c"}),
    ],
    "a coarser key made by CASE": [
        (FINE, {}),
        (
            "SELECT CASE WHEN h = 'x' THEN 0 ELSE 1 END AS k, count(*) AS n FROM t WHERE g = 'a' GROUP BY ROLLUP (k)",
            {"where": lambda r: r["g"] == "a"},
        ),
    ],
    "another spelling of the same rows": [
        ("SELECT g, h, count(*) AS n FROM t AS one WHERE year >= 2022 GROUP BY ALL", {}),
        ("SELECT two.g, count(*) AS n FROM t AS two WHERE NOT (2022 > two.year) GROUP BY ALL", {}),
    ],
}


def learn_all(attacker: Attacker, tables: Sequence[Assessment], hints: Sequence[dict[str, Any]]) -> None:
    for assessment, hint in zip(tables, hints, strict=True):
        attacker.learns(assessment, **hint)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_hidden_stays_hidden(engine: Engine, attack: str) -> None:
    sqls = [sql for sql, _ in ATTACKS[attack]]
    together = assess_request(asked(*sqls), engine, rules())
    attacker = Attacker(people())
    learn_all(attacker, together, [hint for _, hint in ATTACKS[attack]])
    assert not attacker.pins(secret)
    shown = [row for one in together if one.protected for row in one.protected.rows if None not in row]
    assert shown, "something is left to publish"
    assert all(one.outcome is not Outcome.FAIL for one in together)


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_alone_gave_it_back(engine: Engine, attack: str) -> None:
    """The attacks are real: tables that were protected one by one let the attacker find the small cell."""
    alone = [assess_request(asked(sql), engine, rules())[0] for sql, _ in ATTACKS[attack]]
    attacker = Attacker(people())
    learn_all(attacker, alone, [hint for _, hint in ATTACKS[attack]])
    assert attacker.pins(secret)


def test_the_same_cell_is_hidden_wherever_it_stands(engine: Engine) -> None:
    one, other = assess_request(
        asked(FINE, "SELECT h, g, count(*) AS n, sum(v) AS s FROM t WHERE g = 'a' GROUP BY ALL"), engine, rules()
    )
    for assessment in (one, other):
        assert assessment.protected is not None
        rows = {tuple(sorted(map(str, row[:2]))): row[2] for row in assessment.protected.rows}
        assert rows["a", "x"] is None


def test_tables_that_share_nothing_are_left_alone(engine: Engine) -> None:
    alone = [
        assess_request(asked(sql), engine, rules())[0]
        for sql in (FINE, "SELECT year, sum(v) AS s FROM t GROUP BY year")
    ]
    together = assess_request(asked(FINE, "SELECT year, sum(v) AS s FROM t GROUP BY year"), engine, rules())
    assert [one.protected for one in together] == [one.protected for one in alone]


# -- releases before


def fingerprint(assessment: Assessment, **more: Any) -> Fingerprint:
    assert assessment.query is not None
    assert assessment.evidence is not None
    assert assessment.protected is not None
    fields: dict[str, Any] = {
        "request": "r-1",
        "project": "one",
        "output": assessment.declaration.name,
        "lineage": Lineage("s", "0" * 64),
        "query": assessment.query,
        "table": assessment.protected,
        "groupings": tuple(cell.grouping for cell in assessment.evidence.cells),
        "status": Status.RELEASED,
        "rules": thresholds_of(rules()),
        "primary": tuple(at for at, cell in enumerate(assessment.evidence.cells) if cell.persons < 11),
    }
    return Fingerprint(**{**fields, **more})


@pytest.mark.parametrize("attack", ATTACKS)
def test_releases_before_are_protected_with_the_new_table(engine: Engine, attack: str) -> None:
    """Released one after the other: the last tables hide what would give the first one away, or checkers see it."""
    attacker, earlier = Attacker(people()), []
    for number, (sql, hint) in enumerate(ATTACKS[attack]):
        (assessment,) = assess_request(asked(sql), engine, rules(), earlier)
        if any(one.check == "linked_tables" and one.outcome is not Outcome.PASS for one in assessment.findings):
            continue  # a checker decides
        learn_all(attacker, (assessment,), (hint,))
        if assessment.protected is not None:
            earlier.append(fingerprint(assessment, request=f"r-{number}"))
    assert not attacker.pins(secret)


def test_a_conflict_tells_authors_nothing_else(engine: Engine) -> None:
    (first,) = assess_request(asked(FINE), engine, rules())
    earlier = [fingerprint(first)]
    sql = "SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g)"
    margins = assess_request(asked("SELECT h, count(*) AS n FROM t GROUP BY h"), engine, rules(), earlier)
    earlier += [fingerprint(one, request="r-2") for one in margins if one.protected is not None]
    (last,) = assess_request(asked(sql, protect=Protection.NONE), engine, rules(), earlier)
    assert last.outcome is Outcome.REVIEW
    told = [str(one.why) for one in last.findings if one.audience is Audience.AUTHOR]
    assert "This table conflicts with an earlier release; a checker sees which." in told
    assert not any("r-1" in sentence for sentence in told)
    assert any("r-1/table_0" in str(one.why) for one in last.findings if one.audience is Audience.CHECKER)


@pytest.mark.parametrize("status", [Status.REFUSED, Status.PENDING])
def test_what_never_left_hides_nothing(engine: Engine, status: Status) -> None:
    (first,) = assess_request(asked(FINE), engine, rules())
    sql = "SELECT g, count(*) AS n FROM t GROUP BY g"
    (alone,) = assess_request(asked(sql), engine, rules())
    (after,) = assess_request(asked(sql), engine, rules(), [fingerprint(first, status=status)])
    assert after == alone


# -- limits


@pytest.mark.parametrize(("limit", "outcome"), [(12, True), (13, False), (14, False)])
def test_more_cells_than_are_audited_go_to_review(engine: Engine, limit: int, *, outcome: bool) -> None:
    """Nine fine cells and four totals hang together."""
    declared = asked(FINE, "SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g)")
    limited = rules(audit={"cells": limit, "unknowns": 1000, "tables": 10})
    found = [finding for one in assess_request(declared, engine, limited) for finding in one.findings]
    asked_for = [one for one in found if one.check == "linked_tables" and one.outcome is Outcome.REVIEW]
    assert bool(asked_for) is outcome


def test_without_secondary_suppression_nothing_further_is_hidden(engine: Engine) -> None:
    without = rules(secondary_suppression=False)
    tables = assess_request(asked(FINE, "SELECT g, count(*) AS n FROM t GROUP BY g"), engine, without)
    assert [sum(None in row for row in one.protected.rows) for one in tables if one.protected] == [1, 0]
