"""The room's doors under one name: what a DP release costs and how exact it is (no data), and the release."""

from __future__ import annotations

from egress.privacy.answer import ColumnAccuracy
from egress.privacy.draw import draw
from egress.privacy.preview import DEFAULT_SHARE, Preview, preview

__all__ = ["DEFAULT_SHARE", "ColumnAccuracy", "Preview", "draw", "preview"]
