"""What a package says of a DP release: intervals, cost and citation, from today's reports and from old ones."""

import csv
import io
import json
from typing import Any

import pytest

from egress.checks.model import Protection
from egress.checks.table import Table
from egress.package.citation import citation
from egress.package.contents import ReleasedTable, contents_of
from egress.package.noise import half_width_of, read_told
from egress.package.tidy import filed
from hub.policy.files import read_rules
from tests.egress.package.contents import built, contents, report, request
from tests.egress.package.test_archive import files

TABLE = Table(("sex", "n", "mean_cost", "median_age"), (("F", -3, 17.25, 41), ("M", 110379, None, 52)))
DP: dict[str, Any] = {
    "form": "bulle.dp-told/2",
    "rho": "0.05",
    "charged": "0.05",
    "epsilon": 1.4712,
    "delta": 1e-6,
    "confidence": 0.95,
    "columns": [
        {"name": "sex", "shape": "key", "scale": None, "half_width": None, "ranks": None},
        {"name": "n", "shape": "count", "scale": 27.2, "half_width": 54.0, "ranks": None},
        {"name": "mean_cost", "shape": "mean", "scale": None, "half_width": None, "ranks": None},
        {"name": "median_age", "shape": "quantile", "scale": None, "half_width": None, "ranks": 31},
    ],
    "intervals": [[None, [-57, 51], [12.5, 30.0], None], [None, [110325, 110433], None, None]],
    "notes": [{"text": "A mean or a share is empty where its noisy count cannot be told from 0.", "values": {}}],
}
COST = "rho,epsilon,delta,confidence"
OLD = {key: DP[key] for key in ("rho", "charged", "epsilon", "delta", "confidence")} | {
    "half_widths": [[None, 54.0, 9.5, None], [None, 54.0, None, None]],
    "notes": ["A mean or a share is empty where its noisy count cannot be told from 0."],
}


def noisy(**changes: Any) -> dict[str, str]:
    return files(built(contents(protect=Protection.DP, protected=TABLE, dp={**DP, **changes})))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def inside() -> dict[str, str]:
    return noisy()


def test_one_tidy_file_holds_values_intervals_and_cost(inside: dict[str, str]) -> None:
    assert inside["tables/stays.csv"].splitlines() == [
        f"sex,n,n_low,n_high,mean_cost,mean_cost_low,mean_cost_high,median_age,n_scale,median_age_ranks,{COST}",
        "F,-3,-57,51,17.25,12.5,30,41,27.2,31,0.05,1.4712,1e-06,0.95",
        "M,110379,110325,110433,,,,52,27.2,31,0.05,1.4712,1e-06,0.95",
    ]
    assert not [name for name in inside if "half_widths" in name]


def test_an_old_report_gives_the_same_columns_as_far_as_it_goes() -> None:
    old = rows(files(built(contents(protect=Protection.DP, protected=TABLE, dp=OLD)))["tables/stays.csv"])
    assert (old[0]["n_low"], old[0]["n_high"], old[0]["mean_cost_high"]) == ("-57", "51", "26.75")
    assert (old[1]["mean_cost_low"], old[1]["rho"]) == ("", "0.05")
    assert "n_scale" not in old[0]


def test_an_authors_column_keeps_its_name_and_the_added_one_gives_way() -> None:
    table = Table(("rho", "n", "n_low"), ((1, 20, 7),))
    told = {**DP, "columns": [], "intervals": [[None, [15, 25], None]]}
    found = filed(ReleasedTable(report("stays", protect=Protection.DP, protected=table, dp=told), table))
    assert found.columns == ("rho", "n", "n_low_dp", "n_high", "n_low", "rho_dp", "epsilon", "delta", "confidence")
    assert found.rows[0][:5] == (1, 20, 15, 25, 7)


def test_a_formula_in_a_key_or_a_name_stays_text() -> None:
    table = Table(("=k", "n"), (("=1+1", 20),))
    dp = {**DP, "columns": [], "intervals": [[None, [-15, 55]]]}
    text = files(built(contents(protect=Protection.DP, protected=table, dp=dp)))["tables/stays.csv"]
    assert text.splitlines()[0].startswith("'=k,n,n_low")
    assert text.splitlines()[1].startswith("'=1+1,20,-15,55")


def test_the_page_shows_how_far_each_number_reaches(inside: dict[str, str]) -> None:
    page = inside["index.html"]
    assert '-3 <span class="reach">± 54</span>' in page
    assert '17.25 <span class="reach">[12.5; 30]</span>' in page
    assert "A mean or a share is empty where its noisy count cannot be told from 0." in page
    assert "Une moyenne ou une part est vide" in page


