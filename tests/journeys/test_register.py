"""The public register in the real stack: anybody reads it, and the process that writes it can reach nothing else."""

from __future__ import annotations

import json
import time

import pytest

from tests.journeys.conftest import Stack, inside

pytestmark = [pytest.mark.journey, pytest.mark.containers]


def test_anybody_reads_it_and_its_writer_holds_no_data(stack: Stack) -> None:
    with stack.visitor("nobody") as anybody:
        for _ in range(60):
            answer = anybody.http.get("/register/register.json")
            data = json.loads(answer.text) if answer.status_code == 200 else {"permits": []}
            if any(permit["results"] for permit in data["permits"]):
                break
            time.sleep(1)
        (permit,) = [each for each in data["permits"] if each["project"] == "reste-a-charge"]
        assert permit["results"]
        assert all(set(each) == {"day", "outputs", "recalled"} for each in permit["results"])
        page = anybody.http.get("/register/", headers={"Accept-Language": "fr"})
        assert "Registre public" in page.text
        for name in ("alice", "bob", "carol", "dora"):
            assert name not in page.text + json.dumps(data)
    look = "import os; print(sorted(os.listdir(os.environ['BULLE_STATE'])))"
    seen = inside(stack, "register", look)
    assert seen.stdout.strip() == "['events', 'register']", seen.stderr
