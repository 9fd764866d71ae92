"""Rules about how many stand behind a cell, under the shipped rules for health data: 11 persons, 11 stays."""

from __future__ import annotations

from dataclasses import replace

from egress.checks import dof, extremes, implied, low_counts, shape, units, zeros
from egress.checks.model import Outcome, worst
from egress.query.model import Aggregate, ColumnRef, Key
from tests.egress.checks.values import about, cell, examined, measure, outcomes
from tests.egress.query.extracts import rules
from tests.spec.rule import FAIL, PASS, REVIEW, Rule

HEALTH = rules("health-fr")
PERSONS = ("persons", "personnes")


def _persons(persons: int) -> Outcome:
    return outcomes(low_counts.check(examined([cell(persons)]), HEALTH), "low_counts")[0]


def _units_not_rows(rows: int, persons: int) -> Outcome:
    return outcomes(low_counts.check(examined([cell(persons, rows=rows)]), HEALTH), "low_counts")[0]


def _events(rows: int) -> Outcome:
    return outcomes(low_counts.check(examined([cell(persons=11, rows=rows)]), rules(min_events=20)), "low_events")[0]


def _contributors(values: int, nonzero: int) -> Outcome:
    known = about(persons=values, nonzero=nonzero)
    return outcomes(
        low_counts.check(examined([cell(known=known)], measure(Aggregate.AVG)), HEALTH), "low_contributors"
    )[0]


def _zero(shown: bool | None, nonzero: int) -> Outcome:
    known = about(nonzero=nonzero, zeros=400, total=float(20 * nonzero))
    found = examined([cell(known=known)], measure(Aggregate.AVG, binary=True))
    return outcomes(implied.check(found, rules(zeros=shown)), "implied_counts")[0]


def _absent(disclosive: bool, cells: int) -> Outcome:
    keys = (Key("a", ColumnRef("t", "a")), Key("b", ColumnRef("t", "b")))
    combinations = [("x", "u"), ("x", "v"), ("y", "u"), ("y", "v")][:cells]
    found = examined([cell(keys=names) for names in combinations], keys=keys)
    return outcomes(zeros.check(found, rules(zeros=disclosive)), "zeros")[0]


def _units(establishments: int | None) -> Outcome:
    found = examined([replace(cell(), units=establishments)])
    return outcomes(units.check(found, rules(min_units=3)), "low_units")[0]


def _sides(ones: int, zeros_: int) -> Outcome:
    known = about(nonzero=ones, zeros=zeros_)
    found = examined([cell(known=known)], measure(Aggregate.AVG, binary=True))
    return outcomes(implied.check(found, HEALTH), "implied_counts")[0]


def _rest(rest: int | None) -> Outcome:
    found = examined([replace(cell(), rest=rest)])
    found = replace(found, query=replace(found.query, groupings=((0,), ())))
    return outcomes(implied.check(found, HEALTH), "implied_rest")[0]


def _quantile(below: int, at: int, above: int) -> Outcome:
    known = about(below=below, at=at, above=above)
    found = examined([cell(known=known)], measure(Aggregate.QUANTILE, parameter=0.5))
    return outcomes(extremes.check(found, HEALTH), "quantile_support")[0]


def _freedom(persons: int) -> Outcome:
    found = examined([cell(known=about(persons=persons))], measure(Aggregate.STDDEV))
    return outcomes(dof.check(found, HEALTH), "degrees_of_freedom")[0]


def _shape(*cells: int) -> Outcome:
    return worst(finding.outcome for finding in shape.check(examined([cell(persons) for persons in cells]), HEALTH))


