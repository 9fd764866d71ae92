"""The register as files: two pages, two feeds, one JSON document, and what the pages look like. Pure but for templates.

By name: `index.en.html`, `index.fr.html`, `feed.en.atom`, `feed.fr.atom`, `register.json`, `style.css`, `icon.svg`.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files as resources
from xml.etree import ElementTree as ET

from jinja2 import Environment, PackageLoader, StrictUndefined

from egress.package.spelling import number, visible
from egress.register import wording
from egress.register.model import PublicPermit, Register
from hub.language import LANGUAGE_NAMES, LANGUAGES, render, translate

JSON = "register.json"
_ATOM = "http://www.w3.org/2005/Atom"
_PAGES = Environment(
    loader=PackageLoader("egress.register"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One entry of a feed. `id` stays when the register is written anew."""

    id: str
    day: date
    title: str


def register_files(register: Register, address: str) -> dict[str, bytes]:
    """Every file of the register, which is served below `address`."""
    static, shared = resources("egress.pages") / "static", resources("hub") / "static"
    made = {JSON: register.model_dump_json(by_alias=True, indent=2).encode() + b"\n"}
    for language in LANGUAGES:
        made[f"index.{language}.html"] = _page(register, language)
        made[f"feed.{language}.atom"] = _feed(register, language, address)
    made["style.css"] = (shared / "bulle.css").read_bytes() + (static / "style.css").read_bytes()
    return {**made, "icon.svg": (shared / "bulle.svg").read_bytes()}


def _page(register: Register, language: str) -> bytes:
    html = _PAGES.get_template("register.html").render(
        register=register,
        t=lambda text, **places: translate(text, language, **places),
        say=lambda message: render(message, language),
        day=lambda day: wording.shown_day(day, language),
        number=lambda value: number(value, language),
        visible=visible,
        language=language,
        languages=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES if code != language],
        wording=wording,
    )
    return str(html).encode()


def _feed(register: Register, language: str, address: str) -> bytes:
    entries = sorted(_entries(register, language), key=lambda entry: (entry.day, entry.id), reverse=True)
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    _say(feed, "id", f"{address}feed.{language}.atom")
    _say(feed, "title", translate("Public register", language))
    _say(feed, "updated", _at(max((entry.day for entry in entries), default=register.as_of)))
    author = ET.SubElement(feed, f"{{{_ATOM}}}author")
    _say(author, "name", getattr(register.operator, language))
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "self", "href": f"{address}feed.{language}.atom"})
    for entry in entries:
        one = ET.SubElement(feed, f"{{{_ATOM}}}entry")
        _say(one, "id", f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address + entry.id)}")
        _say(one, "title", visible(entry.title))
        _say(one, "updated", _at(entry.day))
        ET.SubElement(one, f"{{{_ATOM}}}link", {"href": f"{address}index.{language}.html"})
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode").encode() + b"\n"


def _say(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text


def _at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _entries(register: Register, language: str) -> Iterable[Entry]:
    for permit in register.permits:
        yield from _of_permit(permit, language)
    seen: Counter[tuple[str, str | None, date]] = Counter()
    for alert in register.alerts:
        key = (str(alert.what), alert.project, alert.day)
        seen[key] += 1
        name = "/".join([*map(str, key), str(seen[key])])
        what = render(wording.ALERT[alert.what], language)
        about = f"{what} ({alert.project})" if alert.project else what
        yield Entry(f"alert/{name}", alert.day, about)
        if alert.answered is not None:
            told = f"{about}: {render(wording.ANSWER[alert.answer], language)}"
            yield Entry(f"answer/{name}", alert.answered, told)


def _of_permit(permit: PublicPermit, language: str) -> Iterable[Entry]:
    granted = translate("Permit issued: {title}", language, title=permit.title)
    yield Entry(f"permit/{permit.project}", permit.issued, granted)
    if permit.ended is not None:
        told = translate("Permit ended before its last day: {title}", language, title=permit.title)
        yield Entry(f"ended/{permit.project}/{permit.ended}", permit.ended, told)
    for place, result in enumerate(permit.results):
        told = translate("Results released: {title}", language, title=permit.title)
        yield Entry(f"result/{permit.project}/{place}", result.day, told)
        if result.recalled is not None:
            told = translate("Results recalled: {title}", language, title=permit.title)
            yield Entry(f"recall/{permit.project}/{place}", result.recalled, told)
