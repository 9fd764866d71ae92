"""Every case of every rule, and the pages made of them."""

from __future__ import annotations

import pytest

from egress.checks.registry import CHECKS
from tests.spec.page import CHAPTERS, PAGES, page

CASES = [
    pytest.param(rule, case, id=f"{rule.heading[0]}: {' '.join(str(value) for value in case[:-1])}")
    for _, rules in CHAPTERS
    for rule in rules
    for case in rule.cases
]


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_case(rule: object, case: tuple[object, ...]) -> None:
    *given, verdict = case
    assert rule.judge(*given) is verdict  # type: ignore[attr-defined]  # a Rule


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_made_of_these_cases(language: int) -> None:
    told = "docs/rules.md is not what the cases say: python -m tests.spec.page"
    assert PAGES[language].read_text(encoding="utf-8") == page(language), told


def test_there_are_cases_on_both_sides_of_every_rule() -> None:
    for _, rules in CHAPTERS:
        for rule in rules:
            verdicts = {case[-1] for case in rule.cases}
            assert len(verdicts) > 1 or "case" in rule.source, rule.heading


def test_rules_have_cases() -> None:
    assert len(CHECKS) > 10
    assert len(CASES) > 100
