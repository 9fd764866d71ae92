"""Outboxes belong to hostile containers: what is taken is bytes, read once, from plain files only."""

import json
import os
import threading
from pathlib import Path

import pytest

from egress.release.entries import Entry
from egress.store import intake
from egress.store.intake import take, waiting
from egress.store.submission import IntakeError
from hub.policy.limits import IntakeLimits

LIMITS = IntakeLimits(max_files=3, max_file_mb=1, max_total_mb=2, entries_per_day=5, max_outputs=5, max_text_kb=64)
ENTRY = Entry("costs", "alice", "first.request")


def lay(outboxes: Path, *files: str, entry: Entry = ENTRY, **contents: bytes) -> Path:
    """A submission of study.ipynb and `files`."""
    folder = outboxes / entry.project / entry.person / entry.name
    folder.mkdir(parents=True)
    for name in ("study.ipynb", *files):
        (folder / name).write_bytes(contents.get(name.split(".")[0], b"{}"))
    said = {"schema": "bulle.submission/1", "notebook": "study.ipynb", "files": list(files), "descriptions": {"x": "X"}}
    (folder / "submission.json").write_text(json.dumps(said))
    return folder


def refused(outboxes: Path, entry: Entry = ENTRY) -> str:
    with pytest.raises(IntakeError) as caught:
        take(outboxes, entry, LIMITS)
    return str(caught.value)


def test_a_submission_is_taken_whole(tmp_path: Path) -> None:
    lay(tmp_path, "codes.csv", codes=b"1,2\n", study=b"{ }")
    taken = take(tmp_path, ENTRY, LIMITS)
    assert (taken.notebook, taken.files) == (b"{ }", (("codes.csv", b"1,2\n"),))


def test_entries_are_found_by_where_they_lie(tmp_path: Path) -> None:
    lay(tmp_path)
    lay(tmp_path, entry=Entry("costs", "bob", "a.request"))
    (tmp_path / "costs" / "alice" / "being-written").mkdir()
    (tmp_path / "costs" / "Not A Person" / "b.request").mkdir(parents=True)
    assert waiting(tmp_path) == (ENTRY, Entry("costs", "bob", "a.request"))
    assert waiting(tmp_path / "nowhere") == ()


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"key")
    folder = lay(tmp_path / "out", "codes.csv")
    (folder / "codes.csv").unlink()
    (folder / "codes.csv").symlink_to(secret)
    assert "cannot be read" in refused(tmp_path / "out")


@pytest.mark.parametrize("name", ["study.ipynb", "submission.json"])
def test_nor_is_one_in_place_of_the_notebook_or_the_submission(tmp_path: Path, name: str) -> None:
    folder = lay(tmp_path)
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert "cannot be read" in refused(tmp_path)


def test_nor_a_linked_folder(tmp_path: Path) -> None:
    folder = lay(tmp_path / "elsewhere")
    (tmp_path / "out" / "costs" / "alice").mkdir(parents=True)
    (tmp_path / "out" / "costs" / "alice" / "first.request").symlink_to(folder)
    assert "cannot be read" in refused(tmp_path / "out")


def test_nor_a_linked_outbox(tmp_path: Path) -> None:
    lay(tmp_path / "elsewhere")
    (tmp_path / "out" / "costs").mkdir(parents=True)
    (tmp_path / "out" / "costs" / "alice").symlink_to(tmp_path / "elsewhere" / "costs" / "alice")
    assert waiting(tmp_path / "out") == ()
    assert "cannot be read" in refused(tmp_path / "out")


def test_a_hard_link_is_refused(tmp_path: Path) -> None:
    folder = lay(tmp_path, "codes.csv")
    os.link(folder / "codes.csv", tmp_path / "other-name")
    assert "hard link" in refused(tmp_path)


def test_a_pipe_does_not_hold_the_worker(tmp_path: Path) -> None:
    folder = lay(tmp_path, "codes.csv")
    (folder / "codes.csv").unlink()
    os.mkfifo(folder / "codes.csv")
    assert "not a plain file" in refused(tmp_path)


