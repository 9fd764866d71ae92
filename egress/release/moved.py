"""One step of a request along the table of transitions."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from egress.release.model import ReleaseRequest
from egress.release.status import Status, may_go
from hub.events.chain import Event


def moved(request: ReleaseRequest, target: Status, event: Event, **changes: object) -> ReleaseRequest:
    """`request` at `target`, with these fields changed; as it was where the table does not lead there."""
    if not may_go(request.status, target):
        return request
    reached = MappingProxyType({**request.reached, target: event.at})
    return replace(request, status=target, reached=reached, failure=None, **changes)  # type: ignore[arg-type]  # fields of ReleaseRequest, named by the steps
