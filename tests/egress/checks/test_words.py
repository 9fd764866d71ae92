"""What words may carry: identifiers in labels, the declaration's own name, title and budget; tables about persons."""

from __future__ import annotations

from decimal import Decimal

import pytest

from egress.checks import declaration, identifiers, shape
from egress.checks.identifiers import looks_direct
from egress.checks.model import Outcome, Risk, worst
from egress.checks.patterns import is_nir
from egress.checks.registry import CHECKS, examine
from egress.checks.statbarns import unknown_statbarns
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.checks.values import cell, examined, outcomes
from tests.egress.query.extracts import catalogue, rules

CATALOGUE = catalogue()
FAIL, PASS, REVIEW = Outcome.FAIL, Outcome.PASS, Outcome.REVIEW


def query(sql: str = "SELECT sex, count(*) AS stays FROM stay JOIN person USING (person_id) GROUP BY ALL") -> Query:
    answer = parse(sql, CATALOGUE, frozenset({"person", "stay"}))
    assert isinstance(answer, Query)
    return answer


# INSEE's own example of a key: 2 55 08 14 168 025 -> 38
NIR = "255081416802538"


def test_a_social_security_number_has_its_key() -> None:
    assert is_nir(NIR)
    assert is_nir("patient 2 55 08 14 168 025 38")
    assert not is_nir(NIR[:-1] + "9")
    assert is_nir("1 85 05 2A 004 123 " + f"{97 - 1850519004123 % 97:02d}")


@pytest.mark.parametrize(
    "text",
    [NIR, "jeanne.martin@example.org", "n 123456789", "3f2a9c1e77b04d5e8a", "a5d1f8e3c2b79604a5d1f8e3c2b79604"],
)
def test_what_looks_like_an_identifier(text: str) -> None:
    assert looks_direct(text) is not None


@pytest.mark.parametrize(
    "text", ["North", "0-17", "site 1", "2023", "12345678", "acceptable", "mean_cost", "75001", "deadbeefdeadbeef"]
)
def test_what_does_not(text: str) -> None:
    assert looks_direct(text) is None


def test_labels_titles_and_columns_are_read() -> None:
    assert outcomes(identifiers.check(examined([cell(keys=("jeanne@example.org",))]), rules()), "identifiers") == [FAIL]
    assert outcomes(identifiers.check(examined([cell()], title=f"About {NIR}"), rules()), "identifiers") == [FAIL]
    assert outcomes(identifiers.check(examined([cell()]), rules()), "identifiers") == [PASS]


def test_a_person_key_of_the_extract_is_found_and_not_quoted() -> None:
    found = examined([cell(keys=("pseudonym-1",))], pseudonyms=frozenset({"pseudonym-1"}))
    (finding,) = identifiers.check(found, rules())
    assert finding.outcome is FAIL
    assert "pseudonym-1" not in str(finding.why) + finding.where


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("", PASS),
        ("Stays by sex", PASS),
        ("Stays by sex (women and men)", REVIEW),
        ("Stays by sex, F and M", PASS),
        ("Nombre de stays par sex", PASS),
        ("Stays by region and sex", REVIEW),
        ("Stays by sex, 2021-2024", REVIEW),
        ("Stays  by sex", REVIEW),
        ("StAys by sex", REVIEW),
        ("Stays by sex sex", REVIEW),
        ("Stays by sex and by sex", REVIEW),
        ("Stays by F and by M", PASS),
        ("By by by stays", REVIEW),
        ("stayss by sex", REVIEW),
        ("Stays by sex 4711", REVIEW),
        ("Ask for Jeanne", REVIEW),
        ("Stays by sex\u200b", REVIEW),
        ("Stays " * 60, REVIEW),
    ],
)
def test_titles_use_published_words(title: str, outcome: Outcome) -> None:
    findings = declaration.words("stays", title, query(), CATALOGUE)
    assert worst([PASS, *(finding.outcome for finding in findings)]) is outcome


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("stays_by_sex", PASS),
        ("stays_f", PASS),
        ("n", PASS),
        ("stays2023", REVIEW),
        ("stays_stays", REVIEW),
        ("stays__sex", REVIEW),
        ("stays_", REVIEW),
        ("Stays", REVIEW),
        ("apricot", REVIEW),
        ("a" * 40, REVIEW),
        ("a" * 41, REVIEW),
        ("a" * 64, FAIL),
        ("", FAIL),
        ("../../etc/passwd", FAIL),
        ("with space", FAIL),
        ("2stays", FAIL),
    ],
)
def test_names_are_identifiers(name: str, outcome: Outcome) -> None:
    findings = declaration.words(name, "", query(), CATALOGUE)
    assert worst([PASS, *(finding.outcome for finding in findings)]) is outcome


@pytest.mark.parametrize(
    ("rho", "free"),
    [("0.1", False), ("0.05", False), ("1", False), ("0.10", False), ("0.13", True), ("0.100000007", True)],
)
def test_a_free_rho_is_looked_at(rho: str, free: bool) -> None:
    assert bool(declaration.budget(Decimal(rho))) is free


def test_notes_of_one_kind_are_one_finding() -> None:
    (finding,) = declaration.notes(query("SELECT count(*) AS n FROM stay WHERE cost > 12 AND cost < 13 AND nights > 7"))
    assert finding.outcome is REVIEW
    assert finding.risk is Risk.COVERT_CHANNEL
    assert finding.where == "SQL 1:45, SQL 1:59, SQL 1:75"


# -- tables about persons


def test_all_cells_below_the_threshold() -> None:
    assert outcomes(shape.check(examined([cell(10), cell(10)]), rules()), "shape") == [FAIL]
    assert outcomes(shape.check(examined([cell(10), cell(12)]), rules()), "shape") == [PASS]


@pytest.mark.parametrize(("persons", "outcome"), [(11, REVIEW), (12, PASS), (13, PASS)])
def test_more_cells_than_groups_of_the_threshold_could_fill(persons: int, outcome: Outcome) -> None:
    """Two cells and 11 persons each: 22."""
    assert outcomes(shape.check(examined([cell(10), cell(persons)]), rules()), "shape") == [outcome]


@pytest.mark.parametrize(("singles", "outcome"), [(17, PASS), (18, PASS), (19, FAIL)])
def test_nearly_all_cells_about_one_person(singles: int, outcome: Outcome) -> None:
    cells = [*([cell(1)] * singles), *([cell(500)] * (20 - singles))]
    assert outcomes(shape.check(examined(cells), rules()), "shape") == [outcome]


def test_nearly_as_many_cells_as_persons() -> None:
    three = rules(min_persons=3)
    assert outcomes(shape.check(examined([cell(3), *([cell(1)] * 8)]), three), "shape") == [FAIL]
    assert outcomes(shape.check(examined([cell(9), *([cell(1)] * 8)]), three), "shape") == [FAIL]
    assert outcomes(shape.check(examined([cell(10), *([cell(1)] * 8)]), three), "shape") == [REVIEW]


def test_a_table_without_rows() -> None:
    assert outcomes(shape.check(examined([]), rules()), "shape") == [FAIL]


# -- the registry


def test_every_check_answers_for_every_table() -> None:
    findings = examine(examined([cell()]), rules())
    assert {"shape", "low_counts", "low_events", "identifiers"} <= {finding.check for finding in findings}
    assert len(CHECKS) == len(set(CHECKS))


def test_an_unknown_statbarn_is_for_people() -> None:
    (finding,) = unknown_statbarns(["frequencies", "regression"])
    assert finding.outcome is REVIEW
    assert unknown_statbarns(["frequencies"]) == ()
