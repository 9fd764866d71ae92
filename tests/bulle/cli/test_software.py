"""`bulle software` as researchers and operators call it: packages by kind and name, and the bill as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulle.__main__ import run
from scripts.sbom import bill
from tests.scripts.test_sbom import FOUND

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "sbom.json"
    path.write_text(bill("workspace", FOUND), encoding="utf-8")
    return str(path)


def test_packages_are_listed_by_kind_and_name(file: str, capsys: Capture) -> None:
    assert run(["software", "list", "--file", file], {}) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["python", "python", "r", "debian", "npm"]
    assert run(["software", "list", "SURV", "--kind", "r", "--file", file], {}) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["r     survival  3.5-3"]


def test_a_name_that_is_not_there_says_who_can_add_it(file: str, capsys: Capture) -> None:
    assert run(["software", "list", "survival", "--kind", "python", "--file", file], {}) == 1
    assert "docs/software.md" in capsys.readouterr().out


def test_the_bill_is_printed_as_it_stands(file: str, capsys: Capture) -> None:
    assert run(["software", "sbom", "--file", file], {}) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(bill("workspace", FOUND))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"components": [{}]}', '{"components": 3}', '{"components": [1]}']
)
def test_what_is_no_bill_is_told_in_a_sentence(content: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    assert run(["software", "list", "--file", str(path)], {}) == 3
    assert "is no bill of materials" in capsys.readouterr().err


def test_outside_an_image_there_is_none(tmp_path: Path, capsys: Capture) -> None:
    assert run(["software", "sbom", "--file", str(tmp_path / "none")], {}) == 3
    assert "cannot be read" in capsys.readouterr().err
