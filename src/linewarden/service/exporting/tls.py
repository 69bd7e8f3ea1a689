"""Encryption towards a receiver: its certificate and its name are always checked."""

from __future__ import annotations

import ssl
from pathlib import Path

from linewarden.errors import ConfigError


def client_context(ca: Path | None, cert: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later. The files are read now, as later this process may not. Raises ConfigError for a bad one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca is not None:
            context.load_verify_locations(cafile=ca)
        else:
            context.load_default_certs()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{ca}: no certificates can be read from it ({_said(error)}); it must be PEM") from error
    try:
        if cert is not None:
            context.load_cert_chain(cert, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{cert}: no certificate with its key can be read ({_said(error)}); PEM, key without password"
        ) from error
    return context


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
