"""What authors say of their outputs, as it is kept in quarantine: free text of people who have read the data.

The log has its digest only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType


def to_bytes(descriptions: Mapping[str, str]) -> bytes:
    """Canonical JSON: the same words have the same digest."""
    return json.dumps(dict(descriptions), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def from_bytes(content: bytes) -> Mapping[str, str]:
    """The description of each output by its name. Raises: ValueError for what `to_bytes` did not write."""
    raw = json.loads(content)
    if not isinstance(raw, dict) or not all(isinstance(text, str) for text in raw.values()):
        raise ValueError("not descriptions")
    return MappingProxyType(raw)
