"""A cell file or hierarchy that cannot be used: one sentence, and nothing was judged."""

from __future__ import annotations

from hub.words import Message


class UnusableError(Exception):
    """Wrong input. `message` names the place and what to do, never a value of the data."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message
