"""Edge: charts drawn in a child of their own (`egress.charts.child`), so that no engine of a browser runs here."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.apart.asking import asked
from hub.policy.limits import ChartLimits

_MOST = 8 << 20  # bytes of one chart's pictures, as the child spells them
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Drawn:
    """One chart's pictures."""

    svg: str
    png: bytes


def draw(charts: Sequence[Mapping[str, Any]], limits: ChartLimits) -> tuple[Drawn, ...] | None:
    """The pictures of charts that `egress.charts.vega.drawing` made; None when the child did not draw them all."""
    if not charts:
        return ()
    bodies = [json.dumps(chart, allow_nan=False).encode() for chart in charts]
    head = {"seconds": limits.seconds, "memory_mb": limits.memory_mb, "charts": [len(body) for body in bodies]}
    question = (json.dumps(head).encode(), b"\n", *bodies)
    answer = asked("egress.charts.child", question, limits.seconds, _MOST * len(bodies))
    try:
        found = [Drawn(str(each["svg"]), base64.b64decode(each["png"])) for each in json.loads(answer or b"")]
    except (ValueError, KeyError, TypeError):
        return None
    whole = len(found) == len(bodies) and all(one.svg.startswith("<svg") and one.png.startswith(_PNG) for one in found)
    return tuple(found) if whole else None
