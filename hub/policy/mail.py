"""When and how people are told of news by e-mail, as `policies/mail.toml` says it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from hub.policy.base import Frozen
from hub.policy.files import policies_dir, read_toml


class MailPolicy(Frozen):
    """`mail.toml`."""

    gather_minutes: int = Field(ge=0, le=1440, description="from the first piece of news to the message that tells it")
    news_days: int = Field(ge=1, le=90, description="what is older is not mailed, and a message is not tried longer")
    most: int = Field(ge=1, le=200, description="requests and imports that one message names")
    seconds: int = Field(ge=1, le=300, description="that the mail server may take for one answer")
    plain_to: tuple[str, ...] = Field(description="hosts that are sent messages without TLS")

    @property
    def gather(self) -> timedelta:
        return timedelta(minutes=self.gather_minutes)

    @property
    def news(self) -> timedelta:
        return timedelta(days=self.news_days)


def read_mail(folder: Path | None = None) -> MailPolicy:
    """The policy in `mail.toml` of `folder` (default: the shipped policies). Raises: PolicyFileError."""
    return read_toml((folder or policies_dir()) / "mail.toml", MailPolicy)
