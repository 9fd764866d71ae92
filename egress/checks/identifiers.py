"""Direct identifiers in words that would leave: names of columns, the title, labels of keys.

Found: e-mail addresses, French social security numbers (NIR) whose key is right, runs of nine and more digits, long
hexadecimal texts, and the extract's own person keys. What was found is never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from egress.checks.examined import Cell, Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules
from hub.words import Message, say

RULE = Rule("identifiers", Risk.INDIVIDUALS)

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NIR = re.compile(
    r"(?<![0-9])([1-478])[ .]?(\d\d)[ .]?(\d\d)[ .]?(\d[\dABab])[ .]?(\d{3})[ .]?(\d{3})[ .]?(\d\d)(?![0-9])"
)
_DIGITS = re.compile(r"\d{9,}")
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{16,}(?![0-9a-zA-Z])")


def nir_key(number: int) -> int:
    """The control key of a 13-digit NIR: 97 minus its rest by 97 (INSEE)."""
    return 97 - number % 97


def is_nir(text: str) -> bool:
    """Whether `text` holds a NIR whose two last digits are its key; Corsica's 2A and 2B count as 19 and 18."""
    for found in _NIR.finditer(text):
        digits = "".join(found.groups()[:-1]).upper().replace("2A", "19").replace("2B", "18")
        if digits.isdecimal() and nir_key(int(digits)) == int(found.group(7)):
            return True
    return False


def looks_direct(text: str) -> Message | None:
    """What `text` looks like, if it looks like an identifier."""
    if is_nir(text):
        return say("This looks like a social security number.")
    if _EMAIL.search(text):
        return say("This looks like an e-mail address.")
    if _DIGITS.search(text) or _HEX.search(text):
        return say("This looks like an identifier: a long number or code.")
    return None


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    del rules  # no threshold: an identifier is one whatever the rules
    findings: list[Finding] = []
    seen: set[str] = set()
    for where, text, cells in _words(examined):
        why = looks_direct(text)
        if why is None and text in examined.pseudonyms:
            why = say("This is a person key of the extract.")
        if why is not None and where not in seen:
            seen.add(where)
            findings.append(RULE.found(Outcome.FAIL, where, why, cells))
    if not findings:
        findings.append(RULE.passed("words", say("No name or label looks like an identifier.")))
    return tuple(findings)


def _words(examined: Examined) -> Iterator[tuple[str, str, tuple[Cell, ...]]]:
    """Where, what, and the cells it is in."""
    if examined.title:
        yield "title", examined.title, ()
    for column in examined.query.columns:
        yield "column names", column, ()
    for key in examined.query.keys:
        at = examined.query.columns.index(key.name)
        for label in {str(row[at]) for row in examined.table.rows if isinstance(row[at], str | int)}:
            yield key.name, label, ()
