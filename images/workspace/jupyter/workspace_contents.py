"""Files as the workspace's web pages see them: what people write, not what their programs write."""

import errno
import os
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError

WRITTEN_BY_PEOPLE = (".ipynb", ".py", ".md", ".sql", ".toml")
MAX_BYTES = 10_000_000


class StudyContents(AsyncLargeFileManager):
    """Opens and saves notebooks and source text up to a size; other files stay for programs inside only."""

    files_handler_class = None

    async def get(self, path: str, content: bool = True, type: str | None = None, **options: Any) -> Any:  # noqa: A002, FBT001, FBT002
        """A listing, or one file that people write. Raises: HTTPError 403 for any other content."""
        if content and not await self.dir_exists(path):
            self._refuse_unless_written_by_people(path, options.pop("format", None))
            model = await super().get(path, content=False)
            if (model.get("size") or 0) > MAX_BYTES:
                raise HTTPError(403, "This file is too large for the page; use it from a program.")
        return await super().get(path, content=content, type=type, **options)

    async def save(self, model: dict[str, Any], path: str = "") -> Any:
        """Save a notebook or source text. Raises: HTTPError 403 for any other file, 507 when the home is full."""
        if model.get("type") != "directory":
            self._refuse_unless_written_by_people(path, model.get("format"))
        try:
            return await super().save(model, path)
        except HTTPError as error:
            if _for_want_of_room(error):
                raise HTTPError(507, self._full()) from error
            raise

    def _full(self) -> str:
        found = os.statvfs(self.root_dir)
        size = found.f_blocks * found.f_frsize >> 20
        return f"Not saved: your home folder holds {size} MiB and is full; delete what you do not need and save again."

    def _refuse_unless_written_by_people(self, path: str, form: str | None) -> None:
        if form == "base64" or not path.lower().endswith(WRITTEN_BY_PEOPLE):
            raise HTTPError(403, "The page opens notebooks and source files only; use other files from a program.")


def _for_want_of_room(error: BaseException | None) -> bool:
    # undoing a save that failed may fail as well, and hide why
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False
