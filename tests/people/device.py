"""A device with a passkey, in software: what a browser and an authenticator do together (WebAuthn, 6.1 and 6.5)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Device:
    """One passkey. `verified`: its holder unlocked it; `counts`: it counts its uses."""

    def __init__(self, origin: str = "https://linewarden.plant", *, verified: bool = True, counts: bool = True) -> None:
        self.origin, self.verified, self.counts = origin, verified, counts
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.uses = hashlib.sha256(str(id(self)).encode()).digest(), 0

    def create(self, options: str) -> str:
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        credential = bytes(16) + len(self.id).to_bytes(2) + self.id + public
        data = self._data(asked["rp"]["id"], 0x40) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(attestation)})

    def get(self, options: str) -> str:
        asked = json.loads(options)
        self.uses += self.counts
        client, data = self._client("webauthn.get", asked["challenge"]), self._data(asked["rpId"], 0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, host: str, flags: int) -> bytes:
        flags |= 0x01 | (0x04 if self.verified else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4)

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response})