RULES = (
    Rule(
        "low_counts",
        ("Few persons", "Peu de personnes"),
        (
            "Each cell is about at least 11 persons. Fewer are suppressed.",
            "Chaque case porte sur au moins 11 personnes. En dessous, elle est masquée.",
        ),
        HEALTH.min_persons.source,
        (PERSONS,),
        ((0, FAIL), (1, FAIL), (10, FAIL), (11, PASS), (12, PASS)),
        _persons,
    ),
    Rule(
        "low_counts",
        ("Persons and not rows", "Des personnes, pas des lignes"),
        (
            "Thirty stays of one patient are about one patient.",
            "Trente séjours d'un patient portent sur un patient.",
        ),
        "case G02",
        (("rows", "lignes"), PERSONS),
        ((30, 1, FAIL), (30, 10, FAIL), (30, 11, PASS)),
        _units_not_rows,
    ),
    Rule(
        "low_events",
        ("Few events", "Peu d'événements"),
        (
            "A count of rows is of at least so many rows, where the rules say so (20 here).",
            "Un effectif de lignes porte sur au moins tant de lignes, si les règles le disent (20 ici).",
        ),
        HEALTH.min_events.source if HEALTH.min_events else "",
        (("rows", "lignes"),),
        ((19, FAIL), (20, PASS), (21, PASS)),
        _events,
    ),
    Rule(
        "low_contributors",
        ("Persons with a value", "Les personnes ayant une valeur"),
        (
            "A mean is about those who have a value, and a sum about those whose value is not 0.",
            "Une moyenne porte sur celles qui ont une valeur, une somme sur celles dont la valeur n'est pas 0.",
        ),
        "ACRO's own data: 59 rows, 5 values, all 0 (case F01)",
        (("persons with a value", "personnes ayant une valeur"), ("value other than 0", "valeur autre que 0")),
        ((10, 10, FAIL), (11, 10, FAIL), (11, 11, PASS), (12, 12, PASS), (500, 0, FAIL)),
        _contributors,
    ),
    Rule(
        "zeros",
        ("Nobody in a class", "Personne dans une classe"),
        (
            (
                "A share of 0 tells of everybody in the cell that they are not in that class. It is too "
                "few, unless the "
                "rules let zeros be shown."
            ),
            (
                "Une part de 0 dit de chacun dans la case qu'il n'est pas de cette classe. C'est trop peu, sauf si les "
                "règles permettent de montrer les zéros."
            ),
        ),
        "ACRO 1.0.2: zeros_are_disclosive",
        (("zeros disclosive", "zéros révélateurs"), ("persons in the class", "personnes dans la classe")),
        ((None, 0, FAIL), (True, 0, FAIL), (False, 0, PASS), (False, 1, FAIL), (False, 11, PASS)),
        _zero,
    ),
    Rule(
        "zeros",
        ("Empty combinations", "Combinaisons vides"),
        (
            "Where the rules call zeros disclosive, people look at a table of 2 × 2 classes that lacks one.",
            (
                "Si les règles disent les zéros révélateurs, des personnes regardent un tableau de 2 × 2 classes "
                "auquel il en manque une."
            ),
        ),
        "ACRO 1.0.2: zeros_are_disclosive",
        (("zeros disclosive", "zéros révélateurs"), ("cells", "cases")),
        ((True, 4, PASS), (True, 3, REVIEW), (False, 3, PASS)),
        _absent,
    ),
    Rule(
        "low_units",
        ("Few establishments or households", "Peu d'établissements ou de ménages"),
        (
            "Where the rules name a least number of units (3 here). What is not known is for people.",
            "Si les règles nomment un nombre minimal d'unités (3 ici). L'inconnu revient à des personnes.",
        ),
        "INSEE manual, annex Règles",
        (("units", "unités"),),
        ((2, FAIL), (3, PASS), (4, PASS), (None, REVIEW)),
        _units,
    ),
    Rule(
        "implied_counts",
        ("Both sides of a share", "Les deux côtés d'une part"),
        (
            "A share and its number of persons give those who have it and those who do not.",
            "Une part et son effectif donnent celles qui l'ont et celles qui ne l'ont pas.",
        ),
        "OpenSAFELY, ABS: numerator and denominator",
        (("persons with 1", "personnes à 1"), ("persons with 0", "personnes à 0")),
        ((10, 490, FAIL), (11, 489, PASS), (489, 11, PASS), (490, 10, FAIL)),
        _sides,
    ),
    Rule(
        "implied_rest",
        ("What a total leaves", "Ce qu'un total laisse"),
        (
            "A total less one of its cells is about the persons of all others.",
            "Un total moins une de ses cases porte sur les personnes de toutes les autres.",
        ),
        "CASD, SACRO: implied complements",
        (("persons in the rest", "personnes dans le reste"),),
        ((None, PASS), (0, PASS), (1, FAIL), (10, FAIL), (11, PASS), (12, PASS)),
        _rest,
    ),
    Rule(
        "quantile_support",
        ("Both sides of a quantile", "Les deux côtés d'un quantile"),
        (
            "Enough persons below and above, or at, the value. Lowest and highest values are outside the grammar.",
            (
                "Assez de personnes en dessous et au-dessus de la valeur, ou à cette valeur. Minimum et maximum sont "
                "hors de la grammaire."
            ),
        ),
        "ABS, OpenSAFELY",
        (("below", "en dessous"), ("at", "à la valeur"), ("above", "au-dessus")),
        (
            (10, 1, 50, FAIL),
            (11, 1, 50, PASS),
            (50, 1, 10, FAIL),
            (50, 1, 11, PASS),
            (0, 10, 50, FAIL),
            (0, 11, 50, PASS),
        ),
        _quantile,
    ),
    Rule(
        "degrees_of_freedom",
        ("Degrees of freedom", "Degrés de liberté"),
        (
            "A standard deviation of n persons has n - 1; at least 10.",
            "Un écart-type de n personnes en a n - 1 ; au moins 10.",
        ),
        HEALTH.min_dof.source if HEALTH.min_dof else "",
        (PERSONS,),
        ((10, FAIL), (11, PASS), (12, PASS)),
        _freedom,
    ),
    Rule(
        "shape",
        ("Tables about single persons", "Tableaux sur des individus"),
        (
            (
                "No protection makes such a table one about groups: it is refused. With fewer than 11 "
                "persons per cell on "
                "average, people look at it."
            ),
            (
                "Aucune protection n'en fait un tableau sur des groupes : il est refusé. Avec moins de 11 "
                "personnes par "
                "case en moyenne, des personnes le regardent."
            ),
        ),
        "design, section 2",
        (("cell", "case"), ("cell", "case"), ("cell", "case")),
        (
            (10, 10, 10, FAIL),
            (1, 1, 500, PASS),
            (1, 1, 3, FAIL),
            (10, 10, 12, REVIEW),
            (10, 10, 13, PASS),
            (10, 11, 12, PASS),
        ),
        _shape,
    ),
)
