"""Labels of keys: signs that nobody sees, two that look alike, and values that the catalogue does not list.

Unlisted ones come from the data holder's column and not from the author, so one that enough persons share is about a
group. One that few share is shown even where its values are suppressed, and may itself tell who they are: people look
at it.
"""

from __future__ import annotations

from collections.abc import Iterator

from egress.checks.examined import Examined, Rule
from egress.checks.model import Finding, Outcome, Risk
from egress.checks.plain import is_plain_text, visible
from hub.policy.model import DisclosureRules
from hub.words import say

RULE = Rule("labels", Risk.INDIVIDUALS)
LONGEST = 120  # as a title: a name of a category, not a text
SIGNS = Rule("label_signs", Risk.COVERT_CHANNEL)


def check(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    return (*_signs(examined), *_unlisted(examined, rules))


def _signs(examined: Examined) -> Iterator[Finding]:
    """Labels in any but the plain spelling carry what no reader sees."""
    for key in examined.query.keys:
        at = examined.query.columns.index(key.name)
        texts = {label for row in examined.table.rows if isinstance(label := row[at], str)}
        if any(len(text) > LONGEST or not is_plain_text(text) for text in texts):
            why = say("Some labels have signs that nobody sees, several spellings of one letter, or are very long.")
            yield SIGNS.found(Outcome.REVIEW, key.name, why)
        if len({" ".join(visible(text).casefold().split()) for text in texts}) < len(texts):
            yield SIGNS.found(Outcome.REVIEW, key.name, say("Two labels look alike."))


def _unlisted(examined: Examined, rules: DisclosureRules) -> tuple[Finding, ...]:
    least = rules.min_persons.value
    findings = []
    for position, key in enumerate(examined.query.keys):
        if key.listed:
            continue
        few = sum(position in cell.grouping and cell.persons < least for cell in examined.evidence.cells)
        if few:
            why = say(
                "{rows} labels that the catalogue does not list are about fewer than {least} persons, "
                "and would be shown.",
                rows=few,
                least=least,
            )
            findings.append(RULE.found(Outcome.REVIEW, key.name, why))
        else:
            why = say(
                "The catalogue does not list these labels; each is shared by at least {least} persons.", least=least
            )
            findings.append(RULE.passed(key.name, why))
    return tuple(findings)
