"""Folders on the host: reached by plain folders only, made for whom they are for."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from hub.container import SERVICE_GROUP, Mount
from hub.launcher.folders import (
    LinkError,
    check_folder,
    drop_run_folder,
    make_laid_folder,
    make_run_folder,
    make_session_folders,
)
from hub.launcher.quota import QuotaError, mebibytes, quota_refusal
from hub.policy.limits import FolderLimits, read_limits
from hub.session import session_container
from hub.workspace import StateLayout, Workspace

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="gives folders to other users, which only root can")
ALICE = Workspace("alice", "study")
NONE = FolderLimits(quota="none", home_mb=16, project_mb=16, outbox_mb=16)


@pytest.fixture
def root(tmp_path: Path) -> PurePosixPath:
    (tmp_path / "extracts" / "study" / "e1").mkdir(parents=True)
    return PurePosixPath(tmp_path)


def mounts(root: PurePosixPath) -> tuple[Mount, ...]:
    return session_container(ALICE, "e1", StateLayout(root), "image", read_limits().workspace).mounts


def test_a_session_has_its_folders_with_their_owners(root: PurePosixPath) -> None:
    for _ in range(2):  # again changes nothing
        make_session_folders(root, mounts(root), NONE)
        for folder, owner, group, mode in (
            ("homes/study/alice", 1000, 1000, 0o700),
            ("projects/study", 1000, 1000, 0o2770),
            ("outboxes/study/alice", 1000, SERVICE_GROUP, 0o2750),
            ("homes/study", 0, 0, 0o755),
        ):
            found = Path(root / folder).stat()
            assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (owner, group, mode), folder


@pytest.mark.parametrize("place", ["homes", "homes/study", "homes/study/alice", "projects/study", "outboxes/study"])
def test_no_step_goes_through_a_link(root: PurePosixPath, tmp_path_factory: pytest.TempPathFactory, place: str) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    os.chmod(elsewhere, 0o711)  # noqa: PTH101 -- to be seen unchanged
    link = Path(root / place)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(LinkError):
        make_session_folders(root, mounts(root), NONE)
    assert list(elsewhere.iterdir()) == []
    assert (elsewhere.stat().st_uid, elsewhere.stat().st_mode & 0o777) == (0, 0o711)


@pytest.mark.parametrize("place", ["extracts", "extracts/study", "extracts/study/e1"])
def test_a_linked_extract_is_none(root: PurePosixPath, tmp_path_factory: pytest.TempPathFactory, place: str) -> None:
    check_folder(root, root / "extracts/study/e1")
    aside = tmp_path_factory.mktemp("aside") / "x"
    Path(root / place).rename(aside)
    Path(root / place).symlink_to(aside)
    with pytest.raises(LinkError):
        check_folder(root, root / "extracts/study/e1")


def test_a_file_is_no_folder_and_what_is_missing_is_missing(root: PurePosixPath) -> None:
    Path(root / "extracts/study/file").touch()
    with pytest.raises(LinkError):
        check_folder(root, root / "extracts/study/file")
    with pytest.raises(FileNotFoundError):
        check_folder(root, root / "extracts/study/none")
    assert not Path(root / "extracts/study/none").exists()


def test_the_folder_of_a_run_is_new_and_the_workers(root: PurePosixPath) -> None:
    folder = root / "runs" / "study-1"
    make_run_folder(root, folder)
    assert (Path(folder).stat().st_gid, Path(folder).stat().st_mode & 0o777) == (SERVICE_GROUP, 0o775)
    Path(folder / "left").mkdir()
    Path(folder / "left" / "over").touch()
    make_run_folder(root, folder)
    assert list(Path(folder).iterdir()) == []
    drop_run_folder(root, folder)
    drop_run_folder(root, folder)  # again is harmless
    assert list(Path(root / "runs").iterdir()) == []


def test_the_folder_of_imports_is_the_workers_and_keeps_what_lies_in_it(
    root: PurePosixPath, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = root / "imports" / "study"
    make_laid_folder(root, folder)
    Path(folder / "import-1").mkdir()
    make_laid_folder(root, folder)
    assert [path.name for path in Path(folder).iterdir()] == ["import-1"]
    found = Path(folder).stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, SERVICE_GROUP, 0o775)
    assert Path(folder.parent).stat().st_mode & 0o777 == 0o755  # the worker can put no link in its place
    Path(root / "imports" / "other").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(LinkError):
        make_laid_folder(root, root / "imports" / "other")


def test_removing_a_run_follows_no_link(root: PurePosixPath, tmp_path_factory: pytest.TempPathFactory) -> None:
    kept = tmp_path_factory.mktemp("kept")
    (kept / "file").touch()
    folder = root / "runs" / "study-1"
    make_run_folder(root, folder)
    Path(folder / "link").symlink_to(kept)
    drop_run_folder(root, folder)
    assert (kept / "file").exists()
    Path(folder).symlink_to(kept)
    with pytest.raises(LinkError):
        drop_run_folder(root, folder)
    assert (kept / "file").exists()


@pytest.mark.parametrize(("more", "refused"), [(-1, False), (0, False), (1, True)])
def test_a_folder_holds_at_most_its_size(more: int, refused: bool) -> None:
    refusal = quota_refusal((16 << 20) + more, 16)
    assert (refusal is not None) == refused


def test_a_folder_as_large_as_the_disk_stays_closed_unless_a_site_wants_no_quota(root: PurePosixPath) -> None:
    required = FolderLimits(home_mb=16, project_mb=16, outbox_mb=16)
    with pytest.raises(QuotaError) as caught:
        make_session_folders(root, mounts(root), required)
    assert caught.value.refusal.rule == "launcher.quota"
    assert "16 MiB" in str(caught.value.refusal.reason)
    assert make_session_folders(root, mounts(root), NONE) == {}
    large = FolderLimits(home_mb=1 << 40, project_mb=1 << 40, outbox_mb=1 << 40)
    told, found = make_session_folders(root, mounts(root), large), os.statvfs(root)
    assert set(told) == set(large.sizes)
    disk = (found.f_blocks - found.f_bfree) * found.f_frsize >> 20
    assert all(abs(used - disk) <= 1024 for used in told.values())  # the disk's own, which others fill meanwhile


@pytest.mark.parametrize(("size", "told"), [(0, 0), (1, 1), (1 << 20, 1), ((1 << 20) + 1, 2)])
def test_what_holds_anything_is_not_empty(size: int, told: int) -> None:
    assert mebibytes(size) == told


def test_the_services_write_notices_and_a_workspace_reads_them(root: PurePosixPath) -> None:
    folder = StateLayout(root).notices_of(ALICE)
    for _ in range(2):
        make_laid_folder(root, folder)
    found = Path(folder).stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (0, SERVICE_GROUP, 0o775)


def test_notices_go_through_no_link(root: PurePosixPath, tmp_path_factory: pytest.TempPathFactory) -> None:
    Path(root / "notices").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(LinkError):
        make_laid_folder(root, StateLayout(root).notices_of(ALICE))
