"""What is told of a regression: its coefficients, or that noise drowned them."""

from __future__ import annotations

import json
from decimal import Decimal

from egress.privacy.ols import UNIT, OlsSpec, read_ols
from egress.privacy.ols_told import COLUMNS, DROWNED, ols_told
from tests.egress.privacy.releases import manifest_of

SPEC = read_ols("t", "cost", ("grade",), None, manifest_of())
# 1, grade, cost in units, of a thousand rows: cost rises by half its half width over grade's
EXACT = [1000, 0, 0, 400, 200, 120]


def test_coefficients_are_told_or_that_noise_drowned_them() -> None:
    assert isinstance(SPEC, OlsSpec)
    answer = {"nano_rho": 50_000_000, "scale": 1.0, "epsilon": 1.47, "noisy": [one * UNIT**2 for one in EXACT]}
    table, told = ols_told(SPEC, answer, delta=1e-6, confidence=0.95, charged=Decimal(0))
    assert table.columns == COLUMNS
    assert [(row[0], round(float(str(row[1])), 6)) for row in table.rows] == [
        ("(constant)", round(500 - 500 / 6, 6)),
        ("grade", round(500 / 6, 6)),
    ]
    assert (told["kind"], told["rho"], told["charged"]) == ("ols", "0.050000000", "0")
    assert json.loads(json.dumps(told)) == told
    table, told = ols_told(SPEC, {**answer, "scale": 1e12}, delta=1e-6, confidence=0.95, charged=Decimal(0))
    assert table.rows == ()
    assert told["notes"] == [DROWNED.to_dict()]
