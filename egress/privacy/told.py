"""What a report tells of a DP table beside its values: cost, accuracy, intervals, notes. Public, as the table is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from egress.privacy.answer import DpTable

FORM = "bulle.dp-told/2"


def told(table: DpTable, charged: Decimal) -> dict[str, Any]:
    """`OutputReport.dp` as JSON holds it. `charged` is what was spent now: 0 for a stored answer."""
    noise = table.noise
    return {
        "form": FORM,
        "rho": str(table.rho),
        "charged": str(charged),
        "epsilon": noise.epsilon,
        "delta": noise.delta,
        "confidence": noise.confidence,
        "columns": [
            {
                "name": column.name,
                "shape": str(column.shape),
                "scale": column.scale,
                "half_width": column.half_width,
                "ranks": column.ranks,
            }
            for column in table.accuracies
        ],
        "intervals": [[None if pair is None else list(pair) for pair in line] for line in table.intervals],
        "notes": [note.to_dict() for note in table.notes],
    }
