"""The prepared microdata are what their file says, and what the catalogue says of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from hub.catalogue.model import Catalogue
from hub.policy.files import policies_dir, read_toml
from scripts.prepare_randhie import microdata, person_year, prepare


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return person_year(pd.read_csv(microdata()))


def test_it_has_the_columns_of_the_catalogue_and_the_person_key(tmp_path: Path) -> None:
    catalogue = read_toml(policies_dir() / "catalogues" / "rand-hie.toml", Catalogue)
    assert prepare(tmp_path / "out.parquet") == 16_409
    names = set(pq.read_schema(tmp_path / "out.parquet").names)
    assert names == {"zper", *catalogue.tables["person_year"].columns}


def test_one_row_per_person_and_year(frame: pd.DataFrame) -> None:
    assert not frame.duplicated(["zper", "year"]).any()
    assert frame["zper"].nunique() == 4_739


def test_the_deductible_plan_is_left_out(frame: pd.DataFrame) -> None:
    assert 13 not in set(frame["plan"])
    assert len(frame) == 20_190 - 3_781


@pytest.mark.parametrize(("age", "group"), [(17, "0-17"), (18, "18-34"), (34, "18-34"), (35, "35-49"), (50, "50-64")])
def test_ages_fall_into_their_classes(frame: pd.DataFrame, age: int, group: str) -> None:
    assert set(frame.loc[frame["age"] == age, "age_group"]) == {group}


def test_the_estimate_is_spending_times_the_rate(frame: pd.DataFrame) -> None:
    row = frame[(frame["zper"] == 125024) & (frame["year"] == 2)].iloc[0]
    assert (row["coinsurance"], row["sex"], row["site"]) == (100, "male", "site 1")
    assert row["estimated_out_of_pocket"] == pytest.approx(62.07547)
    assert (frame.loc[frame["coinsurance"] == 0, "estimated_out_of_pocket"] == 0).all()


def test_the_command_says_what_it_wrote_and_what_it_could_not(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.prepare_randhie", "/nonexistent/x.parquet"], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
