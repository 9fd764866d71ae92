"""What of OpenDP may stand in the code at all: one flag, nothing deserialised, one place that imports it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = sorted(path for house in ("hub", "egress", "notebooks/bulle") for path in (ROOT / house).rglob("*.py"))
WORDS = ("honest-but-curious", "idealized-numerics", "floating-point", "deserialize", "make_user", "pickle", "eval(")


def test_there_are_files_to_look_at() -> None:
    assert ROOT / "egress" / "privacy" / "measure.py" in FILES
    assert len(FILES) > 40


def _calls(name: str) -> list[tuple[str, list[object]]]:
    return [
        (path.name, [ast.literal_eval(argument) for argument in node.args])
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
    ]


def test_only_contrib_is_enabled() -> None:
    assert _calls("enable_features") == [("measure.py", ["contrib"])]


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "privacy"], ids=lambda path: path.name)
def test_nothing_is_deserialised_or_built_from_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for word in WORDS if word in text] == []


def test_only_the_worker_process_imports_opendp() -> None:
    users = {path.relative_to(ROOT).as_posix() for path in FILES if "opendp." in path.read_text(encoding="utf-8")}
    assert users == {"egress/privacy/measure.py"}
    importers = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
            module = getattr(node, "module", None) or ""
            if isinstance(node, ast.Import | ast.ImportFrom) and (
                "egress.privacy.measure" in [module, *names] or (module == "egress.privacy" and "measure" in names)
            ):
                importers.add(path.name)
    assert importers == {"worker.py"}
