"""Rules about what a table tells of groups and of columns that nobody wrote down."""

from __future__ import annotations

from dataclasses import replace

from egress.checks import differences, extremes, unanimity
from egress.checks.model import Outcome, worst
from egress.query.evidence import CellEvidence, MeasureEvidence
from egress.query.model import Aggregate, Call, Case, ColumnRef, Key, Literal, Measure
from tests.egress.checks.values import about, cell, examined, measure, outcomes
from tests.egress.query.extracts import rules
from tests.spec.rule import FAIL, PASS, REVIEW, Rule

HEALTH = rules("health-fr")
GROUP, WORK = Key("group", ColumnRef("t", "g")), Key("work", ColumnRef("t", "w"), sensitive=True)
ONE, ZERO = Literal(1, published=True), Literal(0, published=True)


def _classes(first: int, second: int) -> Outcome:
    cells = [cell(persons, keys=("g", name)) for name, persons in (("a", first), ("b", second)) if persons]
    return outcomes(unanimity.check(examined(cells, keys=(GROUP, WORK)), HEALTH), "unanimity")[0]


def _top(persons: int, top: int | None) -> Outcome:
    known = about(persons=persons, nonzero=persons, top_class=top, distinct=None if top is None else 2)
    return worst(
        finding.outcome
        for finding in unanimity.check(examined([cell(known=known)], measure(Aggregate.AVG, sensitive=True)), HEALTH)
    )


def _from_age(age: int, persons: int, rows: int) -> tuple[Measure, MeasureEvidence]:
    """count(*) FILTER (WHERE age >= `age`)."""
    condition = Call("ge", (ColumnRef("t", "age"), Literal(age, published=True)))
    counted = Measure(f"from_{age}", Aggregate.SUM, Case(((condition, ONE),), ZERO), binary=True, whole=True)
    return counted, about(rows=1000, persons=500, nonzero=persons, zeros=200, total=float(rows))


def _cumulative(rows_60: int, persons_60: int, rows_65: int, persons_65: int) -> Outcome:
    (old, of_old), (older, of_older) = _from_age(60, persons_60, rows_60), _from_age(65, persons_65, rows_65)
    one = CellEvidence(("a",), (0,), 1000, 500, (of_old, of_older))
    found = examined([cell()], old)
    query = replace(found.query, measures=(old, older), columns=("k", old.name, older.name))
    found = replace(found, query=query, evidence=replace(found.evidence, cells=(one,)))
    return worst(finding.outcome for finding in differences.check(found, HEALTH))


def _cumulative_persons(persons_60: int, persons_65: int) -> Outcome:
    """count(DISTINCT person) FILTER (WHERE age >= …)."""
    made = [_from_age(age, persons, 1000) for age, persons in ((60, persons_60), (65, persons_65))]
    measures = tuple(replace(one, aggregate=Aggregate.COUNT_PERSONS, binary=False) for one, _ in made)
    known = tuple(replace(told, persons=told.nonzero, rows=3 * told.nonzero) for _, told in made)
    one = CellEvidence(("a",), (0,), 5000, 500, known)
    found = examined([cell()], measures[0])
    query = replace(found.query, measures=measures, columns=("k", *(each.name for each in measures)))
    found = replace(found, query=query, evidence=replace(found.evidence, cells=(one,)))
    return worst(finding.outcome for finding in differences.check(found, HEALTH))


def _ladder(above_low: int, above_high: int) -> Outcome:
    low, high = (measure(Aggregate.QUANTILE, parameter=share) for share in (0.5, 0.55))
    high = replace(high, name="h")
    known = [about(below=100, at=1, above=above) for above in (above_low, above_high)]
    found = examined([cell()], low)
    query = replace(found.query, measures=(low, high), columns=("k", low.name, high.name))
    found = replace(
        found, query=query, evidence=replace(found.evidence, cells=(replace(cell(), measures=tuple(known)),))
    )
    return worst(finding.outcome for finding in extremes.check(found, HEALTH))


