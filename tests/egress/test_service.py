"""The composition root: what the environment must hold, and that the process starts with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from egress.service import configure


def _environment(folder: Path) -> dict[str, str]:
    (folder / "events").mkdir()
    (folder / "token").write_text("secret-of-the-service\n")
    return {
        "BULLE_STATE": str(folder),
        "BULLE_PUBLIC_URL": "https://enclave.example/bulle",
        "BULLE_EGRESS_TOKEN_FILE": str(folder / "token"),
        "JUPYTERHUB_SERVICE_PREFIX": "/bulle/services/egress/",
    }


def test_the_environment_becomes_an_application(tmp_path: Path) -> None:
    browser = TestClient(configure(_environment(tmp_path)), follow_redirects=False, base_url="https://enclave.example")
    assert browser.get("/bulle/services/egress/health").json() == {"status": "ok"}
    begun = browser.get("/bulle/services/egress/")
    assert begun.headers["location"].startswith("/bulle/hub/api/oauth2/authorize?")
    assert "Secure" in begun.headers["set-cookie"]
    assert "Path=/bulle/services/egress/" in begun.headers["set-cookie"]
    assert "secret-of-the-service" not in begun.text + str(begun.headers)


@pytest.mark.parametrize("name", ["BULLE_STATE", "BULLE_PUBLIC_URL", "BULLE_EGRESS_TOKEN_FILE"])
def test_a_missing_setting_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    environment = {key: value for key, value in _environment(tmp_path).items() if key != name}
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "egress.service"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    assert done.stderr.strip().endswith(f"The egress service needs {name} in its environment.")
    assert "Traceback" not in done.stderr


def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    (tmp_path / "token").write_text("\n")
    with pytest.raises(OSError, match="is empty"):
        configure(environment)
