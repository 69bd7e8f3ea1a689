"""Is an ID token right? (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725)

The algorithm is taken from a list of ours: `none` and the HMACs are not in it, so that nobody signs with a public key
as if it were a shared secret.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from linewarden.errors import AccessError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
LEAST_RSA_BITS = 2048
LEEWAY_S = 60
"""Clocks differ."""
MOST_TOKEN = 65_536
Key = RSAKey | ECKey | OKPKey
_REGISTRY = JWSRegistry(algorithms=list(ALGORITHMS))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


class NoKeyError(AccessError):
    """No key of the provider made this signature: it may have new ones."""


def keys_of(said: dict[str, Any]) -> list[Key]:
    """The public keys of a JWK set (RFC 7517) that may sign; others, and what is no key, are left out."""
    listed = said.get("keys")
    found = [_key(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [key for key in found if key is not None]


def _key(one: dict[str, Any]) -> Key | None:
    kinds: dict[str, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(str(one.get("kty")))
    if kind is None or one.get("use", "sig") != "sig" or "d" in one:
        return None
    try:
        return None if kind is RSAKey and _bits(one["n"]) < LEAST_RSA_BITS else kind.import_key(one)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _bits(number: str) -> int:
    """How long a number is (Base64urlUInt, RFC 7518, 2)."""
    data = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    return int.from_bytes(data).bit_length()


def checked(token: str, keys: Sequence[Key], wanted: Wanted, now: datetime) -> dict[str, Any]:
    """The claims of a token that is right. Raises NoKeyError or AccessError."""
    header, claims = _signed(token, keys)
    found = CodeIDToken(
        claims, header,
        {"iss": {"essential": True, "value": wanted.issuer}, "aud": {"essential": True, "value": wanted.client_id}},
        {"nonce": wanted.nonce, "client_id": wanted.client_id, "access_token": wanted.access_token},
    )  # fmt: skip
    try:
        found.validate(int(now.timestamp()), LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        raise AccessError(f"the ID token is not right: {error}") from error
    subject = found["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\0" in subject:  # Core 1.0, 2: 255 characters
        raise AccessError("the ID token is not right: it names nobody")
    return dict(found)


def _signed(token: str, keys: Sequence[Key]) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > MOST_TOKEN:
        raise AccessError("the ID token is not right: it is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise AccessError(f"the ID token is not right: {error}") from error
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise AccessError(f"the ID token is not right: it is not signed with one of {', '.join(ALGORITHMS)}")
    for key in _fitting(keys, header, algorithm):
        try:
            found = jwt.decode(token, key, algorithms=[algorithm], registry=_REGISTRY)
        except (JoseError, ValueError, TypeError):
            continue
        return dict(found.header), dict(found.claims)
    raise NoKeyError("the ID token is not right: no key of the provider made its signature")


def _fitting(keys: Sequence[Key], header: dict[str, Any], algorithm: str) -> list[Key]:
    """Keys of the kind that the algorithm takes; the one with the name that the token gives, if it gives one."""
    name, kind = header.get("kid"), KINDS[algorithm[:2]]
    of_kind = [k for k in keys if k.key_type == kind and k.as_dict().get("alg", algorithm) == algorithm]
    return [k for k in of_kind if name is None or k.kid == name]


def proved_at(claims: dict[str, Any]) -> datetime | None:
    """When they proved who they are (`auth_time`), if it is said."""
    said = claims.get("auth_time")
    if not isinstance(said, (int, float)) or isinstance(said, bool) or not 0 < said < 1e11:
        return None
    return datetime.fromtimestamp(said, UTC)
