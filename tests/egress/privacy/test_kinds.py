"""The table of kinds: words to a plan by public facts, or one refusal."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from egress.outputs.private import OlsWords, PrivateKind
from egress.privacy.failure import TOO_LITTLE
from egress.privacy.kinds import KINDS, Planned, enough, plan
from egress.privacy.ols import OlsSpec
from hub.policy.verdict import Refusal
from tests.egress.privacy.releases import manifest_of
from tests.egress.query.extracts import rules

RULES = rules()
CAP = RULES.privacy.value.source_cap_rho
WORDS = OlsWords("t", "cost", ("grade",), None)


def planned(rho: Decimal | None, words: OlsWords = WORDS) -> Planned | Refusal:
    return plan(PrivateKind.OLS, words, rho, manifest_of(), RULES)


@pytest.mark.parametrize(
    ("rho", "nano_rho"),
    [(None, int(CAP * 10**9) // 20), (CAP, int(CAP * 10**9)), (Decimal("0.000000001"), 1)],
)
def test_a_wish_within_the_cap_is_planned_in_whole_nano_rho(rho: Decimal | None, nano_rho: int) -> None:
    made = planned(rho)
    assert isinstance(made, Planned)
    assert made.nano_rho == nano_rho
    assert isinstance(made.spec, OlsSpec)
    assert made.way is KINDS[PrivateKind.OLS]


@pytest.mark.parametrize("rho", ["0", "-1", "NaN", "Infinity", "0.0000000001", str(CAP + Decimal("1e-9"))])
def test_a_rho_that_is_none_is_refused(rho: str) -> None:
    refused = planned(Decimal(rho))
    assert isinstance(refused, Refusal)
    assert refused.rule == "dp.rho"


def test_words_that_the_catalogue_does_not_know_are_refused() -> None:
    assert isinstance(planned(None, replace(WORDS, outcome="note")), Refusal)


def test_noise_that_leaves_64_bits_is_refused_before_it_is_reserved() -> None:
    made = planned(Decimal("0.000000001"))
    assert isinstance(made, Planned)
    assert isinstance(made.spec, OlsSpec)
    many = replace(made.spec, base=replace(made.spec.base, rows_per_person=10**7))
    refused = enough(many, 1)
    assert isinstance(refused, Refusal)
    assert refused.reason == TOO_LITTLE
    assert enough(many, 10**9) is None
