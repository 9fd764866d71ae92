"""Synthetic rows through the whole airlock: off, lacking, looked at by people, paid for once, and what they say."""

from __future__ import annotations

import csv
import io
import zipfile
from importlib.util import find_spec

import pytest

from egress.checks.model import Outcome, Protection
from egress.privacy import account
from egress.privacy.failure import LACKING
from egress.release.status import Status
from tests.egress.airlock.enclave import TinyEnclave, notebook
from tests.egress.airlock.test_private import report, ruled, spendings

ROWS = (
    'import bulle\nbulle.release_synthetic("stay", table="stay", columns=["sex", "region"], rows=200, '
    'title="Synthetic stay", rho=0.5)'
)
REVIEW = '[private_kinds]\nvalue = { synthetic = "review" }\nsource = "test"\n\n'
FITTED = pytest.mark.skipif(find_spec("mbi") is None, reason="bulle's extra [synthetic] is not installed")


def test_as_shipped_they_are_off(enclave: TinyEnclave) -> None:
    request = enclave.ask(notebook(ROWS), "rows")
    assert request.status is Status.REFUSED
    (finding,) = report(enclave, request, "stay").findings
    assert str(finding.why) == "The rules health-fr do not allow bulle.release_synthetic."
    assert spendings(enclave) == []


def test_where_nothing_makes_them_they_are_refused_and_cost_nothing(
    enclave: TinyEnclave, monkeypatch: pytest.MonkeyPatch
) -> None:
    enclave = ruled(enclave, REVIEW)
    # as in the egress image without the extra
    monkeypatch.setattr(account, "find_spec", lambda name: None if name == "mbi" else find_spec(name))
    request = enclave.ask(notebook(ROWS), "rows")
    assert request.status is Status.REFUSED
    assert LACKING in [finding.why for finding in report(enclave, request, "stay").findings]
    assert spendings(enclave) == []


@FITTED
def test_people_look_at_them_they_are_paid_for_once_and_leave_as_a_file(enclave: TinyEnclave) -> None:
    enclave = ruled(enclave, REVIEW)
    request = enclave.ask(notebook(ROWS), "rows")
    assert request.status is Status.IN_REVIEW
    found = report(enclave, request, "stay")
    assert (found.outcome, found.protect, found.exact) == (Outcome.REVIEW, Protection.DP, None)
    assert found.protected is not None
    assert found.protected.columns == ("region", "sex")
    assert len(found.protected.rows) == 200
    assert sum(row[0] == "north" for row in found.protected.rows) > 90  # of 120; noise is about 2 in 400
    assert (found.dp["kind"], found.dp["rho"], found.dp["charged"]) == ("synthetic", "0.5", "0.5")
    assert spendings(enclave) == ["privacy.reserved", "privacy.released"]

    again = report(enclave, enclave.ask(notebook(ROWS, "1"), "again"), "stay")
    assert (again.protected, again.dp["charged"]) == (found.protected, "0")
    assert spendings(enclave) == ["privacy.reserved", "privacy.released"]

    enclave.approve(request.id)
    assert enclave.airlock.process(request.id).status is Status.RELEASED
    with zipfile.ZipFile(io.BytesIO((enclave.root / "exports" / request.id / "package.zip").read_bytes())) as package:
        files = {file.rpartition("/")[2]: package.read(file).decode() for file in package.namelist()}
    lines = list(csv.reader(io.StringIO(files["stay.csv"])))
    assert (lines[0], len(lines)) == (["region", "sex"], 201)
    for told in ("none is a person's", "ρ = 0.5", "δ = 10⁻⁶"):
        assert told in files["README.txt"]
    for told in ("nobody's", "tables of one column", "The first 20 of 200 records"):
        assert told in files["index.html"].replace("&#x27;", "'")
