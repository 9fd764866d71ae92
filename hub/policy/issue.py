"""Whether a permit may be issued: purpose, persons, rules and dates against what the enclave knows. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from hub.policy.files import Purposes
from hub.policy.model import DataPermit, DisclosureRules, Role
from hub.policy.roles import role_refusals
from hub.policy.verdict import Refusal
from hub.words import say


def purpose_refusals(permit: DataPermit, purposes: Purposes) -> tuple[Refusal, ...]:
    """A purpose that nobody listed, or that the law forbids (CSP L. 1461-1 V; Regulation (EU) 2025/327 art. 54)."""
    known = purposes.purposes.get(permit.purpose)
    if known is None:
        codes = ", ".join(sorted(code for code, purpose in purposes.purposes.items() if purpose.allowed))
        why = say("The purpose {purpose} is not one of: {codes}.", purpose=permit.purpose, codes=codes)
        return (Refusal("purpose.unknown", why),)
    if not known.allowed:
        why = say(
            "The purpose {purpose} is forbidden ({source}); no permit can grant it.",
            purpose=permit.purpose,
            source=known.source,
        )
        return (Refusal("purpose.forbidden", why),)
    return ()


def issue_refusals(
    permit: DataPermit, purposes: Purposes, rules: Collection[str], persons: Collection[str], today: date
) -> tuple[Refusal, ...]:
    """Every reason against issuing `permit` today; `rules` and `persons` are the names the enclave knows."""
    refusals = list(purpose_refusals(permit, purposes))
    if permit.rules not in rules:
        why = say(
            "There are no rules called {name}; known are: {known}.", name=permit.rules, known=", ".join(sorted(rules))
        )
        refusals.append(Refusal("rules.unknown", why))
    strangers = sorted({member.person for member in permit.persons} - set(persons))
    if strangers:
        why = say(
            "These persons are not known to the enclave; add them first: {persons}.", persons=", ".join(strangers)
        )
        refusals.append(Refusal("person.unknown", why))
    refusals += role_refusals(permit)
    refusals += _reproduction_refusals(permit)
    needed = (Role.RESEARCHER, Role.OUTPUT_CHECKER) if permit.reproduces is None else (Role.REPRODUCIBILITY_REVIEWER,)
    for role in needed:
        if not permit.with_role(role):
            why = say("The permit names no {role}; a project needs at least one.", role=str(role))
            refusals.append(Refusal("permit.no_role", why))
    if permit.valid_until < today:
        why = say("The permit's last day, {day}, is past.", day=str(permit.valid_until))
        refusals.append(Refusal("permit.ended", why))
    return tuple(refusals)


def _reproduction_refusals(permit: DataPermit) -> tuple[Refusal, ...]:
    """A permit to reproduce is one of its own: it opens no workspace, and another permit opens no re-run."""
    if permit.reproduces is None:
        if not permit.with_role(Role.REPRODUCIBILITY_REVIEWER):
            return ()
        why = say("A reproducibility reviewer needs a permit of their own, which says what it reproduces.")
        return (Refusal("permit.reproduces_nothing", why),)
    if permit.reproduces == permit.project or permit.with_role(Role.RESEARCHER):
        why = say(
            "A permit that reproduces project {project} is another project's, and names no researcher.",
            project=permit.reproduces,
        )
        return (Refusal("permit.reproduces", why),)
    return ()


def cap_refusals(permit: DataPermit, rules: DisclosureRules) -> tuple[Refusal, ...]:
    """A project's budget above what all projects on its source may spend together by the permit's rules."""
    cap = rules.privacy.value.source_cap_rho
    if permit.rho <= cap:
        return ()
    why = say(
        "The permit grants rho {rho}; the rules {rules} let source {source} spend {cap} in all.",
        rho=str(permit.rho),
        rules=permit.rules,
        source=permit.source,
        cap=str(cap),
    )
    return (Refusal("permit.rho_above_cap", why),)
