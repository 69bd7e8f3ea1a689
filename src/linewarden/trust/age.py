"""Encrypted files in the format of age, version 1, so that `age -d` opens them, too, when this program is long gone.

Source: c2sp.org/age (header, X25519 and scrypt stanzas, payload as STREAM: chunks of 64 KiB under ChaCha20-Poly1305,
with their number and a mark of the last one in the nonce). Nothing that was cut, put together anew or changed is given
out as a whole file: `Reader` gives only chunks that are authentic, in order, and raises before it says "end" of a file
that has none.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from linewarden.errors import ConfigError, StoreError
from linewarden.trust import bech32

VERSION = b"age-encryption.org/v1\n"
CHUNK, TAG = 64 * 1024, 16
MOST_HEADER = 64 * 1024
WORK_FACTOR, MOST_WORK = 18, 20
"""2^18: 256 MiB of memory and about a second; more than 2^20 would only stop us."""
_X25519 = b"age-encryption.org/v1/X25519"
_SCRYPT = b"age-encryption.org/v1/scrypt"
_ZERO = bytes(12)
RECIPIENT, IDENTITY = "age", "age-secret-key-"


@dataclass(frozen=True, slots=True)
class Stanza:
    """The file's key, wrapped for one who may read it."""

    arguments: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key: `age1...`."""

    public: bytes

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """A key as it is written. Raises ConfigError."""
        return cls(_key(text.strip(), RECIPIENT, "is no public key of age (age1...)"))

    def __str__(self) -> str:
        return bech32.encode(RECIPIENT, self.public)

    def wrap(self, file_key: bytes) -> Stanza:
        """For this one."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        key = _hkdf(shared, share + self.public, _X25519)
        return Stanza(("X25519", _b64(share)), ChaCha20Poly1305(key).encrypt(_ZERO, file_key, None))


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key: `AGE-SECRET-KEY-1...`."""

    private: bytes

    @classmethod
    def parse(cls, text: str) -> Identity:
        """A key as it is written. Raises ConfigError, which does not repeat it."""
        return cls(_key(text.strip(), IDENTITY, "is no private key of age (AGE-SECRET-KEY-1...)"))

    @classmethod
    def new(cls) -> Identity:
        """A new one."""
        return cls(os.urandom(32))

    def __str__(self) -> str:
        return bech32.encode(IDENTITY, self.private).upper()

    def __repr__(self) -> str:
        return f"Identity({self.recipient})"

    @property
    def recipient(self) -> Recipient:
        """Its public half."""
        return Recipient(X25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw())

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file's key, if one of the stanzas is for this one. Raises StoreError for a damaged one."""
        for stanza in stanzas:
            if stanza.arguments[0] != "X25519":
                continue
            if len(stanza.arguments) != 2 or len(stanza.body) != 32:
                raise StoreError("its header is damaged")
            share = _bytes(stanza.arguments[1], 32)
            try:
                shared = X25519PrivateKey.from_private_bytes(self.private).exchange(
                    X25519PublicKey.from_public_bytes(share)
                )
                key = _hkdf(shared, share + self.recipient.public, _X25519)
                return ChaCha20Poly1305(key).decrypt(_ZERO, stanza.body, None)
            except InvalidTag:
                continue
            except ValueError:  # a share whose product is zero
                raise StoreError("its header is damaged") from None
        return None


@dataclass(frozen=True, slots=True, repr=False)
class Passphrase:
    """A text that opens the file; it is both recipient and identity, and stands alone in its file."""

    text: str
    work: int = WORK_FACTOR

    def wrap(self, file_key: bytes) -> Stanza:
        """For whoever knows it."""
        salt = os.urandom(16)
        body = ChaCha20Poly1305(self._derived(salt, self.work)).encrypt(_ZERO, file_key, None)
        return Stanza(("scrypt", _b64(salt), str(self.work)), body)

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file's key, if this is the passphrase. Raises StoreError for a damaged stanza."""
        those = [s for s in stanzas if s.arguments[0] == "scrypt"]
        if not those:
            return None
        if len(stanzas) != 1 or len(those[0].arguments) != 3 or len(those[0].body) != 32:
            raise StoreError("its header is damaged")
        _, salt, work = those[0].arguments
        if not re.fullmatch(r"[1-9]\d?", work) or int(work) > MOST_WORK:
            raise StoreError("its header asks for more work than is sensible")
        try:
            return ChaCha20Poly1305(self._derived(_bytes(salt, 16), int(work))).decrypt(_ZERO, those[0].body, None)
        except InvalidTag:
            return None

    def _derived(self, salt: bytes, work: int) -> bytes:
        return Scrypt(salt=_SCRYPT + salt, length=32, n=1 << work, r=8, p=1).derive(self.text.encode())


