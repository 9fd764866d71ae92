"""Rules about fitted models: regressions, survival curves, learned trees."""

from __future__ import annotations

from dataclasses import replace

from egress.checks import curves
from egress.checks.curves import Step, coarsened
from egress.checks.fits import Fit, check_fit
from egress.checks.learned import Leaf, Learned, check_tree
from egress.checks.model import Outcome, worst
from tests.egress.query.extracts import rules
from tests.spec.rule import FAIL, PASS, REVIEW, Rule

HEALTH = rules("health-fr")
LEAST = curves.least_of(HEALTH)
FULL = Fit(500, 20, (("dummy", 100, 400),), 400, 0.5, 0.1, vectors=False)
TREE = Learned(200, 1, (Leaf(100, (60, 40)), Leaf(100, (50, 50))), 100, 50, 3)


def _fit(**changed: object) -> Outcome:
    return worst(finding.outcome for finding in check_fit(replace(FULL, **changed), HEALTH))  # type: ignore[arg-type]  # by name


def _step(events: int, censored: int, at_risk: int) -> Outcome:
    persons = events + censored + at_risk
    step = Step(30, at_risk, events, censored, 0.5, 0.4, 0.6)
    shown = coarsened(persons, (step,), LEAST)
    return worst(finding.outcome for finding in curves.check([persons], [(step,)], [shown], HEALTH))


def _curve(persons: int) -> Outcome:
    step = Step(30, 20, 20, 0, 0.5, 0.4, 0.6)
    return worst(finding.outcome for finding in curves.check([persons], [(step,)], [(step,)], HEALTH))


def _tree(**changed: object) -> Outcome:
    return worst(finding.outcome for finding in check_tree(replace(TREE, **changed), HEALTH))  # type: ignore[arg-type]  # by name


