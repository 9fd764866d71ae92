"""A tool comes in through the real stack, read-only in an open workspace and in the sealed re-run, and goes again."""

from __future__ import annotations

import hashlib
import json
import re
import time
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from scripts.visitor import Visitor
from tests.journeys.conftest import Stack

pytestmark = [pytest.mark.journey, pytest.mark.containers]

PROJECT, ID = "reste-a-charge", "reste-a-charge-import-1"
HERE = "/services/egress/imports"
TOOL = b"def answer():\n    return 42\n"
USE = """
import sys
sys.path.insert(0, "/imports/import-1")
import tool
assert tool.answer() == 42
"""
RELEASE = """
import bulle
bulle.release("persons", "SELECT coinsurance, count(DISTINCT zper) AS persons FROM person_year GROUP BY ALL")
"""
LOOK = "import os; print('imports:', sorted(os.listdir('/imports')))"
ATTACK = """
import os
for path in ("/imports/import-1/tool.py", "/imports/mine", "/imports/import-1/mine"):
    try:
        open(path, "w")
        print("WRITTEN")
    except OSError:
        pass
for act in (os.remove, lambda path: os.chmod(path, 0o777)):
    try:
        act("/imports/import-1/tool.py")
        print("WRITTEN")
    except OSError:
        pass
"""


def posted(person: Visitor, path: str, page: str, files: Any = None, **form: str) -> None:
    token = re.search(r'name="csrf" value="([^"]+)"', person.http.get(page).text)
    assert token is not None
    answer = person.http.post(path, data={"csrf": token.group(1), **form}, files=files)
    assert answer.status_code == 200, answer.text


def wait_for(stack: Stack, status: str) -> dict[str, Any]:
    for _ in range(60):
        shown = stack.bulle("admin", "import", "show", ID, "--json")
        found = dict(json.loads(shown.stdout)) if shown.returncode == 0 else {"status": shown.stderr}
        if found["status"] == status:
            return found
        time.sleep(1)
    raise TimeoutError(f"{found['status']} instead of {status}")


def in_workspace(person: Visitor, *cells: str) -> str:
    results = person.run(PROJECT, list(cells))
    assert results[-1].error is None, results[-1].error
    return "".join(text for result in results for text in result.texts)


def test_a_tool_comes_in_is_used_and_goes(stack: Stack) -> None:
    with stack.visitor("alice") as alice, stack.visitor("bob") as bob, stack.visitor("carol") as carol:
        alice.login("alice-demo")
        bob.login("bob-demo")
        carol.login("carol-demo")
        bob.open_project(PROJECT)
        assert "imports: []" in in_workspace(bob, LOOK)
        asked = {"project": PROJECT, "title": "A tool", "why": "To answer", "origin": "Ours"}
        posted(alice, HERE, HERE, [("files", ("tool.py", TOOL, "text/x-python"))], **asked)
        found = wait_for(stack, "in_review")
        assert found["files"][0]["sha256"] == hashlib.sha256(TOOL).hexdigest()
        report = stack.told("import.scanned")[-1]["body"]["report"]
        posted(carol, f"{HERE}/{ID}/decide", f"{HERE}/{ID}", choice="approve", report=report)
        wait_for(stack, "placed")
        # the workspace was open all the time
        said = in_workspace(bob, LOOK, USE, ATTACK, LOOK)
        assert said.count("imports: ['import-1']") == 2
        assert "WRITTEN" not in said
        handed_in(bob)
        rerun = wait_for_rerun(stack, "bob")
        assert rerun["imports"] == [ID]
        posted(alice, f"{HERE}/{ID}/withdraw", f"{HERE}/{ID}", why="done")
        wait_for(stack, "removed")
        assert "imports: []" in in_workspace(bob, LOOK)
        bob.close_project(PROJECT)


def handed_in(person: Visitor) -> None:
    notebook = new_notebook(cells=[new_code_cell(USE), new_code_cell(RELEASE)])
    person.save_notebook(PROJECT, "tool.ipynb", json.loads(nbformat.writes(notebook)))
    submit = "import bulle\nbulle.submit('tool.ipynb', descriptions={'persons': 'Persons by coinsurance rate.'})"
    in_workspace(person, submit)


def wait_for_rerun(stack: Stack, person: str) -> dict[str, Any]:
    """The re-run of the person's request; the request names what it could read, with its digest."""
    for _ in range(120):
        submitted = next((each for each in reversed(stack.told("request.submitted")) if each["actor"] == person), None)
        reruns = stack.told("request.rerun") if submitted else []
        mine = [event["body"] for event in reruns if event["body"]["request"] == submitted["body"]["request"]]
        if mine:
            (brought,) = submitted["body"]["imports"]
            assert (brought["import"], brought["files"][0]["sha256"]) == (ID, hashlib.sha256(TOOL).hexdigest())
            assert mine[0]["ended"] == "finished", mine[0]
            return dict(mine[0])
        time.sleep(1)
    raise TimeoutError("no re-run")
