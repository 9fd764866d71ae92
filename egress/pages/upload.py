"""Files that a browser sends, read piece by piece under limits of size, number and time; nothing is looked into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from hub.policy.verdict import Refusal, RefusedError
from hub.words import say

MEGABYTE = 1_000_000
_FIELDS = 10
_FIELD_BYTES = 8_192
_AROUND = 64_000  # bytes of boundaries, headers and fields around the files
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Uploaded:
    """A form with its files: (name, content) each, in the order in which they were chosen."""

    form: Mapping[str, str]
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Bounds:
    """What may be sent at once: `most` bytes of all files, so long an upload, so many under way.

    `what` begins the rules of refusals; `too_large` is said of more bytes.
    """

    what: str
    files: int
    most: int
    seconds: float
    at_once: int
    too_large: Refusal


@dataclass
class Uploads:
    """The uploads that are under way: one a person, a few in all, so that nobody's upload fills the memory for all."""

    bounds: Bounds
    _busy: set[str] = field(default_factory=set)

    async def read(self, request: Request, person: str) -> Uploaded:
        """The form that `person` sends. Raises: RefusedError for anything that our own page does not send, and for
        what is larger or slower than it may be.
        """
        async with self._place(person):
            try:
                async with asyncio.timeout(self.bounds.seconds):
                    return await self._read(request)
            except TimeoutError:
                raise RefusedError(Refusal(f"{self.bounds.what}.too_slow", _TOO_SLOW)) from None
            except (MultiPartException, ClientDisconnect, UnicodeDecodeError):
                raise RefusedError(_UNREADABLE) from None

    @asynccontextmanager
    async def _place(self, person: str) -> AsyncIterator[None]:
        if person in self._busy or len(self._busy) >= self.bounds.at_once:
            raise RefusedError(Refusal(f"{self.bounds.what}.busy", _BUSY))
        self._busy.add(person)
        try:
            yield
        finally:
            self._busy.discard(person)

    async def _read(self, request: Request) -> Uploaded:
        if not is_upload(request):
            raise RefusedError(_UNREADABLE)
        most = self.bounds.most
        parser = MultiPartParser(
            request.headers,
            _at_most(request.stream(), most + _AROUND, self.bounds.too_large),
            max_files=self.bounds.files + 1,  # one more is said to be too many, in words of its own
            max_fields=_FIELDS,
            max_part_size=_FIELD_BYTES,
        )
        sent = await parser.parse()
        try:
            texts, files = {}, []
            for name, value in sent.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read(most + 1)
                    if value.filename or content:  # a browser sends an empty part where no file was chosen
                        files.append((value.filename or "", content))
                elif name in texts:
                    raise RefusedError(_UNREADABLE)
                else:
                    texts[name] = value
        finally:
            await sent.close()
        return Uploaded(texts, tuple(files))


def is_upload(request: Request) -> bool:
    """Whether a form with files is what comes."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _MULTIPART


async def _at_most(stream: AsyncIterator[bytes], most: int, refusal: Refusal) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for part in stream:
        taken += len(part)
        if taken > most:
            raise RefusedError(refusal)
        yield part


_UNREADABLE = Refusal("form.unreadable", say("This form cannot be read; open the page again and repeat."))
_TOO_SLOW = say("The upload took longer than it may; bring less, or try from a faster line.")
_BUSY = say("Another upload is under way; try again in a minute.")
