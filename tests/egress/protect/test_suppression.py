"""What suppression tells of itself: the loss, and a table that is too large for the machine."""

from __future__ import annotations

from pathlib import Path

from egress.checks.examined import Examined
from egress.checks.model import Audience, Outcome, Protection
from egress.checks.registry import examine
from egress.protect.suppression import Protected, protect
from egress.query.model import Query
from egress.query.parse import parse
from hub.policy.model import AuditLimits, DisclosureRules, Sourced
from tests.egress.query.extracts import rules
from tests.egress.test_assess import small

ROLLUP = "SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g)"


def protected(folder: Path, shipped: DisclosureRules) -> Protected:
    engine = small(folder, {"a": 40, "b": 3, "c": 30, "d": 20})
    query = parse(ROLLUP, engine.manifest.catalogue, engine.persons)
    assert isinstance(query, Query)
    examined = Examined(query, engine.table(query), engine.evidence(query))
    return protect(examined, examine(examined, shipped), Protection.SUPPRESS, shipped)


def test_the_loss_is_told_to_checkers(tmp_path: Path) -> None:
    """3 and 20 of 93 records: 25 %."""
    found = [one for one in protected(tmp_path, rules()).findings if one.check == "information_loss"]
    assert [(one.outcome, one.audience) for one in found] == [(Outcome.PASS, Audience.CHECKER)]
    values = found[0].why.values
    assert (values["cells"], values["all"], values["share"], values["further"]) == (2, 5, 25, 1)


def test_a_table_beyond_the_audit_goes_to_people(tmp_path: Path) -> None:
    for cells, reviewed in ((4, True), (5, False)):
        limits = Sourced[AuditLimits](value=AuditLimits(cells=cells, unknowns=10, tables=10), source="test")
        after = protected(tmp_path / str(cells), rules().model_copy(update={"audit": limits}))
        found = [one.outcome for one in after.findings if one.check == "secondary_suppression"]
        assert found == [Outcome.REVIEW if reviewed else Outcome.PASS]
        assert after.rows >= {1}
