"""DP releases and disclosure prices on the pages: who reads what, in which language, from new and old reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from egress.checks.table import Table
from egress.release.report import OutputReport
from egress.web.noise import margin, show_price
from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, text_of
from tests.egress.web.planted import by_site, dp_table, noisy, regression, synthetic

ONE = "reste-a-charge-1"
PRICE = {
    "rho": 3.25,
    "epsilon": 14.2,
    "delta": 1e-6,
    "limit": 1.0,
    "columns": [{"name": "persons", "rho": 3.25, "epsilon": 14.2}, {"name": "mean_spending", "rho": None}],
    "cells": [[1, 1]],
}


def page(house: House, report: OutputReport, path: str, person: str, language: str = "en") -> str:
    house.planted.submit(ONE)
    house.planted.checked(ONE, report)
    answer = house.person(person, language).get(f"{PREFIX}{path}/{ONE}")
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.parametrize(("person", "path"), [("alice", "requests"), ("carol", "review")])
def test_both_read_numbers_with_their_reach_and_the_cost(house: House, person: str, path: str) -> None:
    text = text_of(page(house, dp_table(), path, person))
    for shown in (
        "110,379 ± 54",
        "-3 ± 54",
        "312.5 290 – 341.25",
        "ρ = 0.05 (ε = 1.4712 at δ = 10⁻⁶), discrete Gaussian noise, quantiles by noisy maximum.",
        "This was spent from the budget",
        "how far the exact one may lie, with 95 % confidence",
        "both ends stand there",
        "27.2",
        "31",
        "A mean or a share is empty",
    ):
        assert shown in text
    assert "To cite it" not in text  # nothing is released yet
    assert "suppressed" not in text  # an empty mean is none that was hidden


def test_a_french_reader_reads_french_numbers_and_notes(house: House) -> None:
    text = text_of(page(house, dp_table(), "requests", "alice", "fr")).replace("\u202f", " ").replace("\xa0", " ")
    for shown in ("110 379 ± 54", "312,5 290 – 341,25", "ε = 1,4712 pour δ = 10⁻⁶", "Une moyenne ou une part est vide"):
        assert shown in text


def test_an_answer_of_the_ledger_is_said_to_be_free(house: House) -> None:
    told = {**dp_table().dp, "charged": "0"}
    text = text_of(page(house, replace(dp_table(), dp=told), "requests", "alice"))
    assert "nothing more was spent" in text
    assert "This was spent" not in text


def test_the_citation_comes_with_the_decision(house: House) -> None:
    page(house, dp_table(), "review", "carol")
    body = {"request": ONE, "approved": ["by_sex_dp"], "rejected": []}
    vote = {"output": "by_sex_dp", "choice": "approve", "comment": ""}
    house.planted.log.append(
        "carol", "review.given", "reste-a-charge", {"request": ONE, "votes": [vote], "comment": ""}
    )
    house.planted.log.append("egress", "request.decided", "reste-a-charge", body)
    text = text_of(house.person("alice").get(f"{PREFIX}requests/{ONE}").text)
    assert "Project reste-a-charge, table “Spending by sex, with noise” (reste-a-charge-1): differentially" in text
    assert "unit of privacy: one person with all rows, Bulle" in text


def test_an_old_report_is_read_as_far_as_it_goes(house: House) -> None:
    text = text_of(page(house, noisy(), "requests", "alice"))
    assert "5526 ± 12" in text
    assert "Noise of each column" not in text


@pytest.mark.parametrize(("person", "path"), [("alice", "requests"), ("carol", "review")])
def test_coefficients_stand_beside_intervals_that_hold_sampling_and_noise(house: House, person: str, path: str) -> None:
    text = text_of(page(house, regression(), path, person))
    for shown in (
        "age 4.1 3.1 – 5 0.48",
        "site: Dayton -34 -81 – 12 24",
        "ρ = 0.1 (ε = 2.14 at δ = 10⁻⁶), least squares on cross products with discrete Gaussian noise.",
        "where it lies with 95 % confidence, sampling and noise together",
        "18417 complete rows took part, ± 9 by noise",
        "people look at outputs of bulle.release_ols",
    ):
        assert shown in text
    assert "how far the exact one may lie" not in text
    assert ("bulle.release_ols('spending_on_age'" in text.replace("&#39;", "'")) == (person == "carol")


def test_a_french_reader_reads_a_regression_in_french(house: House) -> None:
    text = text_of(page(house, regression(), "requests", "alice", "fr")).replace("\u202f", " ").replace("\xa0", " ")
    for shown in ("age 4,1 3,1 – 5 0,48", "moindres carrés", "échantillonnage et bruit ensemble", "lignes complètes"):
        assert shown in text


def test_a_synthetic_extract_shows_a_sample(house: House) -> None:
    found = page(house, synthetic(), "requests", "alice")
    assert found.count("<td") == 2 * 20 + 3  # and one line of what was withheld
    assert "all records (60)" in text_of(found)


def test_a_checker_reads_the_price_by_column_and_sees_the_cells_that_drive_it(house: House) -> None:
    found = page(house, replace(by_site(), price=PRICE), "review", "carol")
    text = text_of(found)
    assert "would cost ρ = 3.25 (ε = 14.2 at δ = 10⁻⁶)" in text
    assert "above the limit of 1" in text
    assert "persons ρ = 3.25, ε = 14.2" in text
    assert "mean_spending not priced" in text
    assert found.count(" drives") == 1


def test_no_author_reads_a_price(house: House) -> None:
    found = page(house, replace(by_site(), price=PRICE), "requests", "alice")
    for hidden in ("3.25", "14.2", "isclosure price", " drives", "for checkers"):
        assert hidden not in found


@pytest.mark.parametrize("price", [{}, {"rho": None}, {"rho": "x"}, {"rho": True}])
def test_what_was_not_priced_shows_nothing(price: dict[str, object]) -> None:
    assert show_price(price, "en") is None


def test_prices_of_old_reports_have_no_columns() -> None:
    shown = show_price({"rho": 0.5, "epsilon": 3, "delta": 1e-6, "limit": 0.5, "cells": [[1], "x", [True, 2]]}, "en")
    assert shown is not None
    assert (shown.above, shown.columns, shown.cells) == (False, (), frozenset())


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [(5, (3.0, 7.0), "± 2"), (5, (3.0, 9.0), "3 – 9"), (None, None, ""), (7, (7.0, 7.0), "± 0")],
)
def test_a_margin_is_even_or_two_ends(value: int | None, interval: tuple[float, float] | None, text: str) -> None:
    assert margin(value, interval, "en") == text


def test_the_table_of_the_plant_fits_what_is_told() -> None:
    report = dp_table()
    assert isinstance(report.protected, Table)
    assert len(report.dp["intervals"]) == len(report.protected.rows)
