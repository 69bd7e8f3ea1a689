"""Secrets at rest: each under a data key of its own, which is wrapped by the site's key. Both by AES-256-GCM.

    enc:v1:KEYID:WRAPPED:SEALED      Base64 as in URLs, without padding; each part is nonce (12), ciphertext, tag (16)

A new site key wraps the data keys anew (`rewrap`); the sealed secrets stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linewarden.errors import ConfigError

MARK = "enc:v1:"
SEALED = re.compile(r"enc:v1:([0-9a-f]{8}):([A-Za-z0-9_-]{80}):([A-Za-z0-9_-]{38,90000})")
MOST_SECRET = 65_536
_SECRET, _WRAP = b"linewarden secret v1", b"linewarden data key v1 "


class WrappingKey(Protocol):
    """What wraps data keys, wherever it is."""

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that name it without telling it."""

    def wrap(self, data_key: bytes, about: bytes) -> bytes:
        """Nonce, ciphertext and tag; `about` is bound to it."""

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """The data key. Raises ValueError if it was changed, or wrapped by another key."""


@dataclass(frozen=True, slots=True, repr=False)
class SiteKey:
    """32 bytes that wrap data keys. Its id names it without telling it."""

    key: bytes

    @property
    def id(self) -> str:
        """Eight digits of a hash."""
        return hashlib.sha256(b"linewarden site key v1" + self.key).hexdigest()[:8]

    def wrap(self, data_key: bytes, about: bytes) -> bytes:
        """See WrappingKey."""
        return _encrypted(self.key, data_key, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """See WrappingKey."""
        return _decrypted(self.key, wrapped, about)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that seals, then older ones that still open."""

    keys: Sequence[WrappingKey]
    where: str

    def seal(self, secret: str) -> str:
        """A secret as text for the configuration."""
        if len(secret.encode()) > MOST_SECRET:
            raise ConfigError("a secret of more than 64 KiB is none")
        data_key = os.urandom(32)
        return f"{self._wrapped(data_key)}:{_b64(_encrypted(data_key, secret.encode(), _SECRET))}"

    def open(self, text: str) -> str:
        """The secret. Raises ConfigError, which repeats nothing of it."""
        _, sealed = _parts(text)
        try:
            return _decrypted(self._data_key(text), sealed, _SECRET).decode()
        except ValueError:
            raise ConfigError("was changed since it was sealed") from None

    def rewrap(self, text: str) -> str:
        """The same secret, its data key wrapped by the newest key. Raises ConfigError."""
        if text.split(":")[2] == self.keys[0].id:
            return text
        return f"{self._wrapped(self._data_key(text))}:{text.rpartition(':')[2]}"

    def _wrapped(self, data_key: bytes) -> str:
        newest = self.keys[0]
        return f"{MARK}{newest.id}:{_b64(newest.wrap(data_key, _WRAP + newest.id.encode()))}"

    def _data_key(self, text: str) -> bytes:
        wrapped, _ = _parts(text)
        wanted = text.split(":")[2]
        key = next((k for k in self.keys if k.id == wanted), None)
        if key is None:
            raise ConfigError(f"was sealed with key {wanted}, which {self.where} does not have")
        try:
            return key.unwrap(wrapped, _WRAP + wanted.encode())
        except ValueError:
            raise ConfigError(f"was changed since it was sealed, or the key of {self.where} is another") from None


def is_sealed(text: str) -> bool:
    """Whether a text looks sealed."""
    return text.startswith("enc:")


def _parts(text: str) -> tuple[bytes, bytes]:
    found = SEALED.fullmatch(text)
    try:
        if found is not None:
            return _unb64(found[2]), _unb64(found[3])
    except (binascii.Error, ValueError):
        pass
    raise ConfigError("is no sealed secret, or damaged; make it with `linewarden secret seal`")


def _encrypted(key: bytes, data: bytes, about: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, about)


def _decrypted(key: bytes, data: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:12], data[12:], about)
    except InvalidTag:
        raise ValueError("changed") from None


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
