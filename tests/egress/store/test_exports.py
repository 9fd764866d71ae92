"""Exports hold whole packages or none."""

import os
import subprocess
from pathlib import Path

import pytest

from egress.store.exports import ExportError, Exports
from tests.egress.store.volumes import small_volume


def test_a_package_comes_back_whole(tmp_path: Path) -> None:
    exports = Exports(tmp_path / "exports")
    digest = exports.write("costs-1", b"package")
    assert exports.read("costs-1", digest) == b"package"
    assert [path.name for path in (tmp_path / "exports" / "costs-1").iterdir()] == ["package.zip"]


def test_a_changed_package_does_not_leave(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    digest = exports.write("costs-1", b"package")
    (tmp_path / "costs-1" / "package.zip").write_bytes(b"another")
    with pytest.raises(ExportError, match="changed after it was sealed"):
        exports.read("costs-1", digest)


@pytest.mark.parametrize("request_id", ["../costs-1", "costs/1", "", ".", "Costs-1"])
def test_a_request_is_no_path(tmp_path: Path, request_id: str) -> None:
    with pytest.raises(ExportError, match="not the name of a request"):
        Exports(tmp_path).write(request_id, b"package")


def test_a_full_volume_keeps_nothing_half_written(tmp_path: Path) -> None:
    with small_volume(tmp_path / "exports") as volume:
        exports = Exports(volume)
        exports.write("costs-1", b"x" * 4000)
        with pytest.raises(ExportError, match="full"):
            exports.write("costs-2", os.urandom(200_000))
        assert [path.relative_to(volume).as_posix() for path in sorted(volume.rglob("*"))] == [
            "costs-1",
            "costs-1/package.zip",
        ]
        assert exports.write("costs-2", b"y" * 4000)  # with less to write, or room made, it goes


def test_a_read_only_volume_is_a_sentence_for_the_operator(tmp_path: Path) -> None:
    with small_volume(tmp_path / "exports") as volume:
        subprocess.run(["mount", "-o", "remount,ro", str(volume)], check=True)
        with pytest.raises(ExportError, match="cannot be written"):
            Exports(volume).write("costs-1", b"package")


def test_a_place_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "costs-1").write_bytes(b"a file stands here")
    with pytest.raises(ExportError, match="could not be written"):
        Exports(tmp_path).write("costs-1", b"package")


def test_a_package_that_was_not_released_is_discarded(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    digest = exports.write("costs-1", b"package")
    exports.discard("costs-1")
    with pytest.raises(ExportError):
        exports.read("costs-1", digest)
    exports.discard("costs-1")  # twice, or never written: nothing is there
    exports.discard("costs-2")