class Writer:
    """Encrypts into a file what is written. `close` ends it; without that it is no whole file for anybody."""

    def __init__(self, file: BinaryIO, recipients: Sequence[Recipient | Passphrase]) -> None:
        if not recipients or (len(recipients) > 1 and any(isinstance(r, Passphrase) for r in recipients)):
            raise ConfigError("name at least one recipient, or one passphrase alone")
        file_key, nonce = os.urandom(16), os.urandom(16)
        head = VERSION + b"".join(_written(r.wrap(file_key)) for r in recipients) + b"---"
        file.write(head + b" " + _b64(_mac(file_key, head)).encode() + b"\n" + nonce)
        self._file, self._chunks = file, _Chunks(file_key, nonce)
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Takes bytes; they are in the file when there are enough for a chunk, or at `close`."""
        self._held += data
        while len(self._held) > CHUNK:  # not the last one: more is there
            self._file.write(self._chunks.seal(bytes(self._held[:CHUNK]), last=False))
            del self._held[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Writes the last chunk."""
        self._file.write(self._chunks.seal(bytes(self._held), last=True))
        self._held.clear()


class Reader:
    """Decrypts a file. Raises StoreError: it is none, is not for these identities, or is not as it was written."""

    def __init__(self, file: BinaryIO, identities: Sequence[Identity | Passphrase]) -> None:
        self._file = file
        head, stanzas, mac = _header(file)
        file_key = next((k for i in identities if (k := i.unwrap(stanzas)) is not None), None)
        if file_key is None:
            raise StoreError("it is not for this key or passphrase, or damaged")
        if len(file_key) != 16 or not hmac.compare_digest(_mac(file_key, head), mac):
            raise StoreError("its header was changed")
        nonce = file.read(16)
        if len(nonce) != 16:
            raise StoreError("it ends too early")
        self._chunks = _Chunks(file_key, nonce)
        self._next = file.read(CHUNK + TAG)
        self._held = bytearray()
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes (-1: all); nothing at the end, which is then known to be the end."""
        while not self._ended and (size < 0 or len(self._held) < size):
            self._held += self._chunk()
        given = bytes(self._held if size < 0 else self._held[:size])
        del self._held[: len(given)]
        return given

    def _chunk(self) -> bytes:
        this, self._next = self._next, self._file.read(CHUNK + TAG)
        self._ended = not self._next
        found = self._chunks.open(this, last=self._ended)
        if not found and self._chunks.count > 1:
            raise StoreError("it was changed")
        return found


class _Chunks:
    """The payload's key, and the number of the chunk."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self.count = 0

    def _nonce(self, last: bool) -> bytes:
        nonce = self.count.to_bytes(11) + (b"\1" if last else b"\0")
        self.count += 1
        return nonce

    def seal(self, data: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), data, None)

    def open(self, data: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last), data, None)
        except InvalidTag:
            raise StoreError("it was cut or changed") from None


def _header(file: BinaryIO) -> tuple[bytes, list[Stanza], bytes]:
    """(what the MAC is over, stanzas, MAC). Raises StoreError."""
    if _line(file, 0) != VERSION:
        raise StoreError("it is no file in the format of age, version 1")
    head, stanzas = VERSION, []
    while (line := _line(file, len(head))).startswith(b"-> "):
        arguments = _text(line[3:-1]).split(" ")
        body, full = b"", True
        head += line
        while full:
            line = _line(file, len(head))
            head += line
            full = len(line) == 65
            body += _decoded(_text(line[:-1])) if line != b"\n" else b""
            if len(line) > 65:
                raise StoreError("its header is damaged")
        if not all(arguments):
            raise StoreError("its header is damaged")
        stanzas.append(Stanza(tuple(arguments), body))
    if not stanzas or not re.fullmatch(rb"--- [A-Za-z0-9+/]{43}\n", line):
        raise StoreError("its header is damaged")
    return head + b"---", stanzas, _bytes(_text(line[4:-1]), 32)


def _line(file: BinaryIO, before: int) -> bytes:
    line = file.readline(4096)
    if not line.endswith(b"\n") or before + len(line) > MOST_HEADER:
        raise StoreError("it is no file in the format of age, version 1" if not before else "its header is damaged")
    return line


def _text(data: bytes) -> str:
    if re.fullmatch(rb"[ -~]*", data) is None:
        raise StoreError("its header is damaged")
    return data.decode("ascii")


def _written(stanza: Stanza) -> bytes:
    text = _b64(stanza.body)
    lines = [text[at : at + 64] for at in range(0, len(text) + 1, 64)]
    return ("-> " + " ".join(stanza.arguments) + "\n" + "\n".join(lines) + "\n").encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Base64 without padding; only the one way of writing it is taken."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise StoreError("its header is damaged") from None
    if _b64(found) != text:
        raise StoreError("its header is damaged")
    return found


def _bytes(text: str, length: int) -> bytes:
    found = _decoded(text)
    if len(found) != length:
        raise StoreError("its header is damaged")
    return found


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_hkdf(file_key, b"", b"header"), head, "sha256")


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _key(text: str, prefix: str, wrong: str) -> bytes:
    try:
        found, data = bech32.decode(text)
    except ValueError:
        raise ConfigError(wrong) from None
    if found != prefix or len(data) != 32:
        raise ConfigError(wrong)
    return data
