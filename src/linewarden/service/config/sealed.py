"""Secrets of the configuration to what they are: opened with the site's key, or read from where they stand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, StoreError
from linewarden.trust.envelope import KeyRing, SiteKey, WrappingKey, is_sealed
from linewarden.trust.key_files import key_of_32_bytes, private_bytes

if TYPE_CHECKING:
    from linewarden.service.config.model import Config

CREDENTIALS = "CREDENTIALS_DIRECTORY"


def secret_of(config: Config, key: str, reference: str | None, file: Path | None) -> str | None:
    """The secret at `key`: by its reference, or from its file, which may hold a sealed one. None: there is none.

    Raises ConfigError, which names the key and repeats nothing of the secret.
    """
    try:
        if reference is None and file is None:
            return None
        text = reference if reference is not None and is_sealed(reference) else _line(reference, file)
        return key_ring(config).open(text) if is_sealed(text) else text
    except (ConfigError, StoreError) as error:
        name = f"{key}_file" if reference is None else key
        raise ConfigError(f"{name}: {error}") from error


def key_ring(config: Config) -> KeyRing:
    """The site's keys: the first seals, the others still open. Raises ConfigError or StoreError."""
    places = (config.secrets.key, *config.secrets.former)
    return KeyRing([key for place in places for key in _keys(place)], shown_place(config.secrets.key))


def shown_place(place: str) -> str:
    """A place in a message."""
    return place.removeprefix("file:").partition("?")[0]


def _keys(place: str) -> list[WrappingKey]:
    """One a line of a file: the first is the newest."""
    if place.startswith("pkcs11:"):
        from linewarden.service.exporting.destination import secret
        from linewarden.trust import hsm

        return [hsm.key_at(place, secret(hsm.place(place).pin))]
    file = place_of(place)
    data = private_bytes(file) if place.startswith("file:") else _read(file)
    lines = data.split() if len(data) != 32 else [data]
    if not lines:
        raise StoreError(f"{file}: is no key; it is empty")
    return [SiteKey(key_of_32_bytes(line, str(file))) for line in lines]


def place_of(reference: str) -> Path:
    """The file of `file:PATH` or `credential:NAME`. Raises ConfigError outside of systemd."""
    kind, _, rest = reference.partition(":")
    if kind == "file":
        return Path(rest)
    folder = os.environ.get(CREDENTIALS)
    if not folder:
        raise ConfigError(f"{reference}: systemd gave no credentials; add LoadCredential={rest}:/PATH to the unit")
    return Path(folder) / rest


def _line(reference: str | None, file: Path | None) -> str:
    from linewarden.service.exporting.destination import secret

    found = place_of(reference) if reference is not None else file
    assert found is not None
    return secret(found)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{file}: cannot be read ({error.strerror or error}); check the unit's LoadCredential="
        ) from error
