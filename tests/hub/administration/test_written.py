"""What is written as TOML is read back as the same permit, whatever stands in it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hub.administration.written import permit_toml
from hub.policy.files import policies_dir, read_permit
from hub.policy.model import DataPermit
from tests.hub.administration.world import other
from tests.hub.policy.permits import a_permit

TEXTS = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
YEARS = st.none() | st.tuples(st.integers(1, 3000), st.integers(0, 50)).map(
    lambda found: {"column": "year", "first": found[0], "last": found[0] + found[1]}
)


def read_back(permit: DataPermit) -> DataPermit:
    return DataPermit.model_validate(tomllib.loads(permit_toml(permit)))


@given(
    title=TEXTS,
    statement=TEXTS,
    rho=st.decimals(0, 100, places=9),
    first=st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    years=YEARS,
    rows=st.none() | st.integers(1, 99),
    reproduces=st.none() | st.just("other"),
)
def test_every_permit_is_read_back(**changed: object) -> None:
    first, years, rows = (changed.pop(name) for name in ("first", "years", "rows"))
    grant = {"columns": ["region", "age"], "years": years, "dp_rows_per_person": rows}
    permit = other(a_permit(), **changed, valid_from=first, valid_until=date(2060, 1, 1), tables={"stay": grant})
    assert read_back(permit) == permit


def test_an_ending_quote_a_line_and_a_control_character_stay_text() -> None:
    permit = a_permit(title='"]\n[tables.all]', statement="a\x7fb\x00c\\ é → 🫧")
    assert read_back(permit) == permit


def test_the_shipped_example_is_read_back() -> None:
    example: Path = policies_dir() / "permits" / "reste-a-charge.toml"
    assert read_back(read_permit(example)) == read_permit(example)
