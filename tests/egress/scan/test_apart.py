"""The scan in its child: the same word as here, and nothing at all from a child that breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.apart import asking
from egress.checks.model import Outcome
from egress.scan.apart import rules_of, scan_apart
from egress.scan.look import scan
from hub.policy.limits import read_limits
from hub.policy.model import ImportRules
from tests.egress.scan import made

LIMITS = read_limits().imports
RULES = ImportRules(approver="output_checker", compiled="refuse", identifiers="refuse")  # type: ignore[arg-type]  # as TOML says it
FILES = [
    ("a.py", b"x = 1\n"),
    ("tool.whl", made.wheel(lib=made.ELF)),
    ("b.csv", f"{made.NIR}\n".encode()),
    ("c.tar.xz", made.tarred(made.member("é/a.py"), compression="xz")),
    ("d.txt", "Choléra".encode("utf-16")),
]


def test_the_child_says_what_would_be_said_here() -> None:
    assert scan_apart(FILES, RULES, LIMITS) == scan(FILES, rules_of(RULES, LIMITS))


def test_what_does_not_end_within_the_limits_is_refused() -> None:
    scanned = scan_apart(FILES, RULES, LIMITS.model_copy(update={"memory_mb": 1}))
    assert scanned.outcome is Outcome.FAIL
    assert [file.name for file in scanned.files] == [name for name, _ in FILES]
    assert {notice.rule for notice in scanned.notices} == {"scan.limits"}


@pytest.mark.parametrize(
    "body",
    [
        "exit 1",
        "echo '{\"files\": []}'",
        'echo \'{"files": [{"name": "other.py", "kind": "text", "members": [], "notices": []}]}\'',
        "yes",
    ],
)
def test_a_child_that_was_taken_over_lets_nothing_pass(
    body: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\n{body}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(asking.sys, "executable", str(fake))
    assert scan_apart(FILES[:1], RULES, LIMITS).outcome is Outcome.FAIL
