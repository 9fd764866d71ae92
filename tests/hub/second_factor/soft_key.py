"""A security key in software: it answers as browsers hand answers on, and lies where a test tells it to."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

PRESENT, ATTESTED = 0x01, 0x40


class SoftKey:
    """One credential (ES256) with a counter."""

    def __init__(self) -> None:
        self.credential = secrets.token_bytes(32)
        self.count = 0
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, challenge: bytes, site: str, origin: str) -> str:
        """What `navigator.credentials.create` gives."""
        numbers = self._key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + cose
        data = self._data(site, PRESENT | ATTESTED) + attested
        return self._spelled(
            clientDataJSON=_client("webauthn.create", challenge, origin),
            attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def get(self, challenge: bytes, site: str, origin: str) -> str:
        """What `navigator.credentials.get` gives; the counter goes up."""
        self.count += 1
        client, data = _client("webauthn.get", challenge, origin), self._data(site, PRESENT)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._spelled(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _spelled(self, **response: bytes) -> str:
        identity = bytes_to_base64url(self.credential)
        answer: dict[str, Any] = {"id": identity, "rawId": identity, "type": "public-key", "clientExtensionResults": {}}
        answer["response"] = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps(answer)


def _client(kind: str, challenge: bytes, origin: str) -> bytes:
    return json.dumps(
        {"type": kind, "challenge": bytes_to_base64url(challenge), "origin": origin, "crossOrigin": False}
    ).encode()
