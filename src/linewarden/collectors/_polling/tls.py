"""The encrypted way to a machine: its certificate and its name are always checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.collectors._polling.trouble import LostError, reason

if TYPE_CHECKING:
    import ssl


def client_context(ca: Path | None, cert: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later. Raises LostError for a file that cannot be used: a later try may find it mended."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca is not None:
            context.load_verify_locations(cafile=ca)
        else:
            context.load_default_certs()
    except (OSError, ValueError) as error:
        raise LostError(f"ca_file: {ca}: no certificates are read from it ({reason(error)}); it must be PEM") from error
    try:
        if cert is not None:
            context.load_cert_chain(cert, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        text = f"cert_file: {cert}: no certificate with its key can be read ({reason(error)}); PEM, no password"
        raise LostError(text) from error
    return context


def tls_trouble(peer: str, error: ssl.SSLError) -> str:
    """Why no encrypted connection came about, and what to look at."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{peer}: its certificate is not accepted ({error.verify_message}); check ca_file and server_name"
    return f"{peer}: no encrypted connection ({error.reason or reason(error)}); check cert_file and the machine's log"
