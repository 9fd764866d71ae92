"""A permit to vary in tests."""

from __future__ import annotations

from typing import Any

from hub.policy.model import DataPermit

RAW: dict[str, Any] = {
    "project": "care",
    "title": "Care by region",
    "purpose": "public-health-research",
    "statement": "Needed",
    "source": "hospital",
    "rules": "health-fr",
    "rho": "1.0",
    "valid_from": "2026-03-01",
    "valid_until": "2026-09-30",
    "persons": [
        {"person": "alice", "role": "researcher"},
        {"person": "carol", "role": "output_checker"},
        {"person": "dora", "role": "data_holder"},
    ],
    "tables": {"stay": {"columns": ["region"]}},
}


def a_permit(**changes: Any) -> DataPermit:
    """The permit with some keys replaced."""
    return DataPermit.model_validate({**RAW, **changes})
