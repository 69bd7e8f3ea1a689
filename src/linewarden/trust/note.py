"""Signed tree heads, as text that people can mail and print: C2SP checkpoints in C2SP signed notes.

Sources: c2sp.org/signed-note (text, signature lines, key ids, Ed25519 as type 1) and c2sp.org/tlog-checkpoint (origin,
size, root). A verifier key has the form that Go's note package gives it: NAME+ID+BASE64(1 || public key).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linewarden.errors import ConfigError

ED25519 = b"\1"
MOST_SIGNATURES = 16
MOST_CHARACTERS = 16_384
_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who may have signed: a name and a public key."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """A key as it is written. Raises ConfigError."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise ConfigError("is no verifier key; it looks like NAME+1a2b3c4d+BASE64")
        try:
            data = _bytes(parts[2])
        except ValueError:
            raise ConfigError("is no verifier key: no Base64 at its end") from None
        found = cls(parts[0], data[1:])
        if data[:1] != ED25519 or len(data) != 33 or found.id.hex() != parts[1]:
            raise ConfigError("is no verifier key of Ed25519, or one of its characters is wrong")
        return found


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its name."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """What others check its signatures with."""
        return VerifierKey(self.name, self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def line(self, text: str) -> str:
        """The signature line under a text."""
        signature = self.verifier.id + self.key.sign(text.encode())
        return f"\u2014 {self.name} {base64.b64encode(signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class TreeHead:
    """How long the log `origin` was, and its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def signed(head: TreeHead, signers: Sequence[Signer]) -> str:
    """The note: the head, a blank line, a line for each signature."""
    text = head.text()
    return text + "\n" + "".join(s.line(text) for s in signers)


def head_in(note: str) -> TreeHead:
    """What a note says, whoever signed it. Raises ConfigError if it is none."""
    text, _ = _parts(note)
    lines = text.split("\n")
    if len(lines) < 4 or not re.fullmatch(r"0|[1-9]\d{0,18}", lines[1]) or not all(lines[:-1]):
        raise ConfigError("is no tree head: origin, size and root are missing")
    try:
        root = _bytes(lines[2])
    except ValueError:
        raise ConfigError("is no tree head: its root is no Base64") from None
    if len(root) != 32:
        raise ConfigError("is no tree head: its root has another length")
    return TreeHead(lines[0], int(lines[1]), root)


def signers_of(note: str, known: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Who of the known signed this note. Raises ConfigError if a signature of one of them is wrong."""
    text, signatures = _parts(note)
    found = []
    for name, data in signatures:
        key = next((k for k in known if k.name == name and k.id == data[:4]), None)
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], text.encode())
        except InvalidSignature:
            raise ConfigError(f"the signature of {name} is wrong") from None
        found.append(key)
    return found


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > MOST_CHARACTERS:
        raise ConfigError("is no tree head: too long")
    if any(c < " " and c != "\n" for c in note):
        raise ConfigError("is no tree head: it has control characters")
    text, blank, below = note.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise ConfigError("is no signed note; keep the whole text, with its last line")
    signatures: list[tuple[str, bytes]] = []
    for line in below[:-1].split("\n"):
        fits = _LINE.fullmatch(line)
        if fits is None or len(signatures) >= MOST_SIGNATURES:
            raise ConfigError("is no signed note; a line of its signatures is wrong")
        try:
            signatures.append((fits[1], _bytes(fits[2])))
        except ValueError:
            raise ConfigError("is no signed note; a signature is no Base64") from None
    return text + "\n", signatures


def _bytes(text: str) -> bytes:
    """Base64 as one writes it: other characters at its end that mean the same bytes are none (RFC 4648, 3.5). Raises
    ValueError.
    """
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("is no Base64 as one writes it")
    return found
