"""Everything that stands against a permit, from all rules at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hub.catalogue.model import Catalogue
from hub.events.state import Enclave
from hub.extracts.plan import data_refusals
from hub.policy.files import Purposes
from hub.policy.issue import cap_refusals, issue_refusals
from hub.policy.model import DataPermit, DisclosureRules
from hub.policy.roles import administrator_refusals
from hub.policy.verdict import Refusal
from hub.words import say


@dataclass(frozen=True)
class Known:
    """What a permit is held against on the day `today`: the enclave, and its policies; `rules` by their name."""

    enclave: Enclave
    purposes: Purposes
    rules: Mapping[str, DisclosureRules]
    today: date

    def catalogue(self, permit: DataPermit) -> Catalogue | None:
        """The catalogue of the permit's source."""
        return self.enclave.sources.get(permit.source)


def against(permit: DataPermit, known: Known, *, optional: bool = False) -> tuple[Refusal, ...]:
    """Every reason against issuing `permit`; a source that is not registered counts unless it is `optional`."""
    enclave, catalogue = known.enclave, known.catalogue(permit)
    found = list(issue_refusals(permit, known.purposes, known.rules, enclave.persons, known.today))
    if permit.rules in known.rules:
        found += cap_refusals(permit, known.rules[permit.rules])
    found += administrator_refusals(permit, enclave.administrators)
    if catalogue is not None:
        found += data_refusals(permit, catalogue)
    elif not optional:
        found.append(Refusal("source.unknown", say("The source {source} is not registered.", source=permit.source)))
    return tuple(found)
