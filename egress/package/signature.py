"""The signature that a package carries: Ed25519 over one digest, by a key that only the signer has."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from egress.release.signing import statement

SCHEMA = "bulle.signature/1"
SUMS, SIGNATURE = "SHA256SUMS", "signature.json"


@dataclass(frozen=True)
class Signature:
    """`key` is the public key (32 bytes), `value` what it signed with (64 bytes)."""

    request: str
    digest: str
    key: bytes
    value: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key: what people compare."""
        return hashlib.sha256(self.key).hexdigest()

    @property
    def holds(self) -> bool:
        """Whether the key signed this digest for this request."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.value, statement(self.request, self.digest))
        except (InvalidSignature, ValueError):
            return False
        return True

    def to_dict(self) -> dict[str, str]:
        return {
            "schema": SCHEMA,
            "algorithm": "Ed25519",
            "request": self.request,
            "sums_sha256": self.digest,
            "fingerprint": self.fingerprint,
            "public_key": b64encode(self.key).decode(),
            "signature": b64encode(self.value).decode(),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Signature:
        """Raises: KeyError, TypeError, ValueError for anything that `to_dict` does not write."""
        made = cls(
            str(raw["request"]),
            str(raw["sums_sha256"]),
            b64decode(raw["public_key"], validate=True),
            b64decode(raw["signature"], validate=True),
        )
        if made.to_dict() != raw:
            raise ValueError("no signature")
        return made

    def to_bytes(self) -> bytes:
        """The file's content."""
        return json.dumps(self.to_dict(), indent=2).encode() + b"\n"


def sums(files: Mapping[str, bytes]) -> bytes:
    """SHA256SUMS, as `sha256sum --check` reads it: a line for each file, by name."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest that stands for all files of a package."""
    return hashlib.sha256(sums(files)).hexdigest()
