"""Failures that are nobody's wrong request: a worker that stops, a file that does not answer."""

from __future__ import annotations

from hub.words import Message, say

TOO_LITTLE = say("So little rho leaves nothing but noise; ask for more, or for fewer columns.")

LACKING = say(
    "What makes synthetic rows is not installed in this enclave: an operator installs bulle with its extra "
    "[synthetic], or builds the images with BULLE_SYNTHETIC=1."
)


class PrivacyError(Exception):
    """Nothing was released. `message` never holds a text of OpenDP or DuckDB, which may depend on data."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message
