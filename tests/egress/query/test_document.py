"""The researcher's pages about queries say what the parser says: every example is read, its verdict compared.

`python -m tests.egress.query.test_document` writes the verdicts into the pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from egress.query import grouping, parse, scope, shares, syntax, views
from egress.query.functions import DATE_PARTS, DATE_UNITS, SPAN_UNITS
from egress.query.model import QueryRefusal
from hub.language import render
from tests.egress.query.extracts import catalogue

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"en": DOCS / "query.md", "fr": DOCS / "query.fr.md"}
EXAMPLE = re.compile(r"```sql\n(.*?)\n```\n\n(→[^\n]*)", re.DOTALL)
WORDS = {
    "en": ("→ *accepted*", "→ *accepted*; people look at it:", "→ **refused** at {place}:"),
    "fr": ("→ *acceptée*", "→ *acceptée* ; des personnes la regardent :", "→ **refusée** en {place} :"),
}


def verdict(sql: str, language: str) -> str:
    """The line under an example."""
    accepted, noted, refused = WORDS[language]
    answer = parse.parse(sql, catalogue(), frozenset({"person", "stay", "act"}))
    if isinstance(answer, QueryRefusal):
        place = f"{answer.line}:{answer.column}"
        return f"{refused.format(place=place)} {render(answer.why, language)}"
    notes = [f"{note.where} {render(note.why, language)}" for note in answer.notes]
    return f"{noted} {' · '.join(notes)}" if notes else accepted


@pytest.mark.parametrize("language", PAGES)
def test_every_example_has_the_parsers_verdict(language: str) -> None:
    examples = EXAMPLE.findall(PAGES[language].read_text(encoding="utf-8"))
    assert len(examples) > 30
    wrong = [f"{sql}\n{verdict(sql, language)}" for sql, told in examples if told != verdict(sql, language)]
    assert wrong == []


def test_both_pages_have_the_same_examples() -> None:
    english, french = (EXAMPLE.findall(page.read_text(encoding="utf-8")) for page in PAGES.values())
    assert [sql for sql, _ in english] == [sql for sql, _ in french]


@pytest.mark.parametrize("language", PAGES)
def test_lists_and_limits_are_those_of_the_code(language: str) -> None:
    text = PAGES[language].read_text(encoding="utf-8")
    for name in DATE_PARTS:
        assert f"`{name}`" in text
    for unit in {*DATE_UNITS, *SPAN_UNITS}:
        assert unit in text
    limits = (parse.MAX_COLUMNS, grouping.MAX_KEYS, grouping.MAX_GROUPINGS, scope.MAX_TABLES, views.MAX_VIEWS)
    sizes = (syntax.MAX_SQL, syntax.MAX_TOKENS, syntax.MAX_NESTING, *limits)
    plain = text.replace(",", "").replace("\u202f", "")
    last = plain[plain.rindex("## ") :]
    assert [number for number in sizes if not re.search(rf"\b{number}\b", last)] == []
    assert str(shares.SCALES[-1]) in plain


def rewrite() -> None:
    """Puts the parser's verdict under every example."""
    for language, page in PAGES.items():
        text = page.read_text(encoding="utf-8")
        page.write_text(
            EXAMPLE.sub(lambda hit: hit[0].replace(hit[2], verdict(hit[1], language)), text),  # noqa: B023 -- used at once
            encoding="utf-8",
        )


if __name__ == "__main__":
    rewrite()
