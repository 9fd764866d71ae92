"""Operators bind as DuckDB binds them: expressions without parentheses, computed by both."""

from __future__ import annotations

import random

import pytest

from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.world import World, as_set, made_world

NUMBERS = ("nights", "cost", "urgent", "year", "2", "1", "12")
FLAGS = ("ill", "urgent = 1", "nights > 3", "cost IS NULL")
ARITHMETIC = ("+", "-", "*", "/", "//", "%")
COMPARING = ("=", "<", ">", "<=", ">=", "<>", "!=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
AFTER = ("IS NULL", "IS NOT NULL", "ISNULL", "NOTNULL")
TRUTH = ("IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE")


def number(dice: random.Random, depth: int) -> str:
    if depth == 0:
        return dice.choice(NUMBERS)
    inner = number(dice, depth - 1)
    choices = [
        f"{inner} {dice.choice(ARITHMETIC)} {number(dice, depth - 1)}",
        f"- {inner}",
        f"{inner}::int",
        f"CASE WHEN {condition(dice, depth - 1)} THEN {inner} ELSE {number(dice, 0)} END",
    ]
    return dice.choices(choices, weights=(6, 1, 1, 1))[0]


def condition(dice: random.Random, depth: int) -> str:
    if depth == 0:
        return dice.choice(FLAGS)
    one, other = condition(dice, depth - 1), condition(dice, depth - 1)
    inner = number(dice, depth - 1)
    choices = [
        f"{inner} {dice.choice(COMPARING)} {number(dice, depth - 1)}",
        f"{one} {dice.choice(('AND', 'OR'))} {other}",
        f"NOT {one}",
        f"{inner} {dice.choice(('', 'NOT '))}BETWEEN 1 AND 5",
        f"{inner} {dice.choice(('', 'NOT '))}IN (1, 2, 12)",
        f"{dice.choice((one, inner))} {dice.choice(AFTER)}",
        f"{one} {dice.choice(TRUTH)}",
    ]
    return dice.choice(choices)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made_world(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("seed", range(5))
def test_operators_bind_as_in_duckdb(world: World, seed: int) -> None:
    engine, plain = world
    dice = random.Random(seed)
    same = 0
    for _ in range(60):
        wanted, value = condition(dice, dice.randrange(1, 4)), number(dice, dice.randrange(1, 4))
        sql = (
            f"SELECT count(*) FILTER (WHERE {wanted}) AS m, sum({value}) AS n "
            "FROM stay s JOIN person p USING (person_id)"
        )
        query = parse(sql, engine.manifest.catalogue, engine.persons)
        if isinstance(query, Query):
            assert as_set(engine.table(query).rows) == as_set(plain.execute(sql).fetchall()), sql
            same += 1
    assert same > 20


def test_chains_that_duckdb_does_not_read_are_refused(world: World) -> None:
    engine, _ = world
    for chain in ("1 < nights < 5", "nights = urgent = 1", "nights > 3 = ill"):
        answer = parse(f"SELECT count(*) AS n FROM stay JOIN person USING (person_id) WHERE {chain}",
                       engine.manifest.catalogue, engine.persons)  # fmt: skip
        assert not isinstance(answer, Query), chain
