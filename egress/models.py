"""A model that a notebook fitted itself: its claimed evidence meets the checks, and its tables leave rounded.

Nothing in it was seen by the enclave. So a contradiction refuses it, a finding refuses it, and where nothing is found
people look at it all the same. One model is two tables: its coefficients (or steps, or nodes), and a summary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from egress.assess import Assessment, Declaration
from egress.checks import curves, declaration, terms
from egress.checks.examined import TABLE, Rule
from egress.checks.fits import Fit, check_fit
from egress.checks.learned import Leaf, Learned, check_tree
from egress.checks.model import Assurance, Finding, Outcome, Protection, Risk
from egress.checks.near import Sample, near
from egress.checks.statbarns import RULE as STATBARN
from egress.checks.statbarns import NoFamily, Statbarn, unknown_statbarns
from egress.checks.table import Table
from egress.checks.vocabulary import of_columns, of_kind
from egress.frames import CLAIM, LABELS, NOTHING, Facts
from egress.model_claims import contradiction
from egress.model_tables import curve_table, regression_table, steps_of, summary_table, tree_table
from egress.outputs.model_claims import DeclaredModel
from egress.outputs.models import LINEAR, ClaimedCurves, ClaimedModel, ClaimedRegression, ClaimedTree, ModelWords
from egress.protect.rounding import to_digits
from egress.query.engine import Engine
from egress.query.evidence import Evidence
from hub.catalogue.model import Catalogue
from hub.policy.model import DisclosureRules
from hub.words import say

OWN = Rule("claimed_model", Risk.AUXILIARY_INFORMATION)
ALLOWED = Rule("models", Risk.INDIVIDUALS)
SIZE = Rule("model_size", Risk.COVERT_CHANNEL)


@dataclass(frozen=True)
class _Looked:
    """The first table of a model, exact and as it would leave, and what the checks say of it."""

    findings: tuple[Finding, ...]
    exact: Table
    evidence: Evidence
    shown: Table


def assess_model(
    declared: DeclaredModel,
    rules: DisclosureRules,
    facts: Facts = NOTHING,
    beside: Sequence[DeclaredModel] = (),
) -> tuple[Assessment, ...]:
    """The assessments of a model's two tables, never better than review; of a refused one, of the first alone.

    `beside`: the models of the same request.
    """
    claimed, words = declared.claimed, declared.words
    asked = Declaration(words.name, declared.asked, words.title, Protection.NONE)
    wrong = contradiction(claimed, facts.persons)
    if wrong is not None:
        return (Assessment(asked, Assurance.REPRODUCED, (CLAIM.found(Outcome.FAIL, TABLE, wrong),)),)
    looked = _look(claimed, words, rules)
    found = (*_always(declared), *_allowed(claimed, len(looked.exact.rows), rules))
    found += (*looked.findings, *_called(words, claimed, facts))
    found += near(_sample(declared), [_sample(other) for other in beside], rules)
    exact, evidence = looked.exact, looked.evidence
    family, of_summary = families_of_model(claimed)
    first = Assessment(asked, Assurance.REPRODUCED, (*found, *_family_of(family)), None, exact, evidence)
    if first.outcome is Outcome.FAIL:
        return (first,)
    figures = summary_table(words, claimed)
    tests = (*found, *_family_of(of_summary))
    summary = Assessment(replace(asked, name=words.summary), Assurance.REPRODUCED, tests, None, figures)
    return replace(first, protected=_rounded(looked.shown, rules)), replace(summary, protected=_rounded(figures, rules))


def assess_model_on(
    engine: Engine, declared: DeclaredModel, rules: DisclosureRules, beside: Sequence[DeclaredModel] = ()
) -> tuple[Assessment, ...]:
    """As `assess_model`, with what the extract of `engine` tells of words and persons. Raises: EngineError."""
    manifest = engine.manifest
    persons = sum(table.persons or 0 for table in manifest.tables.values())
    spoken = {word for name in _names(declared.claimed) for word in terms.words_of(name)}
    facts = Facts(manifest.catalogue, engine.person_keys(frozenset(spoken)), persons)
    return assess_model(declared, rules, facts, beside)


def _look(claimed: ClaimedModel, words: ModelWords, rules: DisclosureRules) -> _Looked:
    match claimed:
        case ClaimedRegression():
            exact, evidence = regression_table(claimed)
            return _Looked(check_fit(_fit(claimed), rules), exact, evidence, exact)
        case ClaimedCurves():
            return _look_at_curves(claimed, words, rules)
        case ClaimedTree():
            exact, evidence = tree_table(claimed)
            return _Looked(check_tree(_learned(claimed), rules), exact, evidence, exact)


def _look_at_curves(claimed: ClaimedCurves, words: ModelWords, rules: DisclosureRules) -> _Looked:
    least = curves.least_of(rules)
    groups = dict(enumerate(claimed.groups))
    fine = {place: steps_of(group, words.every or 1) for place, group in groups.items()}
    joined = {place: curves.coarsened(groups[place].persons, steps, least) for place, steps in fine.items()}
    persons = [group.persons for group in claimed.groups]
    found = curves.check(persons, list(fine.values()), list(joined.values()), rules)
    exact, evidence = curve_table(words, claimed, fine)
    return _Looked(found, exact, evidence, curve_table(words, claimed, joined)[0])


def _sample(declared: DeclaredModel) -> Sample:
    words = declared.words
    match declared.claimed:
        case ClaimedRegression(outcome=outcome, fit=fit):
            return Sample(words.name, (outcome,), fit.persons, fit.rows)
        case ClaimedCurves(groups=groups):
            persons = sum(group.persons for group in groups)
            return Sample(words.name, (words.duration or "", words.event or ""), persons, persons, curve=True)
        case ClaimedTree(rows=rows, persons=persons):
            return Sample(words.name, (words.outcome or "",), persons, rows)


def _fit(claimed: ClaimedRegression) -> Fit:
    fit = claimed.fit
    return Fit(
        persons=fit.persons,
        parameters=fit.parameters,
        levels=fit.levels,
        cells=fit.cells,
        r_squared=fit.r_squared,
        leverage=fit.leverage,
        vectors=False,  # no column of the tables holds one
        smallest=fit.smallest,
        outcomes=fit.outcomes,
        alike=fit.alike,
    )


def _learned(claimed: ClaimedTree) -> Learned:
    leaves = tuple(Leaf(node.persons, node.classes) for node in claimed.nodes if node.feature is None)
    splits = len(claimed.nodes) - len(leaves)
    return Learned(claimed.persons, splits, leaves, claimed.alike, claimed.min_samples_leaf, claimed.max_depth)


def _always(declared: DeclaredModel) -> Iterator[Finding]:
    why = say("The model and its evidence come from the notebook's own process: people look at it.")
    yield OWN.found(Outcome.REVIEW, TABLE, why)
    if declared.differs:
        why = say("The notebook as it was handed in showed another model than its re-run made.")
        yield OWN.found(Outcome.REVIEW, TABLE, why)


def _allowed(claimed: ClaimedModel, rows: int, rules: DisclosureRules) -> Iterator[Finding]:
    """Whether the rules let models of this kind leave at all, and as large ones."""
    if rules.models is None:
        yield ALLOWED.found(
            Outcome.FAIL, "rules", say("The rules {rules} let no fitted model leave.", rules=rules.name)
        )
        return
    learned = claimed.method in LINEAR or isinstance(claimed, ClaimedTree)
    if learned and rules.models.value.learned != "review":
        why = say("The rules {rules} let no model of scikit-learn leave.", rules=rules.name)
        yield ALLOWED.found(Outcome.FAIL, "rules", why)
    most = rules.models.value.size
    if rows > most:
        why = say("The model has {rows} rows; the rules let {most} leave.", rows=rows, most=most)
        yield SIZE.found(Outcome.FAIL, TABLE, why)


def _called(words: ModelWords, claimed: ClaimedModel, facts: Facts) -> Iterator[Finding]:
    """What the names of the model may carry: its own, its title, its terms, its groups."""
    yield from terms.check(_names(claimed), facts.catalogue, facts.pseudonyms)
    if facts.catalogue is None:
        return
    columns = terms.columns_of((*words.columns, *_names(claimed)), facts.catalogue)
    known = of_columns(columns, facts.catalogue) | of_kind("model")
    yield from declaration.called(words.name, words.title, known, facts.catalogue)
    labels = _labels(claimed)
    column = words.by if isinstance(claimed, ClaimedCurves) else words.outcome
    if labels and not _are_listed(labels, column, facts.catalogue):
        why = say("The catalogue does not list these labels; the notebook's process wrote them.")
        yield LABELS.found(Outcome.REVIEW, column or TABLE, why)


def _names(claimed: ClaimedModel) -> tuple[str, ...]:
    """The names that the notebook's process wrote, each once."""
    match claimed:
        case ClaimedRegression(outcome=outcome, terms=named):
            names = [outcome, *(term.term for term in named)]
        case ClaimedTree(nodes=nodes):
            names = [node.feature for node in nodes if node.feature is not None]
        case _:
            names = []
    return tuple(dict.fromkeys([*names, *(label for label in _labels(claimed) if isinstance(label, str))]))


