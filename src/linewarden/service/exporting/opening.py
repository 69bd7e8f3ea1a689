"""A destination to the way there. What is secret is read here, once, while this process may still read it."""

from __future__ import annotations

import platform

from linewarden.service.exporting.carrier import Carrier
from linewarden.service.exporting.destination import Destination, secret
from linewarden.service.exporting.syslog import Syslog
from linewarden.service.exporting.tls import client_context
from linewarden.service.exporting.webhook import Secrets, Webhook


def form_for(to: Destination, form: str) -> str:
    """`auto` is what most receivers of the kind read: CEF over syslog, JSON for a webhook."""
    return ("cef" if to.is_syslog else "json") if form == "auto" else form


def open_carrier(to: Destination, form: str = "auto", given: Secrets | None = None) -> Carrier:
    """The way to a receiver; nothing is sent yet. `given`: secrets of a webhook that are read already.

    Raises ConfigError for a file that cannot be used.
    """
    tls = client_context(to.ca, to.cert, to.key) if to.is_encrypted else None
    if to.is_syslog:
        return Syslog(to, form_for(to, form), platform.node() or "-", tls)
    secrets = given or Secrets(
        secret(to.token_file) if to.token_file else None, secret(to.secret_file) if to.secret_file else None
    )
    return Webhook(to, form_for(to, form), secrets, tls)