RULES = (
    Rule(
        "unanimity",
        ("A group all in one class", "Un groupe tout entier dans une classe"),
        (
            (
                "Married (6, 0): whoever is in the group is in the class. Divorced (5, 1): the one tells "
                "about the five. "
                "Above 90 % likewise."
            ),
            (
                "Mariés (6, 0) : qui est du groupe est de la classe. Divorcés (5, 1) : la seule apprend tout des cinq. "
                "De même au-dessus de 90 %."
            ),
        ),
        "case C04: Handbook on SDC, 2nd ed., ch. 5; ESSnet/DwB guidelines, 90 %",
        (("first class", "première classe"), ("second class", "deuxième classe")),
        ((6, 0, FAIL), (5, 1, FAIL), (2, 2, PASS), (899, 101, PASS), (900, 100, PASS), (901, 99, FAIL)),
        _classes,
    ),
    Rule(
        "unanimity",
        ("The value that most have", "La valeur qu'ont la plupart"),
        (
            (
                "A mean of a sensitive number of which more than 90 %, or all but one, are the same. Not known: "
                "people look."
            ),
            (
                "Une moyenne d'un nombre sensible dont plus de 90 %, ou tous sauf un, sont égaux. Inconnu "
                ": des personnes "
                "regardent."
            ),
        ),
        "ESSnet/DwB guidelines, 90 %",
        (("persons", "personnes"), ("with the same value", "ayant la même valeur")),
        ((100, 90, PASS), (100, 91, FAIL), (5, 4, FAIL), (100, 100, FAIL), (100, None, REVIEW)),
        _top,
    ),
    Rule(
        "differences",
        ("Cumulative columns", "Colonnes cumulées"),
        (
            (
                "A count from 60 years beside one from 65 is a count of those between. No more persons "
                "than rows differ, and "
                "no fewer than the difference of persons; in between, people look."
            ),
            (
                "Un effectif dès 60 ans à côté d'un dès 65 ans est un effectif entre les deux. Pas plus de "
                "personnes que de "
                "lignes diffèrent, pas moins que la différence des personnes ; entre les deux, des personnes regardent."
            ),
        ),
        "nested differences: the threshold, applied to what lies between",
        (
            ("rows ≥ 60", "lignes ≥ 60"),
            ("persons ≥ 60", "personnes ≥ 60"),
            ("rows ≥ 65", "lignes ≥ 65"),
            ("persons ≥ 65", "personnes ≥ 65"),
        ),
        (
            (300, 200, 300, 200, PASS),
            (310, 210, 300, 200, FAIL),
            (311, 210, 300, 200, REVIEW),
            (311, 211, 300, 200, PASS),
        ),
        _cumulative,
    ),
    Rule(
        "differences",
        ("Cumulative numbers of persons", "Nombres cumulés de personnes"),
        (
            "Numbers of persons tell their difference exactly.",
            "Des nombres de personnes disent exactement leur différence.",
        ),
        "nested differences: the threshold, applied to what lies between",
        (("persons ≥ 60", "personnes ≥ 60"), ("persons ≥ 65", "personnes ≥ 65")),
        ((200, 200, PASS), (201, 200, FAIL), (210, 200, FAIL), (211, 200, PASS), (212, 200, PASS)),
        _cumulative_persons,
    ),
    Rule(
        "quantile_ladder",
        ("Ladders of quantiles", "Échelles de quantiles"),
        (
            "Between two neighbouring quantiles of a column are at least 11 persons.",
            "Entre deux quantiles voisins d'une colonne se trouvent au moins 11 personnes.",
        ),
        "the threshold, applied between quantiles",
        (("above the lower", "au-dessus du premier"), ("above the higher", "au-dessus du second")),
        ((60, 50, FAIL), (61, 50, PASS), (62, 50, PASS)),
        _ladder,
    ),
)