RULES = (
    Rule(
        "degrees_of_freedom",
        ("Models: degrees of freedom", "Modèles : degrés de liberté"),
        ("Persons less parameters; at least 10.", "Personnes moins paramètres ; au moins 10."),
        HEALTH.min_dof.source if HEALTH.min_dof else "",
        (("persons", "personnes"), ("parameters", "paramètres")),
        ((209, 200, FAIL), (210, 200, PASS), (211, 200, PASS), (None, 200, REVIEW)),
        lambda persons, parameters: _fit(persons=persons, parameters=parameters),
    ),
    Rule(
        "sparse_level",
        ("Models: persons behind a coefficient", "Modèles : personnes derrière un coefficient"),
        (
            "A dummy that is 1 for one person makes that person's value a coefficient; so does one that is 0 for one.",
            "Une indicatrice qui vaut 1 pour une personne fait de sa valeur un coefficient ; de même à 0.",
        ),
        "Bundesbank sdcLog; Bleninger, Drechsler, Ronning 2011; ACRO leak J",
        (("persons with the dummy (of 500)", "personnes à 1 (sur 500)"),),
        ((1, FAIL), (10, FAIL), (11, PASS), (489, PASS), (490, FAIL)),
        lambda persons: _fit(levels=(("dummy", persons, 500 - persons),)),
    ),
    Rule(
        "saturated",
        ("Models: saturation", "Modèles : saturation"),
        (
            (
                "With as many parameters as cells a model is the table of their means: refused where a cell has few "
                "persons, for people where all have enough."
            ),
            (
                "Avec autant de paramètres que de cases, un modèle est le tableau de leurs moyennes : refusé si une "
                "case a peu de personnes, à examiner si toutes en ont assez."
            ),
        ),
        "Ritchie 2012; SACRO",
        (
            ("parameters", "paramètres"),
            ("cells", "cases"),
            ("persons in the smallest cell", "personnes dans la plus petite case"),
        ),
        (
            (11, 12, 1, PASS),
            (12, 12, 10, FAIL),
            (12, 12, 11, REVIEW),
            (13, 12, 12, REVIEW),
            (12, 12, None, FAIL),
            (12, None, None, REVIEW),
        ),
        lambda parameters, cells, smallest: _fit(parameters=parameters, cells=cells, smallest=smallest),
    ),
    Rule(
        "leverage",
        ("Models: leverage", "Modèles : effet levier"),
        (
            "Nobody decides their own prediction: the leverage of one person's rows together is below 1 - 1/11.",
            "Personne ne décide de sa propre prédiction : le levier des lignes d'une personne est sous 1 - 1/11.",
        ),
        "Bundesbank sdcLog, Ritchie 2012: no observation by itself",
        (("largest leverage", "plus grand levier"),),
        ((0.90, PASS), (10 / 11, FAIL), (1.0, FAIL), (None, REVIEW)),
        lambda leverage: _fit(leverage=leverage),
    ),
    Rule(
        "few_outcomes",
        ("Models: persons with each outcome", "Modèles : personnes ayant chaque issue"),
        (
            "Of a yes-or-no outcome or an event, at least 11 persons had it and at least 11 had not.",
            "D'une issue à deux valeurs ou d'un événement, au moins 11 personnes l'ont eu et au moins 11 non.",
        ),
        "the threshold, applied to the numbers of the summary",
        (("had it", "l'ont eu"), ("had not", "non")),
        ((10, 490, FAIL), (11, 489, PASS), (489, 11, PASS), (490, 10, FAIL)),
        lambda *outcomes: _fit(outcomes=outcomes),
    ),
    Rule(
        "separation",
        ("Models: perfect prediction", "Modèles : prédiction parfaite"),
        (
            "Whoever is of a level of which all have the same outcome is known to have it.",
            "De qui est d'une modalité dont tous ont la même issue, on sait l'issue.",
        ),
        "group disclosure (Handbook on SDC, 2nd ed., ch. 5), applied to the levels of a model",
        (("levels with one outcome", "modalités à une seule issue"),),
        ((0, PASS), (1, FAIL)),
        lambda levels: _fit(alike=("dummy",) * levels),
    ),
    Rule(
        "survival_steps",
        ("Survival curves: steps", "Courbes de survie : les pas"),
        (
            (
                "A step leaves with at least 11 events, no or at least 11 censored, and at least 11 still at risk. "
                "Steps with fewer are joined to the next one, the tail is cut; with none left the curve is refused."
            ),
            (
                "Un pas sort avec au moins 11 événements, aucune ou au moins 11 censures, et au moins 11 personnes "
                "encore à risque. Ceux qui en ont moins sont réunis au suivant, la fin est coupée ; s'il n'en reste "
                "aucun, la courbe est refusée."
            ),
        ),
        "ACRO; OpenSAFELY; O'Keefe et al. 2012",
        (("events", "événements"), ("censored", "censures"), ("still at risk", "encore à risque")),
        (
            (10, 0, 50, FAIL),
            (11, 0, 50, PASS),
            (12, 0, 50, PASS),
            (20, 1, 50, FAIL),
            (20, 10, 50, FAIL),
            (20, 11, 50, PASS),
            (20, 0, 10, FAIL),
            (20, 0, 11, PASS),
            (20, 0, 0, FAIL),
        ),
        _step,
    ),
    Rule(
        "survival_groups",
        ("Survival curves: persons at the start", "Courbes de survie : personnes au départ"),
        ("Each curve begins with at least 11 persons.", "Chaque courbe commence avec au moins 11 personnes."),
        HEALTH.min_persons.source,
        (("persons", "personnes"),),
        ((10, FAIL), (11, PASS), (12, PASS)),
        _curve,
    ),
    Rule(
        "small_leaves",
        ("Decision trees: persons in a leaf", "Arbres de décision : personnes dans une feuille"),
        (
            "A leaf is a group of at least 11 persons, however many rows they have.",
            "Une feuille est un groupe d'au moins 11 personnes, quel que soit le nombre de leurs lignes.",
        ),
        "SACRO-ML, structural attack: small groups",
        (("persons", "personnes"),),
        ((10, FAIL), (11, PASS), (12, PASS)),
        lambda persons: _tree(leaves=(Leaf(persons), Leaf(100))),
    ),
    Rule(
        "leaf_classes",
        ("Decision trees: classes of a leaf", "Arbres de décision : classes d'une feuille"),
        (
            "Each class has at least 11 persons in each leaf: a leaf without one tells that its persons are not of it.",
            "Chaque classe a au moins 11 personnes dans chaque feuille : sans elle, on sait qu'on n'en est pas.",
        ),
        "SACRO-ML, structural attack: class disclosure, small groups",
        (("first class", "première classe"), ("second class", "deuxième classe")),
        ((100, 0, FAIL), (90, 10, FAIL), (89, 11, PASS), (88, 12, PASS)),
        lambda *classes: _tree(leaves=(Leaf(100, classes), Leaf(100, (50, 50)))),
    ),
    Rule(
        "equal_predictions",
        ("Decision trees: persons with one prediction", "Arbres de décision : personnes d'une même prédiction"),
        (
            "At least 11 persons are told the same.",
            "Au moins 11 personnes partagent chaque prédiction.",
        ),
        "SACRO-ML, structural attack: k-anonymity of equivalence classes",
        (("persons", "personnes"),),
        ((10, FAIL), (11, PASS), (12, PASS)),
        lambda persons: _tree(alike=persons),
    ),
    Rule(
        "degrees_of_freedom",
        ("Decision trees: degrees of freedom", "Arbres de décision : degrés de liberté"),
        (
            "Persons less two numbers per split and one per leaf and class but one; at least 10.",
            "Personnes moins deux nombres par division et un par feuille et classe sauf une ; au moins 10.",
        ),
        "SACRO-ML, structural attack: residual degrees of freedom",
        (("persons", "personnes"), ("splits", "divisions"), ("leaves", "feuilles")),
        ((101, 30, 32, FAIL), (102, 30, 32, PASS), (103, 30, 32, PASS)),
        lambda persons, splits, leaves: _tree(persons=persons, splits=splits, leaves=(Leaf(50, (25, 25)),) * leaves),
    ),
    Rule(
        "learning_settings",
        ("Decision trees: settings of more risk than needed", "Arbres de décision : réglages plus risqués qu'utile"),
        (
            "Deeper than 3 with leaves of 7 rows or fewer, or deeper than 7 with 15: people look.",
            "Plus profond que 3 avec des feuilles de 7 lignes ou moins, ou que 7 avec 15 : des personnes examinent.",
        ),
        "SACRO-ML, structural attack: the riskiest fifth of settings, arXiv 2502.09396",
        (
            ("max_depth (not known: without end)", "max_depth (inconnu : sans fin)"),
            ("min_samples_leaf", "min_samples_leaf"),
        ),
        ((3, 7, PASS), (4, 7, REVIEW), (4, 8, PASS), (8, 15, REVIEW), (8, 16, PASS), (None, 15, REVIEW)),
        lambda depth, rows: _tree(max_depth=depth, min_samples_leaf=rows),
    ),
)