def _labels(claimed: ClaimedModel) -> tuple[str | int | bool, ...]:
    """Values of the data that stand as labels."""
    match claimed:
        case ClaimedCurves(groups=groups):
            return tuple(group.label for group in groups if group.label is not None)
        case ClaimedTree(labels=labels):
            return labels
        case _:
            return ()


def _are_listed(labels: tuple[str | int | bool, ...], column: str | None, catalogue: Catalogue) -> bool:
    if all(isinstance(label, bool) for label in labels):
        return True
    known = [table.columns.get(column or "") for table in catalogue.tables.values()]
    return any(one is not None and set(labels) <= set(one.categories or ()) for one in known)


def families_of_model(claimed: ClaimedModel) -> tuple[str, str]:
    """The families of a model's two tables; the SACRO guide puts coefficients of a regression with correlations."""
    families: dict[type, str] = {
        ClaimedRegression: Statbarn.CORRELATION_COEFFICIENTS,
        ClaimedCurves: Statbarn.HAZARD_SURVIVAL_TABLES,
    }
    return families.get(type(claimed), NoFamily.UNPLACED), Statbarn.STATISTICAL_HYPOTHESIS_TESTS


def _family_of(statbarn: str) -> tuple[Finding, ...]:
    said = STATBARN.passed(TABLE, say("Kind of statistics: {statbarns}.", statbarns=str(statbarn)))
    return unknown_statbarns([statbarn]) or (said,)


def _rounded(table: Table, rules: DisclosureRules) -> Table:
    """Floats with the digits that the rules leave; counts were held against the rules, and stay."""
    digits = rules.significant_digits.value
    rows = (
        tuple(to_digits(value, digits) if isinstance(value, float) else value for value in row) for row in table.rows
    )
    return Table(table.columns, tuple(rows))
