"""A word on each membership of a habilitation review: the forms that the desk and the data holders' page share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from egress.pages.wording import ROLES
from hub import campaigns
from hub.administration.acts import Acting
from hub.events.state import Enclave
from hub.habilitation import Line
from hub.policy.campaign import SAID
from hub.policy.reason import MOST
from hub.policy.verdict import Refusal, RefusedError
from hub.words import say

Step = Callable[[Acting], None]
# A corrected form undoes these; the page comes back with the sentence.
MENDED = frozenset({"campaign.nobody_ticked", "campaign.own", "why.length"})
_TICKED = "confirm:"
_NOBODY = Refusal("campaign.nobody_ticked", say("Tick whom you confirm; nothing was changed."))


def confirming(campaign: str, form: Mapping[str, str]) -> Step:
    """Confirm who is ticked: all of them or nobody."""
    ticked = [name.removeprefix(_TICKED).partition(":") for name in form if name.startswith(_TICKED)]

    def step(acting: Acting) -> None:
        if not ticked:
            raise RefusedError(_NOBODY)
        for project, _, person in ticked:
            campaigns.confirm(acting, campaign, project, person)

    return step


def withdrawing(campaign: str, form: Mapping[str, str]) -> Step:
    """Withdraw one membership, for the reason that the form gives."""
    project, _, person = form.get("membership", "").partition(":")
    return lambda acting: campaigns.withdraw(acting, campaign, project, person, form.get("why", ""))


def shown(asked: Iterable[Line], enclave: Enclave) -> dict[str, Any]:
    """What `memberships.html` shows `asked` with, project by project."""
    return {
        "projects": [(project, list(each)) for project, each in groupby(asked, key=lambda line: line.project)],
        "names": {person.id: person.name for person in enclave.persons.values()},
        "said": SAID,
        "role_words": ROLES,
        "most": MOST,
    }
