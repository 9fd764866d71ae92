"""Edge: folders on the host, reached from the state's root step by step, no step through a link.

Sessions write below homes/, projects/ and outboxes/; runs/, imports/ and notices/ are the services': nobody but the
launcher makes a folder there, so nobody can put a link where the engine is about to mount.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from hub.container import SANDBOX_USER, SERVICE_GROUP, Mount
from hub.launcher.quota import QuotaError, mebibytes, quota_refusal
from hub.policy.limits import FolderLimits

_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# The group stays on what is made in them: /project is for the project's researchers, /outbox for the egress worker.
_MODES = MappingProxyType({"/home/researcher": 0o700, "/outbox": 0o2750, "/project": 0o2770})
_PARENT = 0o755
_LAID = 0o775  # a service's group lays files in it, the sandbox's user reads them


class LinkError(OSError):
    """A link, or something else that is no folder, stands where a folder has to be."""


def check_folder(root: PurePosixPath, folder: PurePosixPath) -> None:
    """Raises: LinkError, OSError when `folder` cannot be reached from `root` by plain folders."""
    with _reached(root, folder, make=False):
        pass


def make_session_folders(root: PurePosixPath, mounts: Iterable[Mount], limits: FolderLimits) -> dict[str, int]:
    """The person's own folders among `mounts`, for the sandbox's user, each of its size where a quota is required; how
    full each of these is, in MiB by where it is mounted. Without a quota nobody knows but by reading it all.

    Raises: LinkError, QuotaError, OSError.
    """
    used = {}
    uid, gid = (int(part) for part in SANDBOX_USER.split(":"))
    for mount in mounts:
        if mount.read_only:
            continue
        target = str(mount.target)
        with _reached(root, mount.source, make=True) as handle:
            os.fchown(handle, uid, SERVICE_GROUP if target == "/outbox" else gid)
            os.fchmod(handle, _MODES[target])
            if limits.quota == "required" and target in limits.sizes:
                used[target] = _used_mb(handle, limits.sizes[target])
    return used


def make_run_folder(root: PurePosixPath, folder: PurePosixPath) -> None:
    """`folder`, empty, for the worker's files. Raises: LinkError, OSError."""
    drop_run_folder(root, folder)
    with _reached(root, folder, make=True) as handle:
        _for_services(handle)


def make_laid_folder(root: PurePosixPath, folder: PurePosixPath) -> None:
    """`folder`, with what lies in it, for what a service lays there: imports, notices. Raises: LinkError, OSError."""
    with _reached(root, folder, make=True) as handle:
        _for_services(handle)


def drop_run_folder(root: PurePosixPath, folder: PurePosixPath) -> None:
    """Remove `folder` with what the worker laid in it. Raises: LinkError, OSError."""
    with _reached(root, folder.parent, make=True) as parent, suppress(FileNotFoundError):
        os.close(_entered(folder.name, parent))
        shutil.rmtree(folder.name, dir_fd=parent)


def _for_services(handle: int) -> None:
    os.fchown(handle, -1, SERVICE_GROUP)
    os.fchmod(handle, _LAID)


def _used_mb(handle: int, limit_mb: int) -> int:
    """What the folder's own file system says. Raises: QuotaError where that is the disk's."""
    found = os.fstatvfs(handle)
    refusal = quota_refusal(found.f_blocks * found.f_frsize, limit_mb)
    if refusal is not None:
        raise QuotaError(refusal)
    return mebibytes((found.f_blocks - found.f_bfree) * found.f_frsize)


@contextmanager
def _reached(root: PurePosixPath, folder: PurePosixPath, *, make: bool) -> Iterator[int]:
    """An open handle on `folder`; its parts below `root` are made where they are missing, if so wished."""
    handle = os.open(Path(root), _STEP)
    try:
        for name in folder.relative_to(root).parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, _PARENT, dir_fd=handle)
            inner = _entered(name, handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _entered(name: str, handle: int) -> int:
    try:
        return os.open(name, _STEP, dir_fd=handle)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise LinkError(error.errno, "no plain folder") from error
        raise
