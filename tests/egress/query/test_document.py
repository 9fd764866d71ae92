"""The researcher's pages about queries say what the parser says: every example is read, its verdict compared.

`python -m tests.egress.query.test_document` writes the verdicts into the pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from egress.outputs.declarations import declarations
from egress.outputs.model import Cell, Rendered
from egress.outputs.private import DeclaredPrivate, OlsWords
from egress.privacy.ols import read_ols
from egress.privacy.read import read
from egress.query import grouping, parse, scope, shares, syntax, views
from egress.query.functions import DATE_PARTS, DATE_UNITS, SPAN_UNITS
from egress.query.model import Query, QueryRefusal
from hub.extracts.manifest import Manifest
from hub.language import render
from hub.policy.verdict import Refusal
from tests.egress.query.extracts import catalogue

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"en": DOCS / "query.md", "fr": DOCS / "query.fr.md"}
EXAMPLE = re.compile(r"```sql\n(.*?)\n```\n\n(→[^\n]*)", re.DOTALL)
DP_EXAMPLE = re.compile(r"```sql dp\n(.*?)\n```\n\n(⇒[^\n]*)", re.DOTALL)
OLS_EXAMPLE = re.compile(r"```python ols\n(.*?)\n```\n\n(⇒[^\n]*)", re.DOTALL)
DP_LIMITS = {"person": 1, "stay": 50}
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


DP_WORDS = {
    "en": ("⇒ cells: {cells}; noisy numbers in each: {numbers}; rows of one person at most: {rows}", "⇒ **refused**:"),
    "fr": (
        "⇒ cellules : {cells} ; nombres bruités dans chacune : {numbers} ; lignes d'une personne au plus : {rows}",
        "⇒ **refusée** :",
    ),
}


def dp_manifest() -> Manifest:
    """An extract of the examples' tables; specs read nothing of it but what is public."""
    packed = {"sha256": "0" * 64, "rows": 9}
    cut = {"lost_rows": 0, "cut_persons": 0}
    held = {name: 5 if name in DP_LIMITS else None for name in ("person", "stay", "hospital")}
    return Manifest.model_validate(
        {
            "catalogue": catalogue(),
            "tables": {name: {"file": f"{name}.parquet", **packed, "persons": held[name]} for name in held},
            "bounded": {
                name: {"file": f"{name}.dp.parquet", **packed, **cut, "rows_per_person": most}
                for name, most in DP_LIMITS.items()
            },
            "created_at": "now",
        }
    )


def dp_verdict(sql: str, language: str) -> str:
    """The line under an example of a DP release."""
    told, refused = DP_WORDS[language]
    query = parse.parse(sql, catalogue(), frozenset({"person", "stay"}))
    assert isinstance(query, Query), query
    spec = read(query, dp_manifest())
    if isinstance(spec, Refusal):
        return f"{refused} {render(spec.reason, language)}"
    return told.format(cells=spec.cells, numbers=len(spec.statistics), rows=spec.rows_per_person)


@pytest.mark.parametrize("language", PAGES)
def test_every_example_of_a_dp_release_has_its_verdict(language: str) -> None:
    examples = DP_EXAMPLE.findall(PAGES[language].read_text(encoding="utf-8"))
    assert len(examples) > 8
    wrong = [f"{sql}\n{dp_verdict(sql, language)}" for sql, told in examples if told != dp_verdict(sql, language)]
    assert wrong == []


OLS_WORDS = {
    "en": "⇒ coefficients: {terms}; noisy numbers: {numbers}; rows of one person at most: {rows}",
    "fr": "⇒ coefficients : {terms} ; nombres bruités : {numbers} ; lignes d'une personne au plus : {rows}",
}


def ols_verdict(source: str, language: str) -> str:
    """The line under an example of a regression, read as a notebook's cell is."""
    (one,) = declarations(Rendered((Cell(1, is_code=True, source=f"import bulle\n{source}"),)))
    assert isinstance(one, DeclaredPrivate), one
    words = one.arguments
    assert isinstance(words, OlsWords)
    spec = read_ols(words.table, words.outcome, words.predictors, words.where, dp_manifest())
    if isinstance(spec, Refusal):
        return f"{DP_WORDS[language][1]} {render(spec.reason, language)}"
    rows = spec.base.rows_per_person
    return OLS_WORDS[language].format(terms=len(spec.terms), numbers=len(spec.products), rows=rows)


@pytest.mark.parametrize("language", PAGES)
def test_every_example_of_a_regression_has_its_verdict(language: str) -> None:
    examples = OLS_EXAMPLE.findall(PAGES[language].read_text(encoding="utf-8"))
    assert len(examples) == 5
    wrong = [f"{call}\n{ols_verdict(call, language)}" for call, told in examples if told != ols_verdict(call, language)]
    assert wrong == []


@pytest.mark.parametrize("language", PAGES)
def test_every_example_has_the_parsers_verdict(language: str) -> None:
    examples = EXAMPLE.findall(PAGES[language].read_text(encoding="utf-8"))
    assert len(examples) > 30
    wrong = [f"{sql}\n{verdict(sql, language)}" for sql, told in examples if told != verdict(sql, language)]
    assert wrong == []


def test_both_pages_have_the_same_examples() -> None:
    english, french = (EXAMPLE.findall(page.read_text(encoding="utf-8")) for page in PAGES.values())
    assert [sql for sql, _ in english] == [sql for sql, _ in french]
    english, french = (DP_EXAMPLE.findall(page.read_text(encoding="utf-8")) for page in PAGES.values())
    assert [sql for sql, _ in english] == [sql for sql, _ in french]
    english, french = (OLS_EXAMPLE.findall(page.read_text(encoding="utf-8")) for page in PAGES.values())
    assert [call for call, _ in english] == [call for call, _ in french]


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
        for examples, judge in ((EXAMPLE, verdict), (DP_EXAMPLE, dp_verdict), (OLS_EXAMPLE, ols_verdict)):
            text = examples.sub(lambda hit: hit[0].replace(hit[2], judge(hit[1], language)), text)  # noqa: B023 -- used at once
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
