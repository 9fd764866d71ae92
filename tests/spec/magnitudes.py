"""Rules about who makes up a total: dominance and the p % rule, by person and by establishment or household."""

from __future__ import annotations

from egress.checks import dominance, p_ratio
from egress.checks.contributors import ratio_of_dominance, weighted
from egress.checks.model import Outcome, worst
from egress.query.model import Aggregate
from tests.egress.checks.values import about, cell, examined, measure, outcomes
from tests.egress.query.extracts import rules
from tests.spec.rule import FAIL, PASS, Rule

HEALTH = rules("health-fr")
TOTAL, LARGEST, SECOND = ("total", "total"), ("largest", "plus grand"), ("second", "deuxième")


def _one(total: float, largest: float) -> Outcome:
    found = examined([cell(known=about(total=total, largest=largest, second=0.1))], measure(Aggregate.SUM))
    return outcomes(dominance.check(found, HEALTH), "dominance")[0]


def _two(total: float, largest: float, second: float) -> Outcome:
    found = examined([cell(known=about(total=total, largest=largest, second=second))], measure(Aggregate.SUM))
    return outcomes(dominance.check(found, rules("acro-default")), "dominance")[0]


def _p(total: float, largest: float, second: float) -> Outcome:
    found = examined([cell(known=about(total=total, largest=largest, second=second))], measure(Aggregate.SUM))
    return outcomes(p_ratio.check(found, HEALTH), "p_ratio")[0]


def _b01(rule: str) -> Outcome:
    found = examined([cell(known=about(total=100_000.0, largest=50_000.0, second=49_000.0))], measure(Aggregate.SUM))
    given = rules(dominance={"n": 1, "k": 0.90}, p_ratio=0.10)
    check, name = (dominance.check, "dominance") if rule == "(1, 90)" else (p_ratio.check, "p_ratio")
    return outcomes(check(found, given), name)[0]


def _negative(values: str) -> Outcome:
    """Contributions as absolute totals of persons."""
    sizes = sorted((abs(float(value)) for value in values.split()), reverse=True)
    known = about(total=sum(sizes), largest=sizes[0], second=sizes[1], negatives=True)
    found = examined([cell(known=known)], measure(Aggregate.SUM))
    return outcomes(dominance.check(found, HEALTH), "dominance")[0]


def _unit(total: float, largest: float) -> Outcome:
    known = about(unit_total=total, unit_largest=largest, unit_second=1.0, units=20, unit_nonzero=20)
    found = examined([cell(known=known)], measure(Aggregate.SUM))
    return worst(finding.outcome for finding in dominance.check(found, rules(min_units=3)))


def _conversion(k: float, p: float) -> Outcome:
    return PASS if round(100 * ratio_of_dominance(k / 100), 2) == p else FAIL


def _weights(records: str, total: float, largest: float, second: float) -> Outcome:
    pairs = [tuple(float(part) for part in record.split("×")) for record in records.split(" + ")]
    found = weighted([(value, weight) for weight, value in pairs])
    return PASS if (found.total, found.largest, found.second) == (total, largest, second) else FAIL


RULES = (
    Rule(
        "dominance",
        ("One contributor: (1, 85)", "Un contributeur : (1, 85)"),
        (
            "No person makes more than 85 % of a total.",
            "Aucune personne ne fait plus de 85 % d'un total.",
        ),
        HEALTH.dominance.source if HEALTH.dominance else "",
        (TOTAL, LARGEST),
        ((100.0, 84.9, PASS), (100.0, 85.0, PASS), (100.0, 85.1, FAIL)),
        _one,
    ),
    Rule(
        "dominance",
        ("Two contributors: (2, 90)", "Deux contributeurs : (2, 90)"),
        (
            "Under ACRO's defaults no two persons make more than 90 %.",
            "Selon les défauts d'ACRO, deux personnes ne font pas plus de 90 %.",
        ),
        "ACRO 1.0.2, default.yaml",
        (TOTAL, LARGEST, SECOND),
        ((100.0, 50.0, 39.9, PASS), (100.0, 50.0, 40.0, PASS), (100.0, 50.0, 40.1, FAIL)),
        _two,
    ),
    Rule(
        "dominance",
        ("Negative values", "Valeurs négatives"),
        (
            "Shares are of absolute values, so that one negative contribution switches nothing off.",
            "Les parts portent sur des valeurs absolues : une contribution négative ne désactive rien.",
        ),
        "ABS; ACRO leak G",
        (("contributions", "contributions"),),
        (("90 5 5", FAIL), ("90 5 5 -0.01", FAIL), ("-90 5 5", FAIL), ("40 30 30 -20", PASS)),
        _negative,
    ),
    Rule(
        "unit_dominance",
        ("One establishment or household", "Un établissement ou un ménage"),
        (
            "The same by unit, where the rules name a least number of units.",
            "De même par unité, si les règles nomment un nombre minimal d'unités.",
        ),
        "INSEE manual, annex Règles",
        (TOTAL, LARGEST),
        ((100.0, 84.9, PASS), (100.0, 85.0, PASS), (100.0, 85.1, FAIL)),
        _unit,
    ),
    Rule(
        "p_ratio",
        ("The p % rule", "La règle du p %"),
        (
            "What is left besides the two largest is at least 10 % of the largest.",
            "Ce qui reste hors des deux plus grands fait au moins 10 % du plus grand.",
        ),
        "Handbook on SDC, 2nd ed., ch. 4",
        (TOTAL, LARGEST, SECOND),
        ((100.0, 50.0, 44.9, PASS), (100.0, 50.0, 45.0, PASS), (100.0, 50.0, 45.1, FAIL), (0.0, 0.0, 0.0, PASS)),
        _p,
    ),
    Rule(
        "p_ratio",
        ("What (1, 90) misses", "Ce que (1, 90) ne voit pas"),
        (
            "Total 100 000, largest 50 000, second 49 000: the second estimates the largest to within 2 %.",
            "Total 100 000, plus grand 50 000, deuxième 49 000 : le deuxième estime le plus grand à 2 % près.",
        ),
        "case B01: Handbook on SDC, 2nd ed., ch. 4, example 1",
        (("rule", "règle"),),
        (("(1, 90)", PASS), ("p = 10 %", FAIL)),
        _b01,
    ),
    Rule(
        "p_ratio",
        ("(2, k) as p %", "(2, k) en p %"),
        (
            "(2, k) keeps every estimate at least p = 100 (100 - k) / k per cent away.",
            "(2, k) garde toute estimation à au moins p = 100 (100 - k) / k pour cent.",
        ),
        "case B04: Handbook on SDC, 2nd ed., ch. 4",
        (("k", "k"), ("p", "p")),
        ((80.0, 25.0, PASS), (95.0, 5.26, PASS)),
        _conversion,
    ),
    Rule(
        "dominance",
        ("Sampling weights", "Poids de sondage"),
        (
            "A record of weight 4 stands for four contributors of its value: it may be the largest and the second.",
            "Un enregistrement de poids 4 vaut quatre contributeurs : il peut être le premier et le deuxième.",
        ),
        "case B05: Handbook on SDC, 2nd ed., ch. 4",
        (("weight × value", "poids × valeur"), TOTAL, LARGEST, SECOND),
        (("4×100 + 7×10", 470.0, 100.0, 100.0, PASS), ("1×100 + 7×10", 170.0, 100.0, 10.0, PASS)),
        _weights,
    ),
)
