"""The pages' addresses as an OpenAPI 3.1 document, made from the routes themselves: none can be left out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute, Route

_PLACE = re.compile(r"\{([a-z_]+)\}")
_FORM = "application/x-www-form-urlencoded"
# What every page may answer, and what an act may answer beside it.
_READ = {
    "200": "the page, or the file",
    "302": "to the login",
    "303": "to another page",
    "400": "a login that nobody began here, or a form that no page of ours sends",
    "403": "a refusal, with its reason",
    "404": "no such page, or none for this person",
    "409": "too late: somebody did it already",
}
_ACTED = {
    "401": "nobody is logged in",
    "408": "an upload that takes too long",
    "413": "a form larger than any is",
    "422": "a form that comes back as it was typed, with the reason",
    "429": "another upload of this person, or too many of all",
    "503": "a package that is not what was sealed",
}


def describe(routes: Iterable[BaseRoute], prefix: str, title: str) -> dict[str, Any]:
    """The document of `routes`, which are mounted at `prefix`."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(prefix.rstrip("/") + route.path, {})[method.lower()] = _operation(route, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {"hub": {"type": "apiKey", "in": "cookie", "name": "bulle-session"}}},
        "security": [{"hub": []}],
    }


def _operation(route: Route, method: str) -> dict[str, Any]:
    told = _READ if method == "GET" else {**_READ, **_ACTED}
    found: dict[str, Any] = {"responses": {status: _answer(why) for status, why in told.items()}}
    places = _PLACE.findall(route.path)
    if places:
        found["parameters"] = [_parameter(name) for name in places]
    if method == "POST":
        form = {"type": "object", "properties": {"csrf": {"type": "string"}}, "required": ["csrf"]}
        schema = {**form, "additionalProperties": {"type": "string"}}
        found["requestBody"] = {"required": True, "content": {_FORM: {"schema": schema}}}
    return found


def _answer(why: str) -> dict[str, Any]:
    return {"description": why}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
