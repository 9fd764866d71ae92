"""A table that pandas made, the whole way: claimed in the re-run, looked at by people, released as we rounded it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from egress.checks.model import Assurance, Outcome
from egress.release.report import OutputReport
from egress.release.status import Status
from egress.store.quarantine import Quarantine
from tests.egress.airlock.enclave import BY_SEX, TinyEnclave, make_enclave, notebook, release

FRAME = """\
import bulle
s = bulle.sql("SELECT * FROM stay")
bulle.release_frame("mean_cost_region", s, units="person_id", by="region", values="cost", agg=["persons", "mean"])"""
REPEATED = """\
import pandas as pd
one = s[s.region == "north"].head(1)
bulle.release_frame("cost_of_one", pd.concat([one] * 40), units="person_id", by="region", values="cost")"""


@pytest.fixture(scope="module")
def enclave(tmp_path_factory: pytest.TempPathFactory) -> TinyEnclave:
    made = make_enclave(tmp_path_factory.mktemp("enclave"))
    made.ask(notebook(release("stays_sex", BY_SEX), FRAME, REPEATED), "first")
    return made


def report(enclave: TinyEnclave, name: str) -> OutputReport:
    record = enclave.desk.look().request("costs-1").output(name)
    assert record is not None
    return OutputReport.from_bytes(Quarantine(enclave.root / "quarantine").get(record.report))


def test_people_look_at_it(enclave: TinyEnclave) -> None:
    assert enclave.desk.look().request("costs-1").status is Status.IN_REVIEW, enclave.kinds()
    claimed = report(enclave, "mean_cost_region")
    assert (claimed.assurance, claimed.outcome) == (Assurance.REPRODUCED, Outcome.REVIEW)
    assert claimed.protected is not None
    assert [row[:2] for row in claimed.protected.rows] == [("east", None), ("north", 240), ("south", 155)]
    assert "bulle.release_frame" in claimed.sql
    assert claimed.statbarns == ("frequencies", "linear_aggregations")


def test_one_person_many_times_is_one_person(enclave: TinyEnclave) -> None:
    assert report(enclave, "cost_of_one").outcome is Outcome.FAIL


def test_what_leaves_is_what_people_approved(enclave: TinyEnclave, tmp_path: Path) -> None:
    for checker in ("carol", "dora"):
        if enclave.desk.look().request("costs-1").status is Status.IN_REVIEW:
            enclave.approve("costs-1", checker)
    enclave.airlock.process("costs-1")
    package = next((enclave.root / "exports").rglob("*.zip"), None)
    assert package is not None, enclave.kinds()
    with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as held:
        table = next(name for name in held.namelist() if name.endswith("mean_cost_region.csv"))
        lines = held.read(table).decode("utf-8-sig").splitlines()
    assert lines[0] == "region,persons,mean_cost"
    assert lines[1].startswith("east,")
    assert "cost_of_one" not in " ".join(zipfile.ZipFile(package).namelist())
