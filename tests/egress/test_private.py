"""What public facts say of synthetic rows before anything is reserved: rules, algorithm, columns, words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from egress.checks.model import Outcome
from egress.outputs.private import DeclaredPrivate, PrivateKind, SyntheticWords
from egress.private import AssessedPrivate, assess_private
from hub.policy.model import Leave, PrivateKinds, Sourced
from tests.egress.privacy.releases import manifest_of
from tests.egress.query.extracts import rules

REPORTED = "errors are reported (its issues 2789 and 2951)"


def assessed(kinds: PrivateKinds | None, **words: Any) -> AssessedPrivate:
    asked = SyntheticWords(**{"table": "t", "columns": ("sex", "site"), "rows": 100, "algorithm": "fixed", **words})
    declared = DeclaredPrivate("visits", PrivateKind.SYNTHETIC, asked, "", Decimal("0.1"), 1)
    said = None if kinds is None else Sourced[PrivateKinds](value=kinds, source="test")
    return assess_private(declared, manifest_of(), rules().model_copy(update={"private_kinds": said}))


def allowed(*algorithms: Any) -> PrivateKinds:
    return PrivateKinds(synthetic=Leave.REVIEW, synthetic_algorithms=algorithms or ("fixed",))


def test_as_shipped_they_are_off() -> None:
    shipped = rules().private_kinds
    assert shipped is not None
    assert (shipped.value.synthetic, shipped.value.synthetic_algorithms) == (Leave.OFF, ("fixed",))


@pytest.mark.parametrize("kinds", [None, PrivateKinds(), PrivateKinds(ols=Leave.AUTOMATIC)])
def test_what_rules_do_not_allow_is_refused(kinds: PrivateKinds | None) -> None:
    found = assessed(kinds)
    assert (found.outcome, found.planned) == (Outcome.FAIL, None)
    assert "do not allow bulle.release_synthetic" in str(found.findings[0].why)


def test_where_they_are_allowed_people_look_and_a_draw_is_planned() -> None:
    found = assessed(allowed())
    assert found.outcome is Outcome.REVIEW
    assert found.planned is not None
    assert found.planned.nano_rho == 100_000_000


def test_no_rules_let_them_leave_past_nobody() -> None:
    with pytest.raises(ValidationError, match="people look at synthetic rows always"):
        PrivateKinds(synthetic=Leave.AUTOMATIC)


@pytest.mark.parametrize(
    ("algorithm", "named", "why"),
    [
        ("aim", ("fixed",), REPORTED),
        ("mst", ("fixed",), REPORTED),
        ("aim", ("fixed", "mst"), REPORTED),
        ("mst", ("fixed", "mst"), None),
        ("fixed", ("mst",), "Nothing makes synthetic rows by that algorithm"),
        ("gan", ("fixed", "aim", "mst"), "Nothing makes synthetic rows by that algorithm"),
    ],
)
def test_rules_name_the_algorithms(algorithm: str, named: tuple[str, ...], why: str | None) -> None:
    found = assessed(allowed(*named), algorithm=algorithm)
    assert (found.planned is None) is (why is not None)
    assert why is None or why in str(found.findings[-1].why)


@pytest.mark.parametrize(
    "words",
    [
        {"columns": ("sex", "note")},
        {"columns": ("sex",)},
        {"rows": 217},
        {"table": "nowhere"},
        {"columns": ("sex", "pid")},
    ],
)
def test_what_public_facts_refuse_is_one_sentence_and_no_draw(words: dict[str, Any]) -> None:
    found = assessed(allowed(), **words)
    assert (found.outcome, found.planned) == (Outcome.FAIL, None)
    assert str(found.findings[-1].why).endswith(".")
