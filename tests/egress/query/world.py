"""A small hospital with gaps, for the engine and for plain DuckDB, and how their answers are held together."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from egress.query.engine import Engine
from egress.query.table import TOTAL
from tests.egress.query.extracts import HOSPITAL, pack

World = tuple[Engine, duckdb.DuckDBPyConnection]


def data(seed: int = 7, size: int = 500) -> dict[str, dict[str, list[Any]]]:
    dice = random.Random(seed)
    people = [f"p{i}" for i in range(90)]
    start = date(2021, 1, 1).toordinal()

    def some(make: Callable[[], Any], count: int, missing: float = 0.1) -> list[Any]:
        return [None if dice.random() < missing else make() for _ in range(count)]

    return {
        "person": {
            "person_id": people[:80],
            "sex": some(lambda: dice.choice("FM"), 80),
            "region": some(lambda: dice.choice(["North", "South", "West"]), 80),
            "age": some(lambda: dice.randrange(100), 80),
            "postcode": ["75001"] * 80,
            "diagnosis": some(lambda: dice.choice("ABC"), 80),
            "ill": some(lambda: dice.random() < 0.3, 80),
        },
        "stay": {
            "person_id": [dice.choice(people) for _ in range(size)],
            "stay_id": list(range(size)),
            "hospital_id": [dice.randrange(1, 6) for _ in range(size)],
            "year": [dice.choice([2021, 2022, 2023, 2024]) for _ in range(size)],
            "day": some(lambda: date.fromordinal(start + dice.randrange(1400)), size),
            "cost": some(lambda: round(dice.expovariate(1 / 500), 2), size),
            "nights": some(lambda: dice.randrange(20), size),
            "urgent": some(lambda: dice.randrange(2), size),
        },
    }


def made_world(folder: Path) -> World:
    """The engine, and a plain connection with the same tables."""
    engine = Engine(folder, pack(folder, HOSPITAL, data()))
    plain = duckdb.connect()
    plain.execute("SET error_on_division_by_zero = false")
    for name in ("person", "stay"):
        plain.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{folder}/{name}.parquet')")
    return engine, plain


def comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        number = float(value)
        return float(f"{number:.9e}") if math.isfinite(number) else None
    return value


def as_set(rows: Any) -> list[str]:
    return sorted(repr(tuple(None if value == TOTAL else comparable(value) for value in row)) for row in rows)
