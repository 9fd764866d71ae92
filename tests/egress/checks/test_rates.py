"""Shares and rates end to end: both sides of a share, and its denominator, are held to the least number of persons."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.assess import Declaration, assess
from egress.checks.model import Outcome, Protection
from egress.query.engine import Engine
from tests.egress.query.extracts import one_table, pack, rules

SHAPE = one_table(
    {
        "c": {"type": "integer", "categories": [0, 1]},
        "d": {"type": "integer", "categories": [0, 1]},
        "x": {"type": "number", "bounds": [0, 100]},
    }
)


def outcome(folder: Path, share: str, with_c: int, with_d: int = 40, persons: int = 40) -> Outcome:
    """Of `share` over so many persons with two rows each, of whom the first so many have c and d."""
    data = {
        "pid": [f"pseudonym{at // 2}" for at in range(2 * persons)],
        "c": [int(at // 2 < with_c) for at in range(2 * persons)],
        "d": [int(at // 2 < with_d) for at in range(2 * persons)],
        "x": [10.0 + at % 3 for at in range(2 * persons)],
    }
    with Engine(folder, pack(folder, SHAPE, {"t": data})) as engine:
        declaration = Declaration("share", f"SELECT {share} AS share FROM t", protect=Protection.NONE)
        return assess(declaration, engine, rules(min_persons=5)).outcome


@pytest.mark.parametrize(
    "share",
    [
        "count(*) FILTER (WHERE c = 1) / count(*)",
        "100.0 * count(DISTINCT pid) FILTER (WHERE c = 1) / count(DISTINCT pid)",
        "count(DISTINCT pid) FILTER (WHERE c = 1)",
        "count(*) FILTER (WHERE c = 1 AND d = 1) / count(*) FILTER (WHERE d = 1)",
        "sum(x) FILTER (WHERE c = 1) / count(DISTINCT pid)",
    ],
)
@pytest.mark.parametrize(("with_c", "few"), [(4, True), (5, False), (6, False)])
def test_the_part(tmp_path: Path, share: str, with_c: int, few: bool) -> None:
    assert (outcome(tmp_path, share, with_c) is Outcome.FAIL) is few


@pytest.mark.parametrize(
    "share",
    [
        "count(*) FILTER (WHERE c = 1) / count(*)",
        "count(DISTINCT pid) FILTER (WHERE c = 1) / count(DISTINCT pid)",
        "count(*) FILTER (WHERE c = 1 AND d = 1) / count(*) FILTER (WHERE d = 1)",
    ],
)
@pytest.mark.parametrize(("without", "few"), [(4, True), (5, False), (6, False)])
def test_the_other_part(tmp_path: Path, share: str, without: int, few: bool) -> None:
    assert (outcome(tmp_path, share, 40 - without) is Outcome.FAIL) is few


@pytest.mark.parametrize(("with_d", "few"), [(4, True), (5, False), (6, False)])
def test_the_denominator(tmp_path: Path, with_d: int, few: bool) -> None:
    share = "sum(x) FILTER (WHERE c = 1) / sum(x) FILTER (WHERE d = 1)"
    assert (outcome(tmp_path, share, 20, with_d) is Outcome.FAIL) is few


def test_a_rate_per_person_is_no_value_that_all_share(tmp_path: Path) -> None:
    assert outcome(tmp_path, "count(*) / count(DISTINCT pid)", 20) is Outcome.PASS
