"""The command itself: help, exit codes, languages, and no traceback whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulle.__main__ import run
from bulle.cli import root as root_module
from bulle.cli.root import COMMANDS

Capture = pytest.CaptureFixture[str]
PROGRAM = [sys.executable, "-m", "bulle"]


def test_help_tells_a_newcomer_every_command_with_an_example(capsys: Capture) -> None:
    assert run(["--help"], {}) == 0
    text = capsys.readouterr().out
    assert "sealed research enclave" in text
    for name, entry in COMMANDS.items():
        assert f"  {name} " in text
        assert entry.example in text


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"check", "request"}])
def test_every_command_explains_itself_in_both_languages(name: str, capsys: Capture) -> None:
    assert run([name, "--help"], {}) == 0
    english = capsys.readouterr().out
    assert "Usage: bulle" in english
    assert f"bulle {name}" in english.split("Example", 1)[1]
    assert run(["--lang", "fr", name, "--help"], {}) == 0
    french = capsys.readouterr().out
    assert "Usage : bulle" in french
    assert french != english


@pytest.mark.parametrize(
    ("environ", "french"),
    [
        ({"LANG": "fr_FR.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LC_ALL": "fr_FR", "LANG": "C"}, True),
        ({}, False),
    ],
)
def test_the_language_follows_the_environment(environ: dict[str, str], french: bool, capsys: Capture) -> None:
    assert run(["nonsense"], environ) == 3
    assert ("Il n'y a pas de commande nonsense." in capsys.readouterr().err) is french


def test_the_version_is_the_distributions(capsys: Capture) -> None:
    assert run(["--version"], {}) == 0
    assert capsys.readouterr().out == f"bulle {version('bulle')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["--nonsense"],
        ["extract"],
        ["extract", "nonsense"],
        ["extract", "pack"],
        ["extract", "pack", "--catalogue"],
        ["person", "add"],
        ["log", "list", "--after", "-1"],
        ["log", "list", "--after", "x"],
        ["--lang", "de", "log"],
        ["log", "verify", "--head", "xyz"],
        ["log", "list"],
        ["person", "list", "--state", "/nonexistent"],
        ["permit", "check", "/nonexistent.toml"],
        ["extract", "show", "/nonexistent"],
    ],
)
def test_wrong_usage_is_three_with_a_sentence(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments, {}) == 3
    out, err = capsys.readouterr()
    assert err.strip()
    assert "Traceback" not in out + err


@settings(max_examples=60, deadline=None)
@given(
    arguments=st.lists(
        st.one_of(st.sampled_from(["extract", "log", "person", "--json", "pack", "--", "-h"]), st.text(max_size=8)),
        max_size=5,
    )
)
def test_arbitrary_arguments_never_raise(arguments: list[str]) -> None:
    assert run(arguments, {}) in {0, 2, 3}


def test_an_internal_error_is_one_sentence_and_tells_no_value(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("SECRET-VALUE")

    monkeypatch.setattr(root_module, "import_module", explode)
    assert run(["log", "list"], {}) == 3
    out, err = capsys.readouterr()
    assert "RuntimeError" in err
    assert "SECRET-VALUE" not in out + err
    with pytest.raises(RuntimeError):
        run(["log", "list"], {"BULLE_DEBUG": "1"})


@pytest.mark.parametrize(("package", "extra"), [("opendp", "privacy"), ("docker", "hub"), ("ldap3", "hub")])
def test_a_missing_extra_is_one_sentence(
    package: str, extra: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError(f"No module named '{package}'", name=f"{package}.sub")

    monkeypatch.setattr(root_module, "import_module", missing)
    assert run(["log", "list"], {}) == 3
    assert f"install bulle[{extra}]" in capsys.readouterr().err


def test_interrupting_is_clean(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(root_module, "import_module", interrupt)
    assert run(["log", "list"], {}) == 3
    assert "Interrupted" in capsys.readouterr().err


def test_the_installed_program_is_interrupted_cleanly(tmp_path: Path) -> None:
    fifo = tmp_path / "catalogue.toml"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [*PROGRAM, "source", "register", str(fifo), "--state", str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # it has opened the pipe, so it is inside the command
        try:
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            break
        except OSError:
            time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in {2, 3}  # the pipe's end may have come first: an empty file is no catalogue
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    process = subprocess.Popen([*PROGRAM, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(60) == 3


def test_a_full_disk_behind_standard_output_is_a_sentence() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([*PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_loads_no_engine() -> None:
    program = (
        "import sys; from bulle.__main__ import run; run(['--help'], {}); print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for heavy in ("duckdb", "pandas", "pyarrow", "sqlalchemy", "opendp", "docker", "scipy"):
        assert f"'{heavy}'" not in done.stderr