def test_a_device_or_folder_is_no_plain_file(tmp_path: Path) -> None:
    folder = lay(tmp_path, "codes.csv")
    (folder / "codes.csv").unlink()
    (folder / "codes.csv").mkdir()
    assert "not a plain file" in refused(tmp_path) or "cannot be read" in refused(tmp_path)
    if os.geteuid() == 0:
        (folder / "codes.csv").rmdir()
        try:
            os.mknod(folder / "codes.csv", 0o600 | 0o020000, os.makedev(1, 5))
            sentence = refused(tmp_path)
        except PermissionError:
            pytest.skip("device nodes cannot be made or opened here")
        assert "not a plain file" in sentence or "cannot be read" in sentence


@pytest.mark.parametrize(("size", "taken"), [(999_999, True), (1_000_000, True), (1_000_001, False)])
def test_the_largest_file(tmp_path: Path, size: int, taken: bool) -> None:
    lay(tmp_path, "codes.csv", codes=b"x" * size)
    if taken:
        assert len(take(tmp_path, ENTRY, LIMITS).files[0][1]) == size
    else:
        assert "larger than" in refused(tmp_path)


def test_all_files_together_have_a_limit(tmp_path: Path) -> None:
    lay(tmp_path, "a.csv", "b.csv", a=b"x" * 1_000_000, b=b"x" * 999_998)
    assert take(tmp_path, ENTRY, LIMITS)
    lay(tmp_path / "more", "a.csv", "b.csv", a=b"x" * 1_000_000, b=b"x" * 999_999)
    assert "larger than" in refused(tmp_path / "more")


def test_a_sparse_file_of_ten_gigabytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    folder = lay(tmp_path, "codes.csv")
    with (folder / "codes.csv").open("wb") as file:
        file.truncate(10_000_000_000)
    assert "larger than" in refused(tmp_path)


def test_too_many_files(tmp_path: Path) -> None:
    lay(tmp_path, "a.csv", "b.csv")  # three with the notebook
    assert take(tmp_path, ENTRY, LIMITS)
    lay(tmp_path / "more", "a.csv", "b.csv", "c.csv")
    assert "more than the 3 files" in refused(tmp_path / "more")


def test_something_unnamed_or_missing_is_told(tmp_path: Path) -> None:
    folder = lay(tmp_path)
    (folder / "extra").write_bytes(b"")
    assert "does not name" in refused(tmp_path)
    (folder / "extra").unlink()
    (folder / "study.ipynb").unlink()
    assert "study.ipynb is missing" in refused(tmp_path)
    (folder / "submission.json").unlink()
    assert "submission.json is missing" in refused(tmp_path)


@pytest.mark.parametrize("name", ["../alice/first.request", "a b.request", "\x1b[2J.request", "é.request"])
def test_a_folder_with_a_strange_name_is_refused_before_it_is_opened(tmp_path: Path, name: str) -> None:
    assert "folder's name" in refused(tmp_path, Entry("costs", "alice", name))


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path, "codes.csv", codes=b"x" * 1000)
    read_at_most = intake._at_most

    def grow(file: intake.FileIO, size: int) -> bytes:
        content = read_at_most(file, size)
        with (folder / "codes.csv").open("ab") as other:  # the researcher's process, at the worst moment
            other.write(b"y")
        return content

    monkeypatch.setattr(intake, "_at_most", grow)
    assert "changed while it was read" in refused(tmp_path)


def test_a_swap_between_file_and_link_never_lets_a_secret_in(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"SECRET")
    folder = lay(tmp_path / "out", "codes.csv", codes=b"honest")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (folder / ".link").symlink_to(tmp_path / "secret")
            (folder / ".link").rename(folder / "codes.csv")
            (folder / ".file").write_bytes(b"honest")
            (folder / ".file").rename(folder / "codes.csv")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(300):
            try:
                files = take(tmp_path / "out", ENTRY, LIMITS).files
            except IntakeError:
                continue
            assert files == (("codes.csv", b"honest"),)
    finally:
        stop.set()
        swapper.join()


def test_what_was_taken_is_not_what_the_file_says_afterwards(tmp_path: Path) -> None:
    folder = lay(tmp_path, study=b"as submitted")
    taken = take(tmp_path, ENTRY, LIMITS)
    (folder / "study.ipynb").write_bytes(b"as edited afterwards")
    assert taken.notebook == b"as submitted"
