"""Every sentence for people has its French, with the same places; and none of the French is left over."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from hub.language import preferred, render, translate
from hub.words import Message, say

ROOT = Path(__file__).parents[2]
HOUSES = ("hub", "egress", "notebooks/bulle")
CATALOGUES = sorted((ROOT / "hub" / "locale" / "fr").glob("*.po"))


@dataclass(frozen=True)
class Sentence:
    """A literal that people read, and where it stands."""

    text: str
    where: str


def sentences() -> Iterator[Sentence]:
    """The literals given to `say` and `translate`, and those of `_("…")` in templates' place are not Python's."""
    for house in HOUSES:
        for path in sorted((ROOT / house).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in {"say", "translate"} and node.args:
                    literal = node.args[0]
                    if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                        yield Sentence(literal.value, f"{path.relative_to(ROOT)}:{node.lineno}")


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def french() -> dict[str, tuple[str, str]]:
    """English to French and the catalogue's name; of a sentence that counts, the plural."""
    entries: dict[str, tuple[str, str]] = {}
    for path in CATALOGUES:
        with path.open("rb") as file:
            for entry in read_po(file, locale="fr"):
                if entry.id:
                    entries[forms(entry.id)[-1]] = (forms(entry.string)[-1], path.name)
    return entries


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def places(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_there_are_sentences_to_look_at() -> None:
    assert len({sentence.text for sentence in sentences()}) > 100


def test_every_sentence_has_its_french() -> None:
    known = {text for text, (translation, _) in french().items() if translation}
    missing = sorted({f"{each.where}: {each.text}" for each in sentences() if each.text not in known})
    assert not missing, "no French in hub/locale/fr/*.po for:\n" + "\n".join(missing)


def test_both_languages_have_the_same_places() -> None:
    wrong = [
        f"{name}: {text!r} has {sorted(places(text))}, its French has {sorted(places(translation))}"
        for text, (translation, name) in french().items()
        if translation and places(text) != places(translation)
    ]
    assert not wrong, "\n".join(wrong)


def test_singular_and_plural_have_the_same_places() -> None:
    counted = 0
    for path in CATALOGUES:
        with path.open("rb") as file:
            for entry in read_po(file, locale="fr"):
                if isinstance(entry.id, tuple):
                    counted += 1
                    assert len({frozenset(places(each)) for each in (*forms(entry.id), *forms(entry.string))}) == 1
    assert counted > 50


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [(0, "0 days left", "encore 0 jour"), (1, "1 day left", "encore 1 jour"), (2, "2 days left", "encore 2 jours")],
)
def test_one_thing_is_not_several(count: int, english: str, french: str) -> None:
    message = say("{days} days left", days=count)
    assert (render(message), render(message, "fr")) == (english, french)


def test_the_first_number_of_a_sentence_decides() -> None:
    one = say("{rows} rows of the table are about fewer than {least} persons.", least=11, rows=1)
    assert render(one) == "1 row of the table is about fewer than 11 persons."
    several = say("{rows} rows of the table are about fewer than {least} persons.", least=1, rows=12)
    assert render(several) == "12 rows of the table are about fewer than 1 persons."


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_a_catalogue_is_well_formed_and_has_no_doubtful_entry(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale="fr", abort_invalid=True)
    assert not [entry.id for entry in catalogue if entry.id and entry.fuzzy]
    assert not [entry.id for entry in catalogue if entry.id and not all(forms(entry.string))]


def test_a_sentence_means_one_thing_in_every_catalogue() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for path in CATALOGUES:
        with path.open("rb") as file:
            for entry in read_po(file, locale="fr"):
                other = seen.setdefault(str(entry.id), (str(entry.string), path.name))
                assert not entry.id or other[0] == str(entry.string), f"{entry.id}: {other[1]} and {path.name} differ"


def test_a_sentence_without_french_stays_english() -> None:
    message = Message("No translation of {thing}.", {"thing": "this"})
    assert render(message, "fr") == "No translation of this."


def test_values_fill_the_french_sentence() -> None:
    message = say("There is no permit for this project; nothing opens without one.")
    assert "autorisation" in render(message, "fr")
    assert translate("{count} schemas are in {folder}.", "fr", count=6, folder="x").startswith("6 ")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,fr;q=0.5", "en"),
        ("fr_FR.UTF-8", "fr"),
        ("de,fr", "fr"),
        ("", "en"),
        (None, "en"),
        ("C", "en"),
    ],
)
def test_the_readers_language(header: str | None, language: str) -> None:
    assert preferred(header) == language


def test_a_message_survives_an_event() -> None:
    message = say("Table {table}: all years are granted.", table="stay")
    assert Message.from_dict(message.to_dict()) == message
