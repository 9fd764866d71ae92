"""Files as the workspace's web pages see them: what people write, not what their programs write."""

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
        """Save a notebook or source text. Raises: HTTPError 403 for any other file."""
        if model.get("type") != "directory":
            self._refuse_unless_written_by_people(path, model.get("format"))
        return await super().save(model, path)

    def _refuse_unless_written_by_people(self, path: str, form: str | None) -> None:
        if form == "base64" or not path.lower().endswith(WRITTEN_BY_PEOPLE):
            raise HTTPError(403, "The page opens notebooks and source files only; use other files from a program.")
