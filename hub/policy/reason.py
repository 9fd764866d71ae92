"""The reason that acts against somebody's access give, for the log and those who answer for it. Pure."""

from __future__ import annotations

from hub.policy.verdict import Refusal
from hub.words import say

MOST = 500  # characters: a sentence or two; the log is no place for a report


def reason(text: str) -> str | Refusal:
    """`text` on one line, without characters that would be commands to the terminal of whoever reads the log."""
    found = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    if 0 < len(found) <= MOST:
        return found
    return Refusal("why.length", say("Give a reason of 1 to {most} characters; it stays in the event log.", most=MOST))
