"""Whether the rules let a kind of private release leave at all, and whether people must look. Public facts only."""

from __future__ import annotations

from egress.checks.examined import Rule
from egress.checks.model import Finding, Outcome, Risk
from hub.policy.model import DisclosureRules, Leave
from hub.words import say

RULE = Rule("private_kind", Risk.PRIVACY_BUDGET)
WHERE = "output"
_CHOOSING = {"aim", "mst"}


def check(kind: str, rules: DisclosureRules) -> Finding:
    """`kind` as in the name of its call: bulle.release_<kind>. What the rules do not name is off."""
    leave = Leave.OFF if rules.private_kinds is None else rules.private_kinds.value.leave(kind)
    told = {"rules": rules.name, "call": f"bulle.release_{kind}"}
    if leave is Leave.AUTOMATIC:
        return RULE.passed(WHERE, say("The rules {rules} let outputs of {call} leave without people.", **told))
    if leave is Leave.REVIEW:
        return RULE.found(Outcome.REVIEW, WHERE, say("By the rules {rules}, people look at outputs of {call}.", **told))
    return RULE.found(Outcome.FAIL, WHERE, say("The rules {rules} do not allow {call}.", **told))


def algorithm(name: str, rules: DisclosureRules) -> Finding | None:
    """A finding where the rules do not let `name` make synthetic rows."""
    allowed = () if rules.private_kinds is None else rules.private_kinds.value.synthetic_algorithms
    if name in allowed:
        return None
    if name not in _CHOOSING:
        why = say(
            "Nothing makes synthetic rows by that algorithm here, or the rules {rules} name others.", rules=rules.name
        )
        return RULE.found(Outcome.FAIL, WHERE, why)
    return RULE.found(
        Outcome.FAIL,
        WHERE,
        say(
            "The rules {rules} do not allow the algorithm {algorithm}: it chooses by looking at the data, in a part of "
            "OpenDP that nobody has vetted and of which errors are reported (its issues 2789 and 2951). Ask for "
            "another one.",
            rules=rules.name,
            algorithm=name,
        ),
    )
