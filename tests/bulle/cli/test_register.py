"""The register on the command line, and that its data follow the published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from hub.policy.files import policies_dir
from tests.bulle.cli.test_admin import Capture, Desk


def test_it_is_written_and_follows_its_schema(tmp_path: Path, capsys: Capture) -> None:
    desk = Desk(tmp_path, capsys)
    desk.prepare()
    out = tmp_path / "site" / "register"
    assert "7 files" in desk.run("register", str(out), "--address", "https://research.example/register")
    data = json.loads((out / "register.json").read_text())
    schema = json.loads((policies_dir() / "schemas" / "register.schema.json").read_text())
    jsonschema.validate(data, schema)
    assert [permit["project"] for permit in data["permits"]] == ["care"]
    assert "https://research.example/register/feed.en.atom" in (out / "feed.en.atom").read_text()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "checkers": ["carol"]}, schema)
