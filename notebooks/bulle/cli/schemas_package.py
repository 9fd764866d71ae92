"""What commands about release packages print as JSON, for the published schemas."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from egress.checks.model import Assurance
from egress.dossier.compare import Verdict
from egress.rerun.result import Isolation, RerunStatus


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


class RerunOutputAnswer(Answer):
    """One output of the release against the re-run. `where` names places, never values."""

    name: str
    assurance: Assurance
    verdict: Verdict
    file: str
    sha256_released: str
    sha256_now: str | None
    where: list[str]


class CertificateAnswer(Answer):
    """What the re-run showed. `dossier`: the digest of what was run; `says`: all that may be said of it."""

    schema_: Literal["bulle.reproduction/1"] = Field(alias="schema")
    request: str
    project: str
    person: str
    at: str
    dossier: str
    image: str
    extract: str
    isolation: Isolation
    seconds: float
    ended: RerunStatus
    summary: dict[Verdict, int]
    says: list[str]
    outputs: list[RerunOutputAnswer]


class AgainAnswer(Answer):
    """What `bulle rerun --json` prints; `asked` is the entry of the log that asked. `certificate` is null while it
    waits for the worker, and where the re-run was refused (`why`).
    """

    schema_: Literal["bulle.rerun/1"] = Field(alias="schema")
    request: str
    asked: int
    certificate: CertificateAnswer | None
    why: str | None
