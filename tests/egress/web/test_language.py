"""Every fixed text of the pages has its French."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po

import egress.desk
import egress.pages
import egress.web
import hub.language

ROOMS = [Path(str(room.__file__)).parent for room in (egress.web, egress.pages, egress.desk)]


def _french() -> dict[str, str]:
    found: dict[str, str] = {}
    locale = Path(hub.language.__file__).parent / "locale" / "fr"
    for path in [*locale.glob("web*.po"), *locale.glob("desk*.po")]:
        with path.open("rb") as file:
            found |= {_last(entry.id): _last(entry.string) for entry in read_po(file, locale="fr") if entry.id}
    return found


def _last(text: str | tuple[str, ...]) -> str:
    """Of a sentence that counts, the plural, which is its key."""
    return text if isinstance(text, str) else text[-1]


def _texts() -> set[str]:
    found: set[str] = set()
    for template in (path for room in ROOMS for path in room.glob("templates/*.html")):
        found |= {match[1] for match in re.findall(r"\bt\(\s*([\"'])(.*?)\1", template.read_text(encoding="utf-8"))}
    for module in (path for room in ROOMS for path in room.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                text = node.args[0]
                if isinstance(text, ast.Constant):
                    found.add(str(text.value))
    return found


def test_every_text_is_translated_and_none_is_left_over() -> None:
    texts, french = _texts(), _french()
    assert len(texts) > 100
    assert texts - french.keys() == set()
    assert french.keys() - texts == set()


def test_translations_keep_their_places() -> None:
    for english, french in _french().items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", french)), english


def test_words_that_promise_too_much_are_never_used() -> None:
    for text in [*_texts(), *_french().values()]:
        assert not re.search(r"\b(anonym|safe\b|certif|complian|conforme|sûr\b)", text, re.IGNORECASE), text
