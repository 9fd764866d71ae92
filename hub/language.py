"""Messages in the reader's language: gettext catalogues (`hub/locale/<language>/*.po`), read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from hub.words import Message

LANGUAGES = ("en", "fr")


@cache
def _catalogue(language: str) -> dict[str, str]:
    translations: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / "locale" / language).glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale=language):
                if isinstance(entry.id, str) and isinstance(entry.string, str) and entry.id and entry.string:
                    translations[entry.id] = entry.string
    return translations


def render(message: Message, language: str = "en") -> str:
    """The sentence in `language`; English where no translation stands."""
    return message.fill(_catalogue(language).get(message.text, message.text))


def translate(text: str, language: str = "en", **values: str | int | float) -> str:
    """A page's or command's fixed text in `language`."""
    return render(Message(text, values), language)


def preferred(header: str | None) -> str:
    """The language of an Accept-Language or LANG value: French when it comes before English, else English."""
    for part in (header or "").replace(";", ",").split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"
