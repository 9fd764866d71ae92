"""What people must know of a text: identifiers, marks that nobody sees, stretches of encoded bytes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egress.checks import patterns
from egress.checks.identifiers import looks_direct
from egress.checks.model import Outcome
from egress.checks.plain import unmasked
from egress.scan.model import Notice, Rules
from hub.words import Message, say

# No pattern of `egress.checks.patterns` fits a line that has none of these: its digits may be written in any script.
_WORTH_A_LOOK = re.compile(r"\d|@|[(\[{]\s*at\s*[)\]}]|[^\x00-\x7f]", re.IGNORECASE)
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def text_notices(place: str, text: str, rules: Rules) -> tuple[Notice, ...]:
    """One notice for each kind of thing found, with how many lines have it and the first of them; none is quoted."""
    return (*_identifiers(place, text, rules), *_unseen(place, text), *_encoded(place, text, rules))


def _identifiers(place: str, text: str, rules: Rules) -> Iterator[Notice]:
    found: dict[Message, list[int]] = {}
    sure: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _WORTH_A_LOOK.search(line) is None:
            continue
        why = looks_direct(line)
        if why is not None:
            found.setdefault(why, []).append(number)
            if patterns.is_nir(unmasked(line)):
                sure.append(number)
    if sure:
        outcome = Outcome.FAIL if rules.identifiers == "refuse" else Outcome.REVIEW
        why = say(
            "Social security numbers with their control key stand in it; data about persons comes in as a data source, "
            "not as a file."
        )
        yield Notice(outcome, "identifiers.nir", place, why, len(sure), sure[0])
    for looks, lines in found.items():
        yield Notice(Outcome.REVIEW, "identifiers.looks", place, looks, len(lines), lines[0])


def _unseen(place: str, text: str) -> Iterator[Notice]:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _UNSEEN.search(line)]
    if lines:
        why = say(
            "It holds marks that nobody sees or that turn the direction of reading: what runs may not be what one "
            "reads."
        )
        yield Notice(Outcome.REVIEW, "text.unseen", place, why, len(lines), lines[0])


def _encoded(place: str, text: str, rules: Rules) -> Iterator[Notice]:
    run = re.compile(rf"[A-Za-z0-9+/=_-]{{{rules.encoded_run},}}|(?:\\x[0-9a-fA-F]{{2}}){{{rules.encoded_run // 4},}}")
    found = run.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        why = say("It holds a long stretch of encoded bytes; nobody can read what they are.")
        yield Notice(Outcome.REVIEW, "text.encoded", place, why, 1, line)
