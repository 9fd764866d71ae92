"""Messages in the reader's language: gettext catalogues (`hub/locale/<language>/*.po`), read once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.messages.pofile import read_po

from hub.words import Message

LANGUAGES = ("en", "fr")
# What a page is called in the language it leads to, and where a person's choice is kept, by all pages of the enclave.
LANGUAGE_NAMES = {"en": "English", "fr": "Français"}
LANGUAGE_COOKIE, LANGUAGE_DAYS = "bulle-language", 365


@dataclass(frozen=True)
class Forms:
    """One sentence in one language: as it is said of a single thing, and of several."""

    one: str
    many: str


@cache
def _catalogue(language: str) -> dict[str, Forms]:
    """By the English text, of several where the sentence counts; its English for one thing stands beside the French."""
    forms: dict[str, Forms] = {}
    for path in sorted((Path(__file__).parent / "locale" / "fr").glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale="fr"):
                english, french = _forms(entry.id), _forms(entry.string)
                if english.many and french.one and french.many:
                    forms[english.many] = french if language == "fr" else english
    return forms


def _forms(text: str | tuple[str, ...] | list[str] | None) -> Forms:
    if text is None or isinstance(text, str):
        return Forms(text or "", text or "")
    return Forms(text[0], text[-1])


def _counted(message: Message) -> int | None:
    """The number that decides between singular and plural: the first in the order of the text."""
    named = (name for _, name, _, _ in Formatter().parse(message.text) if name)
    return next((value for name in named if isinstance(value := message.values.get(name), int)), None)


def render(message: Message, language: str = "en") -> str:
    """The sentence in `language`, by the number that it counts; English where no translation stands."""
    forms = _catalogue(language).get(message.text, Forms(message.text, message.text))
    return message.fill(forms.one if forms.one != forms.many and _single(message, language) else forms.many)


def _single(message: Message, language: str) -> bool:
    count = _counted(message)
    return count is not None and Locale(language).plural_form(count) == "one"


def translate(text: str, language: str = "en", **values: str | int | float) -> str:
    """A page's or command's fixed text in `language`."""
    return render(Message(text, values), language)


def reads(chosen: Iterable[str], header: str | None) -> str:
    """What a person reads: the first of `chosen` that is a language of ours, else what their browser asks for."""
    return next((code for code in chosen if code in LANGUAGES), None) or preferred(header)


def preferred(header: str | None) -> str:
    """The language of an Accept-Language or LANG value: French when it comes before English, else English."""
    for part in (header or "").replace(";", ",").split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"
