"""Private releases that are no SQL table, through the whole airlock: paid for once, told with their errors, or not."""

from __future__ import annotations

import io
import json
import shutil
import zipfile

import pytest

from egress.checks.model import Outcome, Protection
from egress.package.noise import read_told
from egress.privacy.ledger import Standing, fold
from egress.privacy.ols_told import DROWNED
from egress.release.model import ReleaseRequest
from egress.release.report import OutputReport
from egress.release.status import Status
from tests.egress.airlock.enclave import TinyEnclave, airlock_of, notebook
from tests.egress.airlock.remembering import RememberingRunner

COST_BY_SEX = (
    'import bulle\nbulle.release_ols("cost_by_sex", table="stay", outcome="cost", predictors=["sex"], '
    'title="Cost by sex", rho=0.5)'
)
DROWNING = COST_BY_SEX.replace("0.5", "0.001")
ROWS = 'import bulle\nbulle.release_synthetic("rows", table="stay", columns=["sex"], rows=9)'


def ruled(enclave: TinyEnclave, written: str) -> TinyEnclave:
    """The enclave under rules that say `written` of private kinds, with the automatic lane open."""
    policies = enclave.root / "policies"
    shutil.copytree(enclave.policies, policies)
    rules = policies / "rules" / "health-fr.toml"
    before, _, after = rules.read_text().partition("[private_kinds]\n")
    after = after[after.index("[automatic_lane]") :].replace("value = false", "value = true")
    rules.write_text(f"{before}{written}{after}")
    enclave.policies = policies
    enclave.airlock = airlock_of(enclave, RememberingRunner())
    return enclave


def spendings(enclave: TinyEnclave) -> list[str]:
    return [event.kind for event in enclave.log.read() if event.kind.startswith("privacy")]


def report(enclave: TinyEnclave, request: ReleaseRequest, output: str = "cost_by_sex") -> OutputReport:
    return enclave.desk.report(request.id, output, "carol")


def test_coefficients_are_drawn_for_what_was_reserved_and_people_look(enclave: TinyEnclave) -> None:
    request = enclave.ask(notebook(COST_BY_SEX), "first")
    assert request.status is Status.IN_REVIEW
    found = report(enclave, request)
    assert (found.outcome, found.protect, found.exact) == (Outcome.REVIEW, Protection.DP, None)
    assert found.evidence == {}
    assert [(finding.check, finding.outcome) for finding in found.findings if finding.notable] == [
        ("private_kind", Outcome.REVIEW)
    ]
    assert found.protected is not None
    assert [row[0] for row in found.protected.rows] == ["(constant)", "sex: male"]
    told = read_told(found.dp, found.protected)
    assert told is not None
    assert told.charged == told.rho
    assert str(told.rho) == "0.5"
    assert all(line[1] is not None for line in told.intervals)
    assert spendings(enclave) == ["privacy.reserved", "privacy.released"]
    (entry,) = fold(enclave.log.read()).entries
    assert (entry.reservation.nano_rho, entry.reservation.source) == (500_000_000, "tiny")
    assert found.dp["reservation"] == entry.reservation.seq


def test_the_same_regression_again_is_the_same_answer_for_nothing(enclave: TinyEnclave) -> None:
    first = report(enclave, enclave.ask(notebook(COST_BY_SEX), "first"))
    again = report(enclave, enclave.ask(notebook(COST_BY_SEX, "1"), "again"))
    assert again.protected == first.protected
    assert again.dp["charged"] == "0"
    assert spendings(enclave) == ["privacy.reserved", "privacy.released"]


def test_where_noise_drowns_it_nothing_is_told_and_it_stays_spent(enclave: TinyEnclave) -> None:
    request = enclave.ask(notebook(DROWNING), "drowned")
    assert request.status is Status.REFUSED
    found = report(enclave, request)
    assert (found.outcome, found.protected) == (Outcome.FAIL, None)
    assert found.statbarns == ("correlation_coefficients",)
    assert DROWNED in [finding.why for finding in found.findings]
    (entry,) = fold(enclave.log.read()).entries
    assert (entry.standing, entry.reservation.nano_rho) == (Standing.RELEASED, 1_000_000)
    assert found.dp["reservation"] == entry.reservation.seq


