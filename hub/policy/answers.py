"""A review's answers as a file: `bulle campaign list --toml` writes it, `bulle campaign answer` reads it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from hub.policy.base import Frozen, PersonId, ProjectId
from hub.policy.campaign import Key


class Said(StrEnum):
    """What the file says of one membership; `later` says nothing."""

    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    LATER = "later"


class MembershipAnswer(Frozen):
    """One `[[membership]]`."""

    project: ProjectId
    person: PersonId
    answer: Said = Said.LATER
    why: str = Field("", max_length=500, description="why the access is withdrawn; only with withdraw")


class Answers(Frozen):
    """The whole file: all of it is done, or nothing."""

    campaign: str = Field(min_length=1, max_length=40)
    membership: tuple[MembershipAnswer, ...] = ()


def answers_toml(campaign: str, asked: Iterable[Key]) -> str:
    """A file that answers nothing yet. What stands in it are identifiers."""
    lines = [f"campaign = {json.dumps(campaign)}"]
    for project, person in asked:
        lines += ["", "[[membership]]", f"project = {json.dumps(project)}", f"person = {json.dumps(person)}"]
        lines += ['answer = "later" # or "confirm", or "withdraw" with why = "..."']
    return "\n".join(lines) + "\n"
