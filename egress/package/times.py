"""Times as they leave."""

from __future__ import annotations


def to_the_minute(at: str) -> str:
    """A time of the event log (UTC, ISO 8601) to the minute: the moment of a submission is its author's choice, and
    its seconds could spell something.
    """
    return at[:16] + "Z"
