"""One request by one person, and the doors every page goes through: language, session, form, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from babel.dates import format_date, format_timedelta
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from egress.airlock.situation import Situation
from egress.package.spelling import number, visible
from egress.web.rows import rows
from egress.web.sessions import Session
from egress.web.wording import moment
from hub.language import LANGUAGES, preferred, render, translate
from hub.policy.decide import APPROVING_ROLES, BUDGET_ROLES, OVERSEEING_ROLES, SEEING_IMPORTS
from hub.policy.model import Role

LANGUAGE_COOKIE = "bulle-language"
# What a page is called in the language it leads to.
LANGUAGE_NAMES = {"en": "English", "fr": "Français"}


@dataclass(frozen=True)
class Visit:
    """One HTTP request, who makes it (None: nobody known), in which language, with which form."""

    request: Request
    session: Session | None
    language: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def person(self) -> str:
        """The person's login name; pages that need one are behind the login."""
        return self.session.person if self.session else ""


Handler = Callable[[Visit], Response]


def language_of(request: Request) -> str:
    """The language chosen here, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language"))


def roles_of(situation: Situation, person: str) -> frozenset[Role]:
    """What `person` is on any project, ended ones included: it decides which pages are offered, nothing else."""
    return frozenset(role for permit in situation.enclave.projects_of(person) for role in permit.roles_of(person))


class Renderer:
    """The templates of this room. Everything put into them is escaped; there is no way around it in them."""

    def __init__(self, prefix: str, hub_path: str) -> None:
        self.prefix = prefix
        self._hub_path = hub_path
        self._templates = Environment(
            loader=PackageLoader("egress.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, visit: Visit, template: str, roles: frozenset[Role], status: int = 200, **values: Any) -> Response:
        """The page of `template` in the visitor's language; `roles` are the visitor's, on any project."""
        language = visit.language

        def fixed(text: str, **places: str | int | float) -> str:
            return translate(text, language, **places)

        html = self._templates.get_template(template).render(
            values,
            t=fixed,
            say=lambda message: render(message, language),
            moment=lambda at: moment(at, language),
            day=lambda at: format_date(at, "d MMM y", locale=language),
            duration=lambda took: format_timedelta(took, locale=language),
            number=lambda value: number(value, language),
            visible=visible,
            rows=lambda shown, evidence: rows(shown, evidence, lambda message: render(message, language)),
            language=language,
            languages=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES if code != language],
            prefix=self.prefix,
            hub=self._hub_path,
            researcher=Role.RESEARCHER in roles,
            checker=Role.OUTPUT_CHECKER in roles,
            budgets=bool(roles & BUDGET_ROLES),
            approver=bool(roles & APPROVING_ROLES),
            overseeing=bool(roles & OVERSEEING_ROLES),
            importing=bool(roles & SEEING_IMPORTS),
            path=visit.request.url.path,
            session=visit.session,
            person=visit.person,
        )
        return HTMLResponse(html, status_code=status, headers={"Content-Language": language, "Vary": "Cookie"})
