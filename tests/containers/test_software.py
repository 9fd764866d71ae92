"""What is installed in the images is what bills and locks name; nothing can be added from inside."""

from __future__ import annotations

import ast
import json
import os
import re
from functools import cache
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from hub.launcher.engine import EngineError, image_digest
from scripts.debian_lock import read
from tests.containers.test_images import PYTHON, python, run, tag

pytestmark = pytest.mark.containers
ROOT = Path(__file__).parents[2]
LOCKS = {"hub": ("python", "hub"), "egress": ("python", "egress"), "workspace": ("python", "workspace")}
LEFT_OUT = {"rfc3987-syntax", "lark"}  # scripts/images says why


@pytest.fixture(scope="module", autouse=True)
def images() -> None:
    try:
        for name in PYTHON:
            image_digest(tag(name))
    except EngineError as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@cache
def bill(name: str) -> str:
    done = run(name, "bulle", "software", "sbom")
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(name: str, kind: str) -> set[tuple[str, str]]:
    parts = json.loads(bill(name))["components"]
    return {
        (part["name"], part["version"]) for part in parts if {"name": "bulle:kind", "value": kind} in part["properties"]
    }


def locked(name: str) -> set[tuple[str, str]]:
    texts = [(ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8") for lock in LOCKS[name]]
    pairs = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", "\n".join(texts), re.MULTILINE)
    return {(re.sub(r"[-_.]+", "-", package).lower(), version) for package, version in pairs}


@pytest.mark.parametrize("name", PYTHON)
def test_the_bill_follows_cyclonedx(name: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill(name)) is None


@pytest.mark.parametrize("name", PYTHON)
def test_the_bill_names_every_python_package_and_the_lock_names_them_too(name: str) -> None:
    code = "import importlib.metadata as m; print([(d.metadata['Name'], d.version) for d in m.distributions()])"
    installed = set(ast.literal_eval(python(name, code)))
    assert listed(name, "python") == installed
    names = {(re.sub(r"[-_.]+", "-", package).lower(), version) for package, version in installed}
    assert {pair for pair in names if pair[0] != "bulle"} <= locked(name)
    assert {package for package, _ in locked(name) - names} <= LEFT_OUT


@pytest.mark.parametrize("name", PYTHON)
def test_the_bill_names_every_debian_package_and_the_lock_names_them_too(name: str) -> None:
    code = (
        "import subprocess; shape = '${Package} ${Version}\\n';"
        "print(subprocess.run(['dpkg-query', '-W', '-f', shape], capture_output=True, text=True).stdout)"
    )
    installed = {tuple(line.split()) for line in python(name, code).splitlines()}
    assert listed(name, "debian") == installed
    locks = ("base", "workspace") if name == "workspace" else ("base",)
    named = {one.name for lock in locks for one in read((ROOT / "locks" / "debian" / f"{lock}.txt").read_text())}
    if not os.environ.get("BULLE_BASE_IMAGE"):
        assert {package for package, _ in installed} == named


def test_the_bill_names_every_package_of_r_and_what_jupyterlab_is_made_of() -> None:
    done = run("workspace", "Rscript", "-e", "x <- installed.packages(); cat(paste(x[, 1], x[, 3]), sep = '\\n')")
    assert listed("workspace", "r") == {tuple(line.split()) for line in done.stdout.splitlines()}
    assert {"bulle", "survival", "dplyr"} <= {name for name, _ in listed("workspace", "r")}
    assert {"@lumino/widgets", "react"} <= {name for name, _ in listed("workspace", "npm")}


def test_nothing_can_be_installed_from_inside() -> None:
    script = r"""
import subprocess, sys, pathlib
def tried(*call):
    try: done = subprocess.run(call, capture_output=True, text=True, timeout=60)
    except OSError as error: return type(error).__name__
    return done.returncode != 0
wheel = pathlib.Path("/tmp/mine.py"); wheel.write_text("x = 1")
mine = "install.packages('glue', '/tmp', repos = 'https://localhost'); library(glue, lib.loc = '/tmp')"
print([tried(*call) for call in (
    (sys.executable, "-m", "pip", "install", "six"),
    ("pip", "install", "six"),
    ("uv", "pip", "install", "six"),
    (sys.executable, "-m", "ensurepip"),
    (sys.executable, "-m", "venv", "/tmp/v"),
    ("apt-get", "install", "-y", "jq"),
    ("dpkg", "--install", "/tmp/x.deb"),
    ("cp", "/tmp/mine.py", "/opt/bulle/lib/python3.11/site-packages/"),
    ("Rscript", "-e", mine),
)])
"""
    found = ast.literal_eval(python("workspace", script))
    assert all(found), found
