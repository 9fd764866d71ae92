"""Learned models: the structural checks of SACRO-ML on a decision tree, by person and not by row.

A leaf is a group: few persons in it, few or none of one class, or a prediction that only few share tell of them. A tree
with nearly as many parameters as persons has written its persons down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import say

LEAVES = Rule("small_leaves", Risk.LOW_COUNT)
CLASSES = Rule("leaf_classes", Risk.CLASS_DISCLOSURE)
PREDICTIONS = Rule("equal_predictions", Risk.INDIVIDUALS)
SETTINGS = Rule("learning_settings", Risk.INDIVIDUALS)
FREEDOM = Rule("degrees_of_freedom", Risk.LOW_DOF)


@dataclass(frozen=True)
class Leaf:
    """Persons in a leaf, and of each class; no class where a number is predicted."""

    persons: int
    classes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Learned:
    """One decision tree. `splits`: inner nodes; `alike`: persons in the smallest group with one prediction.

    `min_samples_leaf`, `max_depth` (None: without end): how it was asked to grow.
    """

    persons: int
    splits: int
    leaves: tuple[Leaf, ...]
    alike: int
    min_samples_leaf: int
    max_depth: int | None

    @property
    def parameters(self) -> int:
        """A feature and a threshold per split, one number per leaf and class but one (SACRO-ML's count)."""
        numbers = max((len(leaf.classes) for leaf in self.leaves), default=0) - 1
        return 2 * self.splits + max(numbers, 1) * len(self.leaves)


def check_tree(tree: Learned, rules: DisclosureRules) -> tuple[Finding, ...]:
    """The findings about one tree, in the order of its risks."""
    groups = (*_leaves(tree, rules), *_classes(tree, rules), *_predictions(tree, rules))
    return (*_freedom(tree, rules), *groups, *_settings(tree, rules))


def _freedom(tree: Learned, rules: DisclosureRules) -> Iterator[Finding]:
    if rules.min_dof is None:
        return
    least = rules.min_dof.value
    if tree.persons - tree.parameters < least:
        why = say("The model has fewer than {least} degrees of freedom left.", least=least)
        yield FREEDOM.found(Outcome.FAIL, "model", why)
    else:
        yield FREEDOM.passed("model", say("The model has at least {least} degrees of freedom left.", least=least))


def _leaves(tree: Learned, rules: DisclosureRules) -> Iterator[Finding]:
    least = rules.min_persons.value
    small = sum(leaf.persons < least for leaf in tree.leaves)
    if small or not tree.leaves:
        why = say("{leaves} leaves hold fewer than {least} persons: raise min_samples_leaf.", leaves=small, least=least)
        yield LEAVES.found(Outcome.FAIL, "model", why)
    else:
        yield LEAVES.passed("model", say("Each leaf holds at least {least} persons.", least=least))


def _classes(tree: Learned, rules: DisclosureRules) -> Iterator[Finding]:
    least = rules.min_persons.value
    if not any(leaf.classes for leaf in tree.leaves):
        return
    few = sum(any(persons < least for persons in leaf.classes) for leaf in tree.leaves)
    if few:
        why = say(
            "In {leaves} leaves a class has fewer than {least} persons, or none: who is in the leaf is known not to be "
            "of it.",
            leaves=few,
            least=least,
        )
        yield CLASSES.found(Outcome.FAIL, "model", why)
    else:
        yield CLASSES.passed("model", say("Each leaf holds at least {least} persons of each class.", least=least))


def _predictions(tree: Learned, rules: DisclosureRules) -> Iterator[Finding]:
    least = rules.min_persons.value
    if tree.alike < least:
        why = say("Fewer than {least} persons share one of the predictions.", least=least)
        yield PREDICTIONS.found(Outcome.FAIL, "model", why)
    else:
        yield PREDICTIONS.passed("model", say("At least {least} persons share each prediction.", least=least))


def _settings(tree: Learned, rules: DisclosureRules) -> Iterator[Finding]:
    """Settings with which trees were found to give more of their persons away than as good ones with others."""
    for deep, small in rules.models.value.risky if rules.models is not None else ():
        if (tree.max_depth is None or tree.max_depth > deep) and tree.min_samples_leaf <= small:
            why = say(
                "The tree was let grow deeper than {depth} with leaves of {rows} rows or fewer: a smaller one may do.",
                depth=deep,
                rows=small,
            )
            yield SETTINGS.found(Outcome.REVIEW, "model", why)
            return
