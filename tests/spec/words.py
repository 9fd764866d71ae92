"""Rules about words: identifiers, and what a declaration may say of itself."""

from __future__ import annotations

from decimal import Decimal

from egress.checks import declaration, private_kind
from egress.checks.carriers import carriers
from egress.checks.identifiers import looks_direct
from egress.checks.model import Outcome, worst
from egress.query.model import Query
from egress.query.parse import parse
from tests.egress.query.extracts import catalogue, rules
from tests.spec.rule import FAIL, PASS, REVIEW, Rule

CATALOGUE = catalogue()
SQL = """SELECT p.region, p.sex, count(*) AS stays, avg(s.cost) AS mean_cost
         FROM stay s JOIN person p USING (person_id) GROUP BY ALL"""


def _query(sql: str) -> Query:
    answer = parse(sql, CATALOGUE, frozenset({"person", "stay"}))
    assert isinstance(answer, Query), (sql, answer)
    return answer


def _text(text: str) -> Outcome:
    return PASS if looks_direct(text) is None else FAIL


def _name(name: str) -> Outcome:
    found = declaration.words(name, "", _query(SQL), CATALOGUE)
    return worst([PASS, *(finding.outcome for finding in found)])


def _title(title: str) -> Outcome:
    found = declaration.words("stays", title, _query(SQL), CATALOGUE)
    return worst([PASS, *(finding.outcome for finding in found)])


def _form(sql: str) -> Outcome:
    query = _query(sql)
    found = (*declaration.notes(query), *declaration.words("n", "", query, CATALOGUE), *carriers(query))
    return worst([PASS, *(finding.outcome for finding in found)])


def _kind(call: str, said: str | None) -> Outcome:
    kinds = None if said is None else {call.removeprefix("bulle.release_"): said}
    return private_kind.check(call.removeprefix("bulle.release_"), rules(private_kinds=kinds)).outcome


def _rho(rho: str) -> Outcome:
    return worst([PASS, *(finding.outcome for finding in declaration.budget(Decimal(rho)))])


