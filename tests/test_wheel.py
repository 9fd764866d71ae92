"""The wheel carries everything a site without a checkout needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_wheel_carries_the_three_houses_and_the_shipped_policies(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"hub/policy/model.py", "egress/assess.py", "bulle/__main__.py"} <= names
    for rules in ("health-fr", "business-fr", "acro-default"):
        assert f"hub/policy/shipped/rules/{rules}.toml" in names
    assert any(name.startswith("hub/locale/fr/") and name.endswith(".po") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "var/"))]
    unpacked = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(unpacked)
    code = """
from hub.policy.files import policies_dir, read_rules
print(policies_dir(), read_rules('health-fr').min_persons.value)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(unpacked) in done.stdout
    assert done.stdout.split()[-1] == "11"
