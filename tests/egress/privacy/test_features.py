"""What of OpenDP may stand in the tree at all: one flag, nothing deserialised, few places that import it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CODE = ("hub", "egress", "notebooks")
# Everything that is run or built; tests of attacks and documents may name what is forbidden.
TREE = (*CODE, "images", "benchmarks", "scripts", "policies")
KINDS = {".py", ".ipynb", ".r", ".sh", ".toml", ".yml", ".yaml", ".json", ".cfg", ""}
# OpenDP's other feature flags, in any spelling of a call or a configuration.
FLAGS = re.compile(r"honest[-_]but[-_]curious|idealized[-_]numerics|[\"']floating[-_]point[\"']", re.IGNORECASE)
# Doors through which bytes become objects or code, and OpenDP's own for steps that a caller writes.
DOORS = (
    "deserialize",
    "from_bytes_plan",
    "make_user",
    "make_private_expr",
    "map_batches",
    "register_plugin",
    "set_default_float_type",
    "eval(",
    "exec(",
)
LOADERS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
# Modules that hold OpenDP; all of them run in the worker process only.
HOLDERS = re.compile(r"egress/privacy/(measure|ols\w*|synthetic\w*)\.py")


def _files(houses: tuple[str, ...]) -> Iterator[Path]:
    for house in houses:
        for path in sorted((ROOT / house).rglob("*")):
            hidden = any(part.startswith(".") or part in {"node_modules", "__pycache__"} for part in path.parts)
            if path.is_file() and not hidden and path.suffix.lower() in KINDS:
                yield path


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(_text(path))


PYTHON = [path for path in _files(CODE) if path.suffix == ".py"]
PRIVACY = [path for path in PYTHON if path.parent.name == "privacy"]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imported(path: Path) -> set[str]:
    """Full names of modules, and of what is taken out of them."""
    found = set()
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_there_are_files_to_look_at() -> None:
    assert ROOT / "egress" / "privacy" / "measure.py" in PYTHON
    assert len(PYTHON) > 100
    assert {path.suffix for path in _files(TREE)} >= {".py", ".toml"}


@pytest.mark.parametrize(
    "planted",
    ["dp.enable_features('honest-but-curious')", 'enable_features("floating-point")', "IDEALIZED_NUMERICS = 1"],
)
def test_a_planted_flag_is_seen(planted: str) -> None:
    assert FLAGS.search(planted)


def test_no_other_flag_stands_anywhere() -> None:
    assert [_name(path) for path in _files(TREE) if FLAGS.search(_text(path))] == []
    for path in (ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "docker-compose.yml"):
        assert not FLAGS.search(_text(path))


def test_only_contrib_is_enabled_and_where_opendp_is_held() -> None:
    calls = [
        (_name(path), [ast.unparse(argument) for argument in node.args])
        for path in _files((*TREE, "tests"))
        if path.suffix == ".py" and "enable_features" in _text(path) and path != Path(__file__)
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("enable_features")
    ]
    assert ("egress/privacy/measure.py", ["'contrib'"]) in calls
    assert [call for call in calls if call[1] != ["'contrib'"]] == []


@pytest.mark.parametrize("path", PRIVACY, ids=lambda path: path.name)
def test_nothing_is_deserialised_or_built_from_code(path: Path) -> None:
    assert [word for word in DOORS if word in _text(path)] == []


def test_nothing_anywhere_loads_objects_from_bytes() -> None:
    """Notebooks, permits, requests and answers are JSON, TOML and Parquet."""
    loading = {_name(path): _imported(path) for path in PYTHON}
    assert {name: found & LOADERS for name, found in loading.items() if found & LOADERS} == {}


def test_opendp_and_polars_are_held_by_few_modules() -> None:
    def holders(package: str) -> list[str]:
        return [_name(path) for path in PYTHON if any(name.partition(".")[0] == package for name in _imported(path))]

    assert "egress/privacy/measure.py" in holders("opendp")
    assert [name for package in ("opendp", "polars") for name in holders(package) if not HOLDERS.fullmatch(name)] == []


def test_only_the_worker_process_imports_what_holds_opendp() -> None:
    users = {_name(path) for path in PYTHON if "egress.privacy.measure" in _imported(path)}
    assert "egress/privacy/worker.py" in users
    assert [name for name in users - {"egress/privacy/worker.py"} if not HOLDERS.fullmatch(name)] == []


def test_the_service_runs_without_opendp_in_its_process() -> None:
    """The worker imports inside its acts; nobody else does at all."""
    code = (
        "import sys, egress.worker, egress.web, egress.airlock.conductor, bulle.cli, egress.privacy.worker\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'opendp', 'polars', 'mbi'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
