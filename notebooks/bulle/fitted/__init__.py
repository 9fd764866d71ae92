"""What is known of fitted models, library by library. Each is fitted again from its own data, and only that is told."""

from __future__ import annotations

from hub.words import Message, say


class ModelError(Exception):
    """The model cannot be declared; `message` says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


OTHER = say("Fitted again on this frame, the model has other coefficients: is it the one it was fitted to?")
INCOMPLETE = say("Rows of the model hold missing or infinite values: leave those rows out first.")
NOT_BINARY = say("Its outcome must be 0 or 1 in each row: shares and counts of a group are not read.")


def unsolved(error: Exception) -> ModelError:
    """What is said of a model that cannot be fitted again; the error itself may quote values."""
    return ModelError(
        say(
            "Fitted again, the model has no solution ({kind}): leave out what predicts perfectly.",
            kind=type(error).__name__,
        )
    )
