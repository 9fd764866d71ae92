"""One request by one person, and what every page of a service is made with: language, session, form, templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from egress.package.spelling import number, visible
from egress.pages.sessions import Session
from hub.language import LANGUAGE_COOKIE, LANGUAGE_NAMES, LANGUAGES, reads, render, translate


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
    """The language chosen here or on the hub's pages, else the browser's."""
    return reads((request.cookies.get(LANGUAGE_COOKIE, ""),), request.headers.get("accept-language"))


def moment(at: str, language: str) -> str:
    """An event's time for people, in UTC."""
    try:
        return f"{format_datetime(datetime.fromisoformat(at), 'd MMM y, HH:mm', locale=language)} UTC"
    except ValueError:
        return visible(at)


class Templates:
    """The templates of the room `package`, on the frame that all rooms share. Everything put into them is escaped;
    there is no way around it in them.
    """

    def __init__(self, package: str, prefix: str, hub_path: str) -> None:
        self.prefix = prefix
        self._hub_path = hub_path
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("egress.pages")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def show(self, visit: Visit, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """The page of `template` in the visitor's language."""
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
            language=language,
            languages=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES if code != language],
            prefix=self.prefix,
            hub=self._hub_path,
            path=visit.request.url.path,
            session=visit.session,
            person=visit.person,
        )
        return HTMLResponse(html, status_code=status, headers={"Content-Language": language, "Vary": "Cookie"})
