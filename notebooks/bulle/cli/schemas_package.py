"""What commands about release packages print as JSON, for the published schemas."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Nothing else stands in it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class VerifyAnswer(Answer):
    """What `bulle verify --json` prints. `rule` and `why` stand in a refusal, all else in a package that holds."""

    schema_: Literal["bulle.verify/1"] = Field(alias="schema")
    verdict: Literal["pass", "review", "refused", "error"] = Field(
        description="pass: signed with the given key; review: signed, and nobody said whose key that is"
    )
    request: str | None = None
    fingerprint: str | None = Field(None, description="SHA-256 of the public key")
    described: bool | None = Field(None, description="it has RO-Crate metadata, and they say the same of its files")
    files: dict[str, str] | None = Field(None, description="SHA-256 by name")
    rule: str | None = None
    why: str | None = None
