"""What a re-run showed, as it is kept and shown: only what is true of it. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress.dossier.compare import Compared, Verdict
from egress.rerun.result import RerunStatus
from hub.words import Message, say

SCHEMA = "bulle.reproduction/1"


@dataclass(frozen=True)
class Certificate:
    """`person` asked for it by a permit of their own, `at` is when (UTC, ISO 8601). `dossier`: its digest. `ended`: how
    the notebook's run ended, and `told` the sentence about it.
    """

    request: str
    project: str
    person: str
    at: str
    dossier: str
    image: str
    extract: str
    isolation: str
    seconds: float
    ended: RerunStatus
    told: Message
    outputs: tuple[Compared, ...]

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many outputs have each verdict."""
        found = Counter(each.verdict for each in self.outputs)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def whole(self) -> bool:
        """Whether every output has the same bytes."""
        return self.counts[Verdict.SAME] == len(self.outputs)

    def sentences(self) -> tuple[Message, ...]:
        """What may be said of it, and no more."""
        counts, of = self.counts, len(self.outputs)
        told = [say("Reproduced: {same} of {of} outputs have the same bytes.", same=counts[Verdict.SAME], of=of)]
        if self.ended is not RerunStatus.FINISHED:
            told.append(self.told)
        if counts[Verdict.DIFFERS]:
            told.append(say("Outputs that differ: {count}.", count=counts[Verdict.DIFFERS]))
        if counts[Verdict.MISSING]:
            told.append(say("Outputs that the re-run does not give: {count}.", count=counts[Verdict.MISSING]))
        if counts[Verdict.NOT_COMPARED]:
            told.append(
                say("Outputs with noise, which is not drawn again: {count}.", count=counts[Verdict.NOT_COMPARED])
            )
        return tuple(told)

    def to_bytes(self) -> bytes:
        """Canonical JSON: the same result has the same digest."""
        raw = {
            "schema": SCHEMA,
            "request": self.request,
            "project": self.project,
            "person": self.person,
            "at": self.at,
            "dossier": self.dossier,
            "image": self.image,
            "extract": self.extract,
            "isolation": self.isolation,
            "seconds": self.seconds,
            "ended": str(self.ended),
            "summary": {str(verdict): count for verdict, count in self.counts.items()},
            "says": [sentence.to_dict() for sentence in self.sentences()],
            "outputs": [_output(each) for each in self.outputs],
        }
        return json.dumps(raw, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _output(each: Compared) -> dict[str, Any]:
    return {
        "name": each.output.name,
        "assurance": each.output.assurance,
        "verdict": str(each.verdict),
        "file": each.output.file,
        "sha256_released": each.output.sha256,
        "sha256_now": each.now or None,
        "where": [place.to_dict() for place in each.where],
    }


def read_certificate(content: bytes) -> dict[str, Any]:
    """A certificate out of quarantine, with its sentences as Messages. Raises: ValueError, KeyError, TypeError."""
    raw = json.loads(content)
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise ValueError("no certificate")
    outputs = [{**each, "where": _sentences(each["where"])} for each in raw["outputs"]]
    return {**raw, "says": _sentences(raw["says"]), "outputs": outputs}


def _sentences(raw: Sequence[Mapping[str, Any]]) -> list[Message]:
    return [Message.from_dict(each) for each in raw]
