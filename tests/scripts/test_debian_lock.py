"""Locks of Debian packages: what is asked of apt, and what a build is told when a mirror has moved on."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.debian_lock import Locked, LockError, departures, fetched, from_apt, pins, read, sentence

ROOT = Path(__file__).parents[2]
IMAGES = ("base", "doors", "ldap", "workspace")
SHELL = Locked("sh", "1:2.0-1", "amd64", "a" * 64)
SHOWN = f"""Package: sh
Version: 1:2.0-1
Architecture: amd64
Description: a shell
 Version: not this one
SHA256: {"a" * 64}

Package: git
Version: 3
Architecture: all
SHA256: {"b" * 64}
"""


def asked(image: str) -> set[str]:
    lines = (ROOT / "images" / image / "debian.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("#")[0].strip() for line in lines} - {""}


@pytest.mark.parametrize("image", IMAGES)
def test_every_package_asked_for_is_locked_with_version_and_digest(image: str) -> None:
    lock = read((ROOT / "locks" / "debian" / f"{image}.txt").read_text(encoding="utf-8"))
    assert asked(image) <= {one.name for one in lock}
    assert len({one.name for one in lock}) == len(lock)
    assert all(len(one.sha256) == 64 and int(one.sha256, 16) >= 0 and one.version for one in lock)


def test_no_image_asks_for_packages_beside_its_lists() -> None:
    lists = {path.parent.name for path in ROOT.glob("images/*/debian.txt")}
    assert lists == {path.stem for path in ROOT.glob("locks/debian/*.txt")} == set(IMAGES)


def test_a_lock_is_written_of_what_apt_describes_and_read_again() -> None:
    written = from_apt(SHOWN)
    assert written == (Locked("git", "3", "all", "b" * 64), SHELL)
    assert read("# a comment\n" + "\n".join(map(str, written))) == written
    with pytest.raises(LockError, match="SHA256"):
        from_apt("Package: x\nVersion: 1\nArchitecture: all\n")
    with pytest.raises(LockError, match="half a line"):
        read("half a line\n")


def test_pins_ask_for_the_versions_of_the_lock_before_all_others() -> None:
    assert pins([SHELL]) == "Package: sh\nPin: version 1:2.0-1\nPin-Priority: 1001\n"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (SHELL, ()),
        (Locked("sh", "1:2.0-2", "amd64", "c" * 64), ("sh 1:2.0-1 is now 1:2.0-2 amd64",)),
        (Locked("sh", "1:2.0-1", "arm64", "c" * 64), ("sh 1:2.0-1 is now 1:2.0-1 arm64",)),
        (Locked("libnew", "1", "all", "c" * 64), ("libnew 1 is not in the lock",)),
    ],
)
def test_what_departs_from_the_lock_is_told(found: Locked, told: tuple[str, ...]) -> None:
    assert departures((SHELL,), (found,)) == told


def test_other_bytes_under_a_locked_version_are_refused() -> None:
    with pytest.raises(LockError, match="other bytes"):
        departures((SHELL,), (Locked("sh", "1:2.0-1", "amd64", "c" * 64),))


def test_a_sentence_names_three_and_counts_the_rest() -> None:
    assert "5 Debian packages" in sentence("l", tuple("abcde"))
    assert "(a; b; c and 2 more)" in sentence("l", tuple("abcde"))
    assert "(a; b; c);" in sentence("l", tuple("abc"))


def check(lock: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "scripts.debian_lock", "check", str(lock), str(folder)]
    surroundings = {**os.environ, "BULLE_STRICT": "", **environment}
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False, env=surroundings)


def test_a_build_goes_on_with_todays_packages_and_a_strict_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "sh_1%3a2.0-2_amd64.deb").write_bytes(b"deb")
    assert fetched(tmp_path) == (Locked("sh", "1:2.0-2", "amd64", hashlib.sha256(b"deb").hexdigest()),)
    lock = tmp_path / "lock.txt"
    lock.write_text(f"{SHELL}\n")
    done = check(lock, tmp_path)
    assert done.returncode == 0
    assert "sh 1:2.0-1 is now 1:2.0-2 amd64" in done.stdout
    strict = check(lock, tmp_path, BULLE_STRICT="1")
    assert strict.returncode == 1
    assert "BULLE_STRICT=1 builds nothing else" in strict.stderr
    assert "Traceback" not in strict.stderr
