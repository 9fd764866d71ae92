"""Roles that one person cannot have together on one project, each pair with what asks for it. Pure.

The sources are the requirements of secure data centres: the CNNum's report "La santé, bien commun de la société
numérique" (2015), the SNDS security baseline, TEHDAS2 M7.4 and SATRE.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.policy.model import DataPermit, Role
from hub.policy.verdict import Refusal
from hub.words import say


@dataclass(frozen=True)
class Exclusion:
    """Two roles that exclude each other, and where that is asked for."""

    one: Role
    other: Role
    source: str


_CELL = "CNNum 2015, extraction cell; SNDS 6.1"
_PRIVILEGED = "TEHDAS2 SDR-2, OPR-2; SNDS 5.2"
# Whoever certifies that results can be reproduced had no part in them.
_THIRD_PARTY = "cascad, certification by a third party"

EXCLUSIVE_ROLES: tuple[Exclusion, ...] = (
    Exclusion(Role.RESEARCHER, Role.OUTPUT_CHECKER, "SATRE 3.3.05; CNIL SEC-EXP-2"),
    Exclusion(Role.RESEARCHER, Role.EXTRACTOR, _CELL),
    Exclusion(Role.RESEARCHER, Role.REPRODUCIBILITY_REVIEWER, _THIRD_PARTY),
    Exclusion(Role.EXTRACTOR, Role.OUTPUT_CHECKER, _CELL),
    # Who runs the machines does not read the data, and is not who watches over that.
    Exclusion(Role.RESEARCHER, Role.OPERATOR, _PRIVILEGED),
    Exclusion(Role.OPERATOR, Role.OUTPUT_CHECKER, _PRIVILEGED),
    Exclusion(Role.OPERATOR, Role.REPRODUCIBILITY_REVIEWER, _PRIVILEGED),
    Exclusion(Role.OPERATOR, Role.AUDITOR, _PRIVILEGED),
    Exclusion(Role.OPERATOR, Role.OVERSIGHT, _PRIVILEGED),
    # Who advises on data protection has no task that conflicts with it.
    Exclusion(Role.RESEARCHER, Role.DPO, "GDPR art. 38(6)"),
)

# Who registers people's rights gives none to themselves that work on data or outputs (CNNum 2015; SNDS 6.1).
_NOT_FOR_THE_ISSUER = frozenset({Role.RESEARCHER, Role.EXTRACTOR, Role.OUTPUT_CHECKER, Role.REPRODUCIBILITY_REVIEWER})
# What an administrator is on no project: an issuer's, and those who watch over what administrators do.
NOT_FOR_ADMINISTRATORS: Mapping[Role, str] = MappingProxyType(
    {**dict.fromkeys(sorted(_NOT_FOR_THE_ISSUER), _CELL), Role.AUDITOR: _PRIVILEGED, Role.OVERSIGHT: _PRIVILEGED}
)


def clash(person: str, roles: Collection[Role]) -> Refusal | None:
    """Why `person` cannot have these roles together, None when they can."""
    for pair in EXCLUSIVE_ROLES:
        if pair.one in roles and pair.other in roles:
            why = say(
                "{person} cannot be {one} and {other} on one project ({source}).",
                person=person,
                one=str(pair.one),
                other=str(pair.other),
                source=pair.source,
            )
            return Refusal("roles.exclusive", why)
    return None


def administrator_clash(person: str, roles: Collection[Role]) -> Refusal | None:
    """Why `person`, an administrator of the enclave, cannot have these roles, None when they can."""
    for role, source in NOT_FOR_ADMINISTRATORS.items():
        if role in roles:
            why = say(
                "{person} is an administrator of the enclave, and {role} on no project ({source}).",
                person=person,
                role=str(role),
                source=source,
            )
            return Refusal("roles.administrator", why)
    return None


def administrator_refusals(permit: DataPermit, administrators: Collection[str]) -> tuple[Refusal, ...]:
    """The administrators to whom `permit` gives a role that they cannot have, one refusal each."""
    named = dict.fromkeys(member.person for member in permit.persons if member.person in administrators)
    found = (administrator_clash(person, permit.roles_of(person)) for person in named)
    return tuple(refusal for refusal in found if refusal is not None)


def role_refusals(permit: DataPermit) -> tuple[Refusal, ...]:
    """The persons to whom `permit` gives roles that exclude each other, one refusal each."""
    persons = dict.fromkeys(member.person for member in permit.persons)
    found = (clash(person, permit.roles_of(person)) for person in persons)
    return tuple(refusal for refusal in found if refusal is not None)


def issuer_refusal(permit: DataPermit, issuer: str) -> Refusal | None:
    """Why `issuer` cannot issue `permit`: it makes them one of those whom they register."""
    if not permit.roles_of(issuer) & _NOT_FOR_THE_ISSUER:
        return None
    why = say(
        "The permit names {person}, who issues it; somebody whom it gives no access must issue it ({source}).",
        person=issuer,
        source=_CELL,
    )
    return Refusal("permit.own", why)
