"""`python -m egress.mail.door`: carries bytes between the process that mails and the site's mail server, nowhere else.

BULLE_SMTP_URL: the mail server. What it carries is sealed between the two ends, and
it has neither log nor state: so who reads the log needs no way out, and who has one knows nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from egress.mail.server import address_of

LOG = logging.getLogger("bulle.mail.door")
PORT = 8025
_PIECE = 65_536
_AT_ONCE = 4  # connections; who mails has one
_SECONDS = 10.0  # for the mail server to take a connection


class Door:
    """One way, to `host` at `port`."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it. Never raises for what the ends do."""
        async with self._room:
            try:
                async with asyncio.timeout(_SECONDS):
                    far, forth = await asyncio.open_connection(self._host, self._port)
            except (OSError, TimeoutError) as error:
                LOG.warning("the mail server cannot be reached: %s", type(error).__name__)
                back.close()
                return
            await asyncio.gather(_carry(near, forth), _carry(far, back))


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()
    sink.close()


async def serve(environ: Mapping[str, str], at: str = "0.0.0.0", port: int = PORT) -> None:  # noqa: S104 -- one container, on an internal network
    """Until stopped. Raises: KeyError, ValueError, OSError."""
    _, host, known = address_of(environ)
    server = await asyncio.start_server(Door(host, known).answer, at, port)
    LOG.info("open towards the mail server")
    async with server:
        await server.serve_forever()


def main() -> int:
    """Carry until stopped; 3 when a setting is missing."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(serve(os.environ))
    except KeyError as error:
        print(f"The door to the mail server needs {error.args[0]} in its environment.", file=sys.stderr)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
