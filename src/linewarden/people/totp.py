"""Codes of an authenticator app: TOTP (RFC 6238) over HOTP (RFC 4226), as every app knows it: SHA-1, 6 digits, 30 s."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
"""RFC 4226, section 4, R6: 160 bits."""
WINDOW = 1
"""Steps before and after the one of now that are taken too (RFC 6238, section 5.2): clocks differ."""


def new_secret(random: Callable[[int], bytes]) -> str:
    """A secret in base32."""
    return base64.b32encode(random(SECRET_BYTES)).decode()


def hotp(secret: bytes, counter: int, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The code of a counter (RFC 4226, section 5.3)."""
    mac = hmac.new(secret, struct.pack("!Q", counter), getattr(hashlib, digest)).digest()
    at = mac[-1] & 0xF
    number = int.from_bytes(mac[at : at + 4]) & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(now: datetime) -> int:
    """The step of a moment."""
    return int(now.timestamp()) // STEP_S


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is; None if it is no code of now. Whoever asks sees to it that no step is used twice."""
    key, said = base64.b32decode(secret), code.replace(" ", "").encode("utf-8", "replace")
    found = None
    for step in range(step_of(now) - WINDOW, step_of(now) + WINDOW + 1):
        if step >= 0 and hmac.compare_digest(hotp(key, step).encode(), said):
            found = step
    return found


def uri(secret: str, login: str, issuer: str = "Linewarden") -> str:
    """What a QR code for the app has in it."""
    return (
        f"otpauth://totp/{quote(issuer)}:{quote(login, safe='')}?secret={secret}&issuer={quote(issuer)}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )
