"""The release service's pages, with what each visitor is offered in their head."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from egress.airlock.situation import Situation
from egress.pages.visit import Templates, Visit
from egress.web.rows import rows
from hub.language import render
from hub.policy.decide import APPROVING_ROLES, BUDGET_ROLES, OVERSEEING_ROLES, SEEING_IMPORTS
from hub.policy.model import Role


def roles_of(situation: Situation, person: str) -> frozenset[Role]:
    """What `person` is on any project, ended ones included: it decides which pages are offered, nothing else."""
    return frozenset(role for permit in situation.enclave.projects_of(person) for role in permit.roles_of(person))


class Renderer(Templates):
    """The templates of this room."""

    def __init__(self, prefix: str, hub_path: str) -> None:
        super().__init__("egress.web", prefix, hub_path)

    def page(self, visit: Visit, template: str, roles: frozenset[Role], status: int = 200, **values: Any) -> Response:
        """The page of `template` in the visitor's language; `roles` are the visitor's, on any project."""
        offered = {
            "researcher": Role.RESEARCHER in roles,
            "checker": Role.OUTPUT_CHECKER in roles,
            "budgets": bool(roles & BUDGET_ROLES),
            "approver": bool(roles & APPROVING_ROLES),
            "holding": Role.DATA_HOLDER in roles,
            "overseeing": bool(roles & OVERSEEING_ROLES),
            "importing": bool(roles & SEEING_IMPORTS),
            "rows": lambda shown, evidence: rows(shown, evidence, lambda message: render(message, visit.language)),
        }
        return self.show(visit, template, {**values, **offered}, status)
