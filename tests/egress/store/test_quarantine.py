"""Quarantine gives back what was put in, or says that it cannot."""

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.store.quarantine import Quarantine, QuarantineError


@pytest.fixture
def quarantine(tmp_path: Path) -> Quarantine:
    return Quarantine(tmp_path / "quarantine")


def place(tmp_path: Path, digest: str) -> Path:
    return tmp_path / "quarantine" / digest[:2] / digest


@given(st.binary(max_size=200))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    quarantine = Quarantine(tmp_path_factory.mktemp("q"))
    digest = quarantine.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert quarantine.put(content) == digest
    assert quarantine.get(digest) == content


def test_only_the_service_may_read_it(tmp_path: Path, quarantine: Quarantine) -> None:
    path = place(tmp_path, quarantine.put(b"x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]  # no temporary file stays


def test_the_limit_is_the_largest_size_allowed(quarantine: Quarantine) -> None:
    quarantine.put(b"12345", limit=5)
    with pytest.raises(QuarantineError, match="6 bytes"):
        quarantine.put(b"123456", limit=5)


def test_a_changed_file_is_found_and_never_written_over(tmp_path: Path, quarantine: Quarantine) -> None:
    digest = quarantine.put(b"as frozen")
    place(tmp_path, digest).write_bytes(b"as wished")
    with pytest.raises(QuarantineError, match="changed after it was frozen"):
        quarantine.get(digest)
    with pytest.raises(QuarantineError, match="changed"):
        quarantine.put(b"as frozen")
    assert place(tmp_path, digest).read_bytes() == b"as wished"


@pytest.mark.parametrize("digest", ["", "x" * 64, "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_no_digest_is_no_path(quarantine: Quarantine, digest: str) -> None:
    with pytest.raises(QuarantineError, match="not a digest"):
        quarantine.get(digest)


def test_a_link_or_a_pipe_in_its_place_is_not_followed(tmp_path: Path, quarantine: Quarantine) -> None:
    digest = quarantine.put(b"x")
    path = place(tmp_path, digest)
    (tmp_path / "elsewhere").write_bytes(b"x")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(QuarantineError, match="cannot be read"):
        quarantine.get(digest)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(QuarantineError, match="not a plain file"):
        quarantine.get(digest)


def test_a_missing_file_is_a_sentence(quarantine: Quarantine) -> None:
    with pytest.raises(QuarantineError, match="cannot be read"):
        quarantine.get("0" * 64)


def test_a_volume_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(QuarantineError, match="cannot be written"):
        Quarantine(tmp_path / "file" / "quarantine").put(b"x")
