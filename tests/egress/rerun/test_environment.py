"""Which packages were there: the runner says so before the notebook begins, and only that is read back."""

import json
from pathlib import Path
from typing import Any

import pytest

from egress.outputs.model import Rendered
from egress.outputs.notebook import read_notebook, withheld
from egress.rerun.inside import name_environment


def written(**metadata: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": []}).encode()


def read(raw: bytes) -> Rendered:
    found = read_notebook(raw, 1 << 20)
    assert isinstance(found, Rendered)
    return found


def test_the_runner_names_its_packages_whatever_stood_there(tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.ipynb"
    notebook.write_bytes(written(bulle={"environment": ["forged==1"]}))
    notebook.chmod(0o444)
    name_environment(notebook)
    found = read(notebook.read_bytes())
    assert any(line.startswith("papermill==") for line in found.environment)
    assert "forged==1" not in found.environment
    assert list(found.environment) == sorted(found.environment, key=str.lower)
    assert withheld(found) == ()  # it is the runner's own, not the author's


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"metadata": []}', b"{}", b"[" * 99_999, b"\xff"])
def test_a_notebook_that_cannot_be_read_stays_as_it_is(raw: bytes, tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.ipynb"
    notebook.write_bytes(raw)
    name_environment(notebook)
    assert notebook.read_bytes() == raw


@pytest.mark.parametrize(
    "named", [None, 7, "a==1", ["a==1", 7], ["a==1", "b"], ["a==1\n"], ["a==\x1b[31m"], ["a==1"] * 2_001, {"a": "1"}]
)
def test_anything_else_in_its_place_is_no_environment(named: Any) -> None:
    assert read(written(bulle={"environment": named})).environment == ()
    assert read(written(bulle=named)).environment == ()
