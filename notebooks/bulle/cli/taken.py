"""What a break-glass act takes out for an inquiry: plain files, copied without following a link."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from egress.release.model import ReleaseRequest
from egress.store.quarantine import Quarantine


def take_frozen(requests: Iterable[ReleaseRequest], quarantine: Quarantine, out: Path) -> int:
    """What the authors of `requests` handed in, as `out/<request>/<name>`; how many files. No result is copied.

    Raises: QuarantineError for a file that is not what was frozen, OSError.
    """
    files = 0
    for request in requests:
        folder = out / request.id
        folder.mkdir(parents=True)
        for frozen in (request.notebook, *request.files):
            (folder / Path(frozen.name).name).write_bytes(quarantine.get(frozen.sha256))
            files += 1
    return files


def take_folder(source: Path, out: Path) -> int:
    """The plain files below `source`, as they lie; how many. Whoever owns them may change them meanwhile, so every step
    down is taken from an open folder and no link is followed. Raises: OSError.
    """
    files = 0
    if not source.is_dir():
        return files  # nobody has opened a workspace yet
    for folder, _, names, at in os.fwalk(source, follow_symlinks=False):
        target = out / Path(folder).relative_to(source)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            files += _copy(name, at, target / name)
    return files


def _copy(name: str, folder: int, target: Path) -> bool:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return False  # a link, a socket, or gone
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        with target.open("xb") as copy:
            shutil.copyfileobj(file, copy)
    return True
