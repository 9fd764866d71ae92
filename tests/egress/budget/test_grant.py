"""A new rho for a project: what is spent stays covered, nothing else of the permit changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from egress.budget.grant import regranted
from egress.privacy.ledger import Ledger, fold
from hub.policy.model import DataPermit
from hub.policy.verdict import Refusal
from tests.egress.privacy.test_ledger import event, lapsed, released, reserved
from tests.egress.release.requests import permit

NANO = 10**9
BEFORE = permit()


def ledger() -> Ledger:
    """0.1 spent, 0.2 lapsed and 0.3 reserved of project costs on its source; more by others and elsewhere."""
    spent = [reserved(place, place * NANO // 10, "costs", "tiny") for place in (1, 2, 3)]
    others = [reserved(4, 9 * NANO, "other", "tiny"), reserved(5, 9 * NANO, "costs", "elsewhere")]
    return fold([*spent, *others, released(6, 1, "costs"), event(7, "privacy.lapsed", "costs", reservation=2)])


@pytest.mark.parametrize(
    ("rho", "granted"), [("0.599999999", False), ("0.6", True), ("0.600000001", True), ("1.0", True), ("100", True)]
)
def test_a_budget_is_never_less_than_what_is_spent_or_reserved(rho: str, granted: bool) -> None:
    answer = regranted(BEFORE, rho, ledger())
    if granted:
        assert isinstance(answer, DataPermit)
        assert answer == BEFORE.model_copy(update={"rho": Decimal(rho)})
    else:
        assert isinstance(answer, Refusal)
        assert answer.rule == "budget.below_spent"
        assert "rho 0.6;" in str(answer)


@pytest.mark.parametrize(
    "rho", ["", "x", "-1", "-0.000000001", "100.000000001", "0.1234567891", "nan", "inf", "1e3", "1,5", "9" * 5000]
)
def test_what_is_no_rho_is_one_sentence(rho: str) -> None:
    answer = regranted(BEFORE, rho, Ledger())
    assert isinstance(answer, Refusal)
    assert answer.rule == "budget.rho"
    assert len(str(answer)) < 150


def test_nothing_is_granted_beside_a_ledger_that_cannot_be_read() -> None:
    answer = regranted(BEFORE, "2", fold([lapsed(1, 9)]))
    assert isinstance(answer, Refusal)
    assert answer.rule == "privacy.unreadable"
