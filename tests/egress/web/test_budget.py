"""The budget's page: who sees which sums, what they were spent on, and what is outside the guarantee."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.egress.web.hub_stand import PREFIX
from tests.egress.web.people import House, text_of
from tests.egress.web.planted import CATALOGUE, SECRET, by_year, dp_table, regression

ONE = "reste-a-charge-1"


@pytest.fixture
def spent(house: House) -> House:
    """Two projects spend: 0.25 released, 0.1 open and 0.05 lapsed here, 0.5 there; one exact table left."""
    planted = house.planted
    planted.log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json()})
    planted.submit(ONE)
    seq = planted.spend("reste-a-charge", 250_000_000)
    report = dp_table()
    sql = "SELECT year, count(*) AS visits FROM person_year WHERE age >= 18 GROUP BY year"
    asked = replace(report, sql=sql, dp={**report.dp, "reservation": seq})
    planted.checked(ONE, asked, by_year())
    votes = [
        {"output": name, "choice": choice, "comment": ""}
        for name, choice in (("by_sex_dp", "reject"), ("persons_by_year", "approve"))
    ]
    planted.log.append("carol", "review.given", "reste-a-charge", {"request": ONE, "votes": votes, "comment": ""})
    planted.log.append(
        "egress",
        "request.decided",
        "reste-a-charge",
        {"request": ONE, "approved": ["persons_by_year"], "rejected": ["by_sex_dp"]},
    )
    planted.release(ONE)
    planted.spend("reste-a-charge", 100_000_000, "open")
    planted.spend("reste-a-charge", 50_000_000, "lapsed")
    planted.spend("urgences", 500_000_000, person="mallory")
    planted.spend("urgences", 900_000_000, "refused", person="mallory")
    return house


def page(house: House, person: str, language: str = "en") -> str:
    answer = house.person(person, language).get(f"{PREFIX}budget")
    assert answer.status_code == 200
    return str(answer.text)


def sums(found: str) -> list[str]:
    return re.findall(r"<dd>ρ = ([^<]+)</dd>", found)


def test_a_researcher_sees_their_projects_part_and_nothing_of_others(spent: House) -> None:
    found = page(spent, "alice")
    assert sums(found) == ["0.3", "0.1", "0.6", "1"]
    text = text_of(found)
    assert "All projects on this source" not in text
    assert "urgences" not in text
    assert "0.9" not in text
    assert "statement." not in found


def test_what_was_spent_on_what_is_said_in_words(spent: House) -> None:
    text = text_of(page(spent, "alice"))
    assert "Spending by sex, with noise reste-a-charge-1 reste-a-charge person_year.year person_year.age >= 18" in text
    assert ">= 18 0.25 released" in text
    assert "0.05 lapsed: nothing was drawn, it counts as spent" in text
    assert "0.1 reserved, being drawn" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "total_spending ~ age + site person_year.year = 2 0.25"),
        ({"table": "gone"}, "total_spending ~ age + site – 0.25"),
        ({"where": None}, "total_spending ~ age + site – 0.25"),
        ({"predictors": "x"}, "– – 0.25"),
    ],
)
def test_what_a_regression_asked_is_said_in_words(house: House, change: dict[str, object], told: str) -> None:
    planted = house.planted
    planted.log.append("admin", "source.registered", "", {"catalogue": CATALOGUE.model_dump_json()})
    planted.submit(ONE)
    report = regression()
    asked = {**report.dp["asked"], **change}
    seq = planted.spend("reste-a-charge", 250_000_000)
    planted.checked(ONE, replace(report, dp={**report.dp, "reservation": seq, "asked": asked}))
    assert told in text_of(page(house, "alice"))


@pytest.mark.parametrize("person", ["carol", "hilda"])
def test_who_checks_or_answers_for_the_source_sees_all_of_it(spent: House, person: str) -> None:
    found = page(spent, person)
    assert sums(found)[0] == "0.8"  # both projects
    assert sums(found)[4:] == ["0.3", "0.1", "0.6", "1"]
    text = text_of(found)
    assert "urgences" in text
    assert "no request that you may see tells" in text
    assert "Asked for and refused" in text


def test_exact_releases_are_listed_as_outside_the_guarantee(spent: House) -> None:
    text = text_of(page(spent, "hilda"))
    assert "The guarantee of differential privacy does not cover these" in text
    assert "Persons by year reste-a-charge-1" in text
    assert "Outside the budget" in text
    assert str(SECRET) not in text


def test_the_bar_is_as_long_as_its_sums(spent: House) -> None:
    found = page(spent, "alice")
    assert re.search(r'class="spent" x="0" y="0" width="30.0"', found)
    assert re.search(r'class="held" x="30.0" y="0" width="10.0"', found)
    assert not re.search(r"\sstyle=|<style|<script", found)


def test_the_page_speaks_french(spent: House) -> None:
    found = page(spent, "alice", "fr")
    assert sums(found) == ["0,3", "0,1", "0,6", "1"]
    assert "À quoi il a été dépensé" in text_of(found)


def test_who_has_no_permit_has_no_budget_and_no_link(house: House) -> None:
    found = page(house, "stranger")
    assert "No permit gives you a privacy budget" in text_of(found)
    assert f'href="{PREFIX}budget"' not in found
    assert f'href="{PREFIX}budget"' in page(house, "alice")


def test_who_only_oversees_begins_at_the_budget(house: House) -> None:
    assert house.person("hilda").get(PREFIX).headers["location"] == f"{PREFIX}budget"


def test_an_entry_that_makes_no_sense_is_said(spent: House) -> None:
    body = {"source": "rand-hie", "spec": "6" * 64, "extract": "3" * 64, "nano_rho": -1}
    seq = spent.planted.log.append("mallory", "privacy.reserved", "urgences", body).seq
    text = text_of(page(spent, "carol"))
    assert f"Entry {seq} of the log cannot be read by the ledger" in text


def test_a_budget_is_for_who_is_logged_in(house: House) -> None:
    assert house.browser().get(f"{PREFIX}budget").status_code in {302, 303, 307}


def test_who_answers_for_the_data_takes_the_statement_away_and_the_log_says_so(spent: House) -> None:
    hilda = spent.person("hilda")
    stated = hilda.get(f"{PREFIX}budget/rand-hie/statement.json").json()
    assert (stated["cap_rho"], stated["spent_rho"], stated["reserved_rho"], stated["left_rho"]) == (2, 0.8, 0.1, 1.1)
    assert [entry["kind"] for entry in stated["entries"]] == ["released", "reserved", "lapsed", "released"]
    assert stated["unaccounted"] == [
        {"at": stated["unaccounted"][0]["at"], "project": "reste-a-charge", "request": ONE, "outputs": 1}
    ]
    assert "covers the releases with noise" in stated["guarantee"]
    assert spent.planted.events("budget.exported") == [{"source": "rand-hie"}]
    lines = hilda.get(f"{PREFIX}budget/rand-hie/statement.csv").text.splitlines()
    assert lines[0] == "at,source,project,kind,rho,request"
    assert len(lines) == 1 + 4 + 1 + 1
    assert not [line for line in lines if "noise" in line or "age" in line]  # no author's words


@pytest.mark.parametrize("person", ["alice", "carol", "mallory", "stranger"])
def test_nobody_else_gets_a_statement(spent: House, person: str) -> None:
    browser = spent.person(person)
    for form in ("json", "csv"):
        assert browser.get(f"{PREFIX}budget/rand-hie/statement.{form}").status_code == 404
    assert spent.planted.events("budget.exported") == []


def test_a_statement_of_another_source_or_form_is_not_there(spent: House) -> None:
    hilda = spent.person("hilda")
    assert hilda.get(f"{PREFIX}budget/elsewhere/statement.json").status_code == 404
    assert hilda.get(f"{PREFIX}budget/rand-hie/statement.exe").status_code == 404
