"""The vectors of RFC 6238 (appendix B) and RFC 4226 (appendix D)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from linewarden.people import totp

SEED = b"1234567890"
KEYS = {"sha1": SEED * 2, "sha256": SEED * 3 + b"12", "sha512": SEED * 6 + b"1234"}
RFC_6238 = [
    (59, "94287082", "46119246", "90693936"), (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"), (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"), (20000000000, "65353130", "77737706", "47863826"),
]  # fmt: skip
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("seconds", "sha1", "sha256", "sha512"), RFC_6238)
def test_rfc_6238(seconds: int, sha1: str, sha256: str, sha512: str) -> None:
    for digest, code in (("sha1", sha1), ("sha256", sha256), ("sha512", sha512)):
        assert totp.hotp(KEYS[digest], seconds // totp.STEP_S, 8, digest) == code


def test_rfc_4226() -> None:
    assert [totp.hotp(SEED * 2, n) for n in range(10)] == RFC_4226


def test_a_code_is_taken_in_its_step_and_one_beside_it() -> None:
    secret = base64.b32encode(SEED * 2).decode()
    for seconds, found in ((30, 1), (59, 1), (60, 1), (89, 1), (90, None), (0, 1)):
        assert totp.matching_step(secret, "287 082", datetime.fromtimestamp(seconds, UTC)) == found
    for wrong in ("", "287081", "1287082", "ä", "\ud800", "28708٢"):
        assert totp.matching_step(secret, wrong, datetime.fromtimestamp(30, UTC)) is None


def test_the_uri_is_one_that_apps_read() -> None:
    uri = totp.uri("ABC", "anna@plant.example")
    assert uri == (
        "otpauth://totp/Linewarden:anna%40plant.example?secret=ABC&issuer=Linewarden&algorithm=SHA1&digits=6&period=30"
    )
