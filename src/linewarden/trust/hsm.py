"""A site key that never leaves its token: AES-256-GCM over PKCS #11 (`pip install 'linewarden[hsm]'`).

Sources: RFC 7512 (the URI), PKCS #11 version 3.0, CKM_AES_GCM. Tried with SoftHSM 2.6.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from linewarden.errors import ConfigError

NONCE = 12
SHAPE = "use pkcs11:token=NAME;object=KEY?module-path=/PATH/TO.so&pin-source=file:/PATH"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the key is: the token's name, the key's, the library that reaches it, and the file with the PIN."""

    token: str
    object: str
    module: Path
    pin: Path


def place(uri: str) -> Place:
    """What a URI names. Raises ConfigError."""
    path, _, query = uri.removeprefix("pkcs11:").partition("?")
    named = dict(part.partition("=")[::2] for part in path.split(";"))
    asked = {key: values[0] for key, values in parse_qs(query).items()}
    if set(named) != {"token", "object"} or set(asked) != {"module-path", "pin-source"}:
        raise ConfigError(f"is no place of a key; {SHAPE}")
    module, pin = Path(asked["module-path"]), Path(asked["pin-source"].removeprefix("file:"))
    if not (module.is_absolute() and pin.is_absolute()):
        raise ConfigError(f"names a file by a relative path; {SHAPE}")
    return Place(unquote(named["token"]), unquote(named["object"]), module, pin)


@dataclass(frozen=True, slots=True, repr=False)
class HsmKey:
    """A key in a token; see envelope.WrappingKey."""

    id: str
    _key: Any

    def wrap(self, data_key: bytes, about: bytes) -> bytes:
        """In the token."""
        import pkcs11

        nonce = os.urandom(NONCE)
        try:
            return nonce + bytes(self._key.encrypt(data_key, **_mechanism(nonce, about)))
        except pkcs11.PKCS11Error as error:
            raise ConfigError(f"the token does not encrypt ({type(error).__name__}); it needs AES-GCM") from error

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """In the token. A token has many words for a tag that is wrong."""
        import pkcs11

        try:
            return bytes(self._key.decrypt(wrapped[NONCE:], **_mechanism(wrapped[:NONCE], about)))
        except pkcs11.PKCS11Error as error:
            raise ValueError(type(error).__name__) from error


def _mechanism(nonce: bytes, about: bytes) -> dict[str, Any]:
    import pkcs11

    return {
        "mechanism": pkcs11.Mechanism.AES_GCM,
        "mechanism_param": pkcs11.GCMParams(nonce, aad=about, tag_bits=128),
    }


def key_at(uri: str, pin: str) -> HsmKey:
    """The AES key of a token, whose session lasts as long as the process. Raises ConfigError."""
    where = place(uri)
    try:
        import pkcs11
    except ImportError as error:
        raise ConfigError("a key in a token needs python-pkcs11: pip install 'linewarden[hsm]'") from error
    try:
        session = _session(where.module, where.token, pin)
        key = session.get_key(label=where.object, key_type=pkcs11.KeyType.AES)
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        why = type(error).__name__ if isinstance(error, pkcs11.PKCS11Error) else str(error)
        raise ConfigError(f"the key {where.object} of token {where.token} cannot be had ({why})") from error
    name = b"linewarden token key v1" + bytes(session.token.serial) + where.object.encode()
    return HsmKey(hashlib.sha256(name).hexdigest()[:8], key)


@cache  # a process logs in to a token once
def _session(module: Path, token: str, pin: str) -> Any:
    import pkcs11

    return pkcs11.lib(str(module)).get_token(token_label=token).open(user_pin=pin)
