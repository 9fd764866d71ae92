"""Names of terms: columns, published categories and formulas' functions pass; what else is written is for people."""

from __future__ import annotations

import pytest

from egress.checks import terms
from egress.checks.model import Outcome, worst
from tests.egress.query.extracts import catalogue


def outcome(*names: str, keys: frozenset[str] = frozenset()) -> Outcome:
    return worst(finding.outcome for finding in terms.check(names, catalogue(), keys))


@pytest.mark.parametrize(
    "term",
    [
        "Intercept",
        "const",
        "age",
        "C(sex)[T.M]",
        "sex[T.M]",
        "region[T.North]:age",
        "C(region, Treatment('West'))[T.North]",
        "np.log(cost)",
        "I(age ** 2)",
        "sex_M",
        "age:C(sex)[T.M]",
        "ill[T.True]",
    ],
)
def test_published_words(term: str) -> None:
    assert outcome(term) is Outcome.PASS


@pytest.mark.parametrize(
    "term",
    [
        "x1",
        "C(age)[T.37]",
        "C(sex)[T.Durand]",
        "durand[T.M]",
        "I(age - 37)",
        "age_39182",
        "region[T.North]:note[T.yes]",
        "[T.M",
        "<script>alert(1)</script>",
        "=cmd|'/C calc'!A0",
        "",
        "(-)",
        "C(C(C(C(C(C(C(C(age))))))))",
    ],
)
def test_anything_else_is_for_people(term: str) -> None:
    assert outcome("age", term) is Outcome.REVIEW


@pytest.mark.parametrize("term", ["C(nir)[T.185057800608491]", "mail[T.a.durand@example.org]"])
def test_identifiers_do_not_leave(term: str) -> None:
    assert outcome(term) is Outcome.FAIL


@pytest.mark.parametrize("term", ["person_id[T.p0007]", "is_p0007", "p0007"])
def test_person_keys_do_not_leave(term: str) -> None:
    assert outcome(term, keys=frozenset({"p0007"})) is Outcome.FAIL
    assert outcome(term) is Outcome.REVIEW


def test_nothing_is_known_without_a_catalogue() -> None:
    assert worst(one.outcome for one in terms.check(["age"], None)) is Outcome.REVIEW
