"""Every check tells an author what they can do: a rule without advice is found in the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import egress
from egress.checks.advice import ADVICE, advice
from egress.checks.model import Finding, Outcome, Risk
from hub.language import render
from hub.words import say

SOURCES = sorted(Path(egress.__file__).parent.rglob("*.py"))
PROBLEM = re.compile(r"(?:declaration|frame|figure|chart|acro|model)\.[a-z]+")


def checks() -> Iterator[str]:
    """The name of every check that makes findings which an author may read, and every rule of a broken declaration."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and "outputs" in path.parts and PROBLEM.fullmatch(str(node.value)):
                yield str(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Rule", "Finding"}:
                for_checkers = any(word.arg == "audience" for word in node.keywords)
                name = node.args[0] if node.args else None
                if isinstance(name, ast.Constant) and not for_checkers:
                    yield str(name.value)
                elif isinstance(name, ast.Name) and not for_checkers:
                    yield str(constants[name.id])


NAMES = sorted(set(checks()))


def found(name: str, outcome: Outcome = Outcome.REVIEW, number: int = 1) -> Finding:
    return Finding(name, Risk.LOW_COUNT, outcome, "table", say("{rows} rows.", rows=number))


def test_the_code_is_searched() -> None:
    assert len(NAMES) > 45
    for known in ("low_counts", "linked_tables", "differencing", "privacy_budget", "declaration.missing", "frame"):
        assert known in NAMES
    assert "disclosure_price" not in NAMES  # told to checkers only


@pytest.mark.parametrize("name", NAMES)
def test_every_check_says_in_both_languages_what_its_author_can_do(name: str) -> None:
    told = advice(found(name))
    assert told is not None, f"{name}: add what its author can do to egress/checks/advice.py"
    english, french = render(told), render(told, "fr")
    assert english != french
    for sentence in (english, french):
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_it_depends_on_nothing_but_the_check() -> None:
    for name in ADVICE:
        assert advice(found(name, Outcome.FAIL, 1)) == advice(found(name, Outcome.REVIEW, 987_654))
        assert advice(found(name, Outcome.PASS)) is None
    assert all(not told.values for told in ADVICE.values())


def test_no_advice_is_about_a_check_that_is_none() -> None:
    assert {name for name in ADVICE if name != "declaration.problem"} <= {name.partition(".")[0] for name in NAMES}