RULES = (
    Rule(
        "identifiers",
        ("Identifiers in words", "Identifiants dans les mots"),
        (
            "In titles, names and labels, after disguises are taken off. What was found is never quoted.",
            "Dans les titres, noms et libellés, une fois les déguisements ôtés. Ce qui est trouvé n'est jamais cité.",
        ),
        "NIR: INSEE; RPPS, FINESS, SIREN: Luhn; IBAN: ISO 13616",
        (("text", "texte"),),
        (
            ("255081416802538", FAIL),
            ("2 55 08 14 168 025 38", FAIL),
            ("２５５０８１４１６８０２５３８", FAIL),
            ("255O814l68O2538", FAIL),
            ("1 85 05 2A 004 123 54", FAIL),
            ("2 55 08 971 05 025 27", FAIL),
            ("810 0123 4566", FAIL),
            ("75 071 218 4", FAIL),
            ("2A0000014", FAIL),
            ("jeanne@example.org", FAIL),
            ("jeanne (at) example (dot) org", FAIL),
            ("06 12 34 56 78", FAIL),
            ("FR14 2004 1010 0505 0001 3M02 606", FAIL),
            ("3f2a9c1e77b04d5e8a", FAIL),
            ("1954-03-12", FAIL),
            ("12/03/1954", FAIL),
            ("12031954", FAIL),
            ("12 mars 1954", FAIL),
            ("March 12, 1954", FAIL),
            ("2021-2024", PASS),
            ("35-49", PASS),
            ("75001", PASS),
            ("North", PASS),
            ("1 000 000", PASS),
        ),
        _text,
    ),
    Rule(
        "declaration",
        ("Names of outputs", "Noms de sorties"),
        (
            "Lower-case words of this table's columns, statistics and small words, each once, eight at most.",
            (
                "Mots en minuscules des colonnes et statistiques de ce tableau et petits mots, chacun une fois, huit "
                "au plus."
            ),
        ),
        "design, section 2",
        (("name", "nom"),),
        (
            ("stays_by_region_and_sex", PASS),
            ("mean_cost", PASS),
            ("stays_by_diagnosis", REVIEW),
            ("apricot", REVIEW),
            ("stays_39182", REVIEW),
            ("stays_stays", REVIEW),
            ("Stays", REVIEW),
            ("../stays", FAIL),
        ),
        _name,
    ),
    Rule(
        "declaration",
        ("Titles", "Titres"),
        (
            "Words and numbers of this table, each once, with one sign between them, in usual case, sixteen at most.",
            "Mots et nombres de ce tableau, chacun une fois, un signe entre eux, casse ordinaire, seize au plus.",
        ),
        "design, section 2",
        (("title", "titre"),),
        (
            ("Stays by region and sex", PASS),
            ("Mean cost, by region", PASS),
            ("Coût moyen par région", REVIEW),
            ("Stays of Jeanne", REVIEW),
            ("Stays 39182", REVIEW),
            ("StAyS by region", REVIEW),
            ("Stays  by region", REVIEW),
            ("Stays by region by region by", REVIEW),
        ),
        _title,
    ),
    Rule(
        "declaration",
        ("SQL", "SQL"),
        (
            (
                "Constants are categories, breaks and bounds; labels and names are those of their own "
                "column; order and "
                "arithmetic are plain."
            ),
            (
                "Les constantes sont des modalités, seuils et bornes ; libellés et noms sont ceux de leur "
                "colonne ; ordre et "
                "calculs sont simples."
            ),
        ),
        "design, section 2",
        (("SQL", "SQL"),),
        (
            ("SELECT year, count(*) AS n FROM stay GROUP BY year", PASS),
            ("SELECT year, count(*) AS apricot FROM stay GROUP BY year", REVIEW),
            ("SELECT year, count(*) AS N FROM stay GROUP BY year", REVIEW),
            ("SELECT count(*) AS n, year FROM stay GROUP BY year", REVIEW),
            ("SELECT year, count(*) AS n FROM stay WHERE cost < 39182 GROUP BY year", REVIEW),
            ("SELECT year, count(*) AS n FROM stay GROUP BY year ORDER BY year DESC", REVIEW),
            ("SELECT year, sum(cost) AS total_cost, sum(cost) AS sum_cost FROM stay GROUP BY year", REVIEW),
            (
                "SELECT CASE WHEN region = 'North' THEN 'North' END AS region, count(*) AS n FROM person GROUP BY 1",
                PASS,
            ),
            (
                "SELECT CASE WHEN region = 'North' THEN 'South' END AS region, count(*) AS n FROM person GROUP BY 1",
                REVIEW,
            ),
            ("SELECT year, avg(nights / nights) AS mean_nights FROM stay GROUP BY year", REVIEW),
            (
                (
                    "SELECT year, avg((floor(nights / 1000000) + 1) * 10 * 10 + nights) AS mean_nights FROM stay GROUP "
                    "BY year"
                ),
                REVIEW,
            ),
        ),
        _form,
    ),
    Rule(
        "declaration",
        ("Privacy budgets", "Budgets de confidentialité"),
        ("1, 2 or 5 times a power of ten.", "1, 2 ou 5 fois une puissance de dix."),
        "design, section 2",
        (("ρ", "ρ"),),
        (("0.1", PASS), ("0.05", PASS), ("0.10", PASS), ("0.13", REVIEW), ("0.100000007", REVIEW)),
        _rho,
    ),
    Rule(
        "private_kind",
        ("Private releases that are no SQL table", "Diffusions privées hors tables SQL"),
        (
            "What the data holder's rules say of the kind decides: a kind that they do not name does not leave.",
            "Ce que disent les règles du détenteur décide : un type qu'elles ne nomment pas ne sort pas.",
        ),
        "policies/rules, private_kinds",
        (("call", "appel"), ("the rules say", "les règles disent")),
        (
            ("bulle.release_ols", "automatic", PASS),
            ("bulle.release_ols", "review", REVIEW),
            ("bulle.release_ols", "off", FAIL),
            ("bulle.release_ols", None, FAIL),
            ("bulle.release_synthetic", "review", REVIEW),
            ("bulle.release_synthetic", "off", FAIL),
            ("bulle.release_synthetic", None, FAIL),
        ),
        _kind,
    ),
)