def test_a_draw_that_fails_lapses_and_is_not_repeated(enclave: TinyEnclave) -> None:
    copy = next((enclave.root / "extracts" / "costs" / "v1").glob("*.dp.parquet"))
    copy.chmod(0o600)
    copy.write_bytes(b"not parquet")
    request = enclave.ask(notebook(COST_BY_SEX), "broken")
    assert request.status is Status.REFUSED
    assert spendings(enclave) == ["privacy.reserved", "privacy.lapsed"]
    assert "parquet" not in json.dumps([event.body for event in enclave.log.read()][-6:])


@pytest.mark.parametrize(
    "change",
    [
        ('"cost"', '"region"'),
        ('["sex"]', '["person_id"]'),
        ("rho=0.5", 'where="sex = (SELECT min(sex) FROM stay)", rho=0.5'),
        ("rho=0.5", "rho=0.6"),  # of the 0.5 that are left
    ],
)
def test_what_public_facts_refuse_spends_nothing(enclave: TinyEnclave, change: tuple[str, str]) -> None:
    if change[1] == "rho=0.6":
        enclave.ask(notebook(COST_BY_SEX), "before")
    before = spendings(enclave)
    request = enclave.ask(notebook(COST_BY_SEX.replace(*change)), "refused")
    assert request.status is Status.REFUSED
    assert [kind for kind in spendings(enclave) if kind != "privacy.refused"] == before


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ('[private_kinds]\nvalue = { ols = "automatic" }\nsource = "test"\n\n', Status.RELEASED),
        ('[private_kinds]\nvalue = { ols = "review" }\nsource = "test"\n\n', Status.IN_REVIEW),
        ('[private_kinds]\nvalue = { ols = "off" }\nsource = "test"\n\n', Status.REFUSED),
        ('[private_kinds]\nvalue = { synthetic = "review" }\nsource = "test"\n\n', Status.REFUSED),
        ("", Status.REFUSED),
    ],
)
def test_the_rules_say_whether_the_kind_may_leave_and_past_whom(
    enclave: TinyEnclave, written: str, status: Status
) -> None:
    enclave = ruled(enclave, written)
    assert enclave.ask(notebook(COST_BY_SEX), "first").status is status
    assert bool(spendings(enclave)) == (status is not Status.REFUSED)


def test_a_kind_that_is_off_is_refused_before_anything_else(enclave: TinyEnclave) -> None:
    request = enclave.ask(notebook(ROWS), "rows")
    assert request.status is Status.REFUSED
    (finding,) = report(enclave, request, "rows").findings
    assert (finding.check, finding.outcome) == ("private_kind", Outcome.FAIL)
    assert spendings(enclave) == []


def test_the_package_tells_errors_intervals_and_cost(enclave: TinyEnclave) -> None:
    request = enclave.ask(notebook(COST_BY_SEX), "first")
    found = report(enclave, request)
    enclave.approve(request.id)
    assert enclave.airlock.process(request.id).status is Status.RELEASED
    with zipfile.ZipFile(io.BytesIO((enclave.root / "exports" / request.id / "package.zip").read_bytes())) as package:
        csv = package.read("tables/cost_by_sex.csv").decode().splitlines()
        criteria = json.loads(package.read("criteria.json"))
        readme, page = package.read("README.txt").decode(), package.read("index.html").decode()
    assert csv[0] == "term,estimate,estimate_low,estimate_high,standard_error,rho,epsilon,delta,confidence"
    assert found.protected is not None
    assert [float(line.split(",")[1]) for line in csv[1:]] == [row[1] for row in found.protected.rows]
    (output,) = criteria["outputs"]
    assert output["dp"]["rho"] == "0.5"
    assert output["dp"]["epsilon"] > 0
    assert "discrete Gaussian noise" in readme
    assert "discrete Gaussian noise" in page
    assert "both sampling and the added noise" in page
