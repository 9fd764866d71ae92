"""What the worker's answer to a regression becomes: the table of coefficients, and what is told beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from egress.privacy.ols import OlsSpec
from egress.privacy.ols_fit import fit
from egress.privacy.told import FORM
from egress.query.table import Table
from hub.words import say

COLUMNS = ("term", "estimate", "standard_error", "low", "high")
DROWNED = say(
    "Noise drowns the cross products at this rho, so that no coefficient is told; what was reserved stays spent."
)
ERRORS = say("Standard errors and intervals hold both sampling and the added noise, the noise to first order.")
ROWS = say("The errors are the classical ones: rows of one person are taken as independent of each other.")
CLAMPED = say("Values were cut at the published bounds first; rows that lack one of the columns take no part.")


def ols_told(
    spec: OlsSpec, answer: Mapping[str, Any], *, delta: float, confidence: float, charged: Decimal
) -> tuple[Table, dict[str, Any]]:
    """The table and `OutputReport.dp`. `charged` is what was spent now. Raises: KeyError, TypeError, ValueError."""
    found = fit(spec, [int(value) for value in answer["noisy"]], float(answer["scale"]), confidence)
    lines = () if found is None else zip(found.terms, found.estimates, found.errors, found.low, found.high, strict=True)
    notes = (DROWNED,) if found is None else (ERRORS, ROWS, CLAMPED)
    told = {
        "form": FORM,
        "kind": "ols",
        "rho": str(Decimal(int(answer["nano_rho"])).scaleb(-9)),
        "charged": str(charged),
        "epsilon": float(answer["epsilon"]),
        "delta": delta,
        "confidence": confidence,
        "columns": [],
        "intervals": [],
        "notes": [note.to_dict() for note in notes],
    }
    return Table(COLUMNS, tuple(lines)), told
