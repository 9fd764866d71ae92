"""A text that would leave: its size, what in it looks like a person, and what its reader would not see.

No rule can say what a text tells: it never passes by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from egress.checks import signs
from egress.checks.examined import Rule
from egress.checks.identifiers import looks_direct
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.plain import visible
from hub.words import say

RULE = Rule("text", Risk.COVERT_CHANNEL)
IDENTIFIERS = Rule("identifiers", Risk.INDIVIDUALS)
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# Findings with a place, those that refuse first; a text with more of them is not read on by its author either.
MOST_PLACES = 10


def suspects(text: str) -> frozenset[str]:
    """The words of `text` that may be person keys: pseudonyms hold digits. Others are not asked of the extract."""
    found = (word for whole in (text, visible(text)) for word in _WORD.findall(whole))
    return frozenset(word for word in found if any(sign.isdigit() for sign in word))


def check(text: str, most_bytes: int, keys: frozenset[str], *, prose: bool = False) -> tuple[Finding, ...]:
    """What there is to say of `text`, of at most `most_bytes` bytes in UTF-8; `keys`: person keys of the extract that
    stand among its words; `prose`: it is no code.
    """
    if not text.strip():
        return (
            RULE.found(
                Outcome.FAIL, "text", say("There is no text: the notebook has no such cell, or the file is empty.")
            ),
        )
    size = len(text.encode())
    if size > most_bytes:
        why = say("The text has {size} bytes; one may have {limit}.", size=size, limit=most_bytes)
        return (RULE.found(Outcome.FAIL, "text", why),)
    found = sorted(identifiers(text, keys), key=lambda each: each.outcome is not Outcome.FAIL)[:MOST_PLACES]
    read = say("No machine can say what this text tells: somebody reads every line of it, and decides.")
    unseen = (RULE.found(Outcome.REVIEW, where, why) for where, why in signs.notes(text, prose=prose))
    return (*found, *unseen, RULE.found(Outcome.REVIEW, "text", read))


def identifiers(text: str, keys: frozenset[str]) -> Iterator[Finding]:
    """A person's number or address is refused; what an establishment, a date or a code may be is for people."""
    for number, line in enumerate(text.split("\n"), start=1):
        where = f"line {number}"
        if not keys.isdisjoint(suspects(line)):
            yield IDENTIFIERS.found(Outcome.FAIL, where, say("This is a person key of the extract."))
            continue
        person = looks_direct(line, published=True)
        if person is not None:
            yield IDENTIFIERS.found(Outcome.FAIL, where, person)
            continue
        other = looks_direct(line)
        if other is not None:
            yield IDENTIFIERS.found(Outcome.REVIEW, where, other)
