"""Secrets that are made here: long and random, so that a fast hash is enough, and only the hash is kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

CODE_BYTES = 16
"""128 bits: 26 letters and digits."""
SECRET_BYTES = 32


def new_code(random: Callable[[int], bytes], size: int = CODE_BYTES) -> str:
    """A code that people can type: `K5QXE-...`, letters and the digits 2 to 7 (RFC 4648)."""
    text = base64.b32encode(random(size)).decode().rstrip("=")
    return "-".join(text[at : at + 5] for at in range(0, len(text), 5))


def typed(code: str) -> str:
    """A code as it was meant: without case, spaces and dashes; 0 is O and 1 is I."""
    return "".join(c for c in code.upper() if c.isalnum()).translate({ord("0"): "O", ord("1"): "I"})[:256]


def new_secret(random: Callable[[int], bytes]) -> str:
    """A secret for programs: 256 bits in base64url."""
    return base64.urlsafe_b64encode(random(SECRET_BYTES)).decode().rstrip("=")


def digest(kind: str, secret: str) -> str:
    """What is kept of a secret. `kind` keeps a secret of one kind from being any use as another."""
    return hashlib.sha256(f"linewarden {kind}\0{secret}".encode("utf-8", "surrogatepass")).hexdigest()


def code_digest(code: str) -> str:
    """What is kept of a code."""
    return digest("code", typed(code))


def same(a: str, b: str) -> bool:
    """Compares in a time that does not tell where they differ."""
    return hmac.compare_digest(a.encode("utf-8", "surrogatepass"), b.encode("utf-8", "surrogatepass"))