def test_the_citation_stands_in_both_languages_in_page_and_readme(inside: dict[str, str]) -> None:
    for text in (inside["index.html"], inside["README.txt"]):
        assert "ρ = 0.05 (ε = 1.4712 at δ = 10⁻⁶), unit of privacy: one person with all rows, Bulle" in text
        assert "ρ = 0,05 (ε = 1,4712 pour δ = 10⁻⁶), unité protégée : une personne avec toutes ses lignes" in text
        assert "discrete Gaussian noise, quantiles by noisy maximum" in text
        assert "2026-06-01" in text
    assert "NAME_low, NAME_high" in inside["README.txt"]


def test_nothing_is_cited_before_the_decision() -> None:
    given = report("stays", protect=Protection.DP, protected=TABLE, dp=DP)
    told = read_told(DP, TABLE)
    assert told is not None
    assert citation(request(reached={}), given, told, "en") is None
    assert citation(request(), given, told, "en") is not None


def test_criteria_keep_the_public_facts_and_no_value(inside: dict[str, str]) -> None:
    output = json.loads(inside["criteria.json"])["outputs"][1]
    assert output["dp"] == {
        "rho": "0.05",
        "epsilon": 1.4712,
        "delta": 1e-06,
        "confidence": 0.95,
        "columns": [
            {"name": "n", "shape": "count", "scale": 27.2, "half_width": 54.0},
            {"name": "median_age", "shape": "quantile", "scale": None, "half_width": None, "ranks": 31},
        ],
    }
    for value in ("110379", "110325", "17.25", "12.5"):
        assert value not in inside["criteria.json"]


def test_whether_the_ledger_had_it_already_does_not_change_the_package(inside: dict[str, str]) -> None:
    assert noisy(charged="0") == inside


def test_a_synthetic_extract_is_its_records_alone_and_the_page_a_sample() -> None:
    table = Table(("sex", "age"), tuple(("F", 20 + at) for at in range(60)))
    dp = {**DP, "kind": "synthetic", "columns": [], "intervals": []}
    found = files(built(contents(protect=Protection.DP, protected=table, dp=dp)))
    assert found["tables/stays.csv"].splitlines()[0] == "sex,age"
    assert len(found["tables/stays.csv"].splitlines()) == 61
    assert found["index.html"].count("<td") == 2 * 20 + 9  # the other table has three rows of three
    assert "The first 20 of 60 records" in found["index.html"]
    assert "none is a person's" in found["README.txt"]


def test_coefficients_stand_with_their_cost() -> None:
    table = Table(("term", "estimate", "standard_error", "low", "high"), (("age", -2.5, 0.1, -2.7, -2.3),))
    dp = {key: DP[key] for key in ("rho", "epsilon", "delta", "confidence")} | {"kind": "ols"}
    text = files(built(contents(protect=Protection.DP, protected=table, dp=dp)))["tables/stays.csv"]
    assert text.splitlines()[0] == "term,estimate,standard_error,low,high,rho,epsilon,delta,confidence"


@pytest.mark.parametrize(
    "dp",
    [
        {"rho": "x"},
        {"rho": None, "intervals": 7, "columns": "n", "notes": [3, {"values": {}}, "{hostile.__class__}"]},
        {"intervals": [[None]], "columns": [{"scale": "nan"}]},
        {"intervals": [[None, [1], ["a", 2], [None, 3]], [None, None, None, None]]},
        {"epsilon": float("inf"), "delta": True, "half_widths": [[1], [2]]},
    ],
)
def test_parts_that_do_not_fit_are_left_out(dp: dict[str, Any]) -> None:
    told = read_told(dp, TABLE)
    assert told is not None
    assert told.notes == ()
    assert all(pair is None for line in told.intervals for pair in line)
    made = contents_of(
        request(),
        (report("stays", protect=Protection.DP, protected=TABLE, dp=dp), report("costs")),
        read_rules("health-fr"),
    )
    assert files(built(made))["tables/stays.csv"].startswith("sex,n,mean_cost,median_age")


@pytest.mark.parametrize(
    ("value", "interval", "half"),
    [(5, (3.0, 7.0), 2.0), (5, (3.0, 8.0), None), (None, (3.0, 7.0), None), (5, None, None), (0.3, (0.1, 0.5), 0.2)],
)
def test_a_half_width_is_told_only_of_even_intervals(
    value: float | None, interval: tuple[float, float] | None, half: float | None
) -> None:
    assert half_width_of(value, interval) == (None if half is None else pytest.approx(half))
