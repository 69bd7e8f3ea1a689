"""The digest on its way: SMTP with STARTTLS, TLS from the start, or (to this machine only) in the clear."""

from __future__ import annotations

import platform
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from linewarden.service.exporting.carrier import TIMEOUT_S, DeliveryError, why
from linewarden.service.exporting.digest import digest

if TYPE_CHECKING:
    from email.message import EmailMessage

    from linewarden.cases.model import Event


@dataclass(frozen=True, slots=True)
class Post:
    """A mail server and who we are there. `security`: starttls, tls, none."""

    host: str
    port: int
    security: str
    sender: str
    to: tuple[str, ...]
    site: str
    user: str | None = None
    password: str | None = None


class Mailer:
    """The way to a mailbox."""

    most = 5000

    def __init__(self, post: Post, tls: ssl.SSLContext | None) -> None:
        self._post, self._tls = post, tls

    def send(self, events: Sequence[Event]) -> list[str]:
        """One mail about all of them. Raises DeliveryError; gives who of several was refused."""
        post = self._post
        mail = digest(events, post.site, post.sender, post.to, datetime.now().astimezone())
        try:
            refused = self._deliver(mail)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise DeliveryError(f"{post.host}:{post.port}: {_why(error)}") from error
        if refused:
            raise DeliveryError(f"{post.host}:{post.port}: accepts no mail for {', '.join(refused)}; check digest.to",
                              len(events))  # fmt: skip
        return []

    def close(self) -> None:
        """Nothing stays open between two mails."""

    def _deliver(self, mail: EmailMessage) -> list[str]:
        post, ours = self._post, platform.node() or "localhost"  # else smtplib asks a name server who we are
        if post.security == "tls" and self._tls is not None:
            server: smtplib.SMTP = smtplib.SMTP_SSL(post.host, post.port, ours, timeout=TIMEOUT_S, context=self._tls)
        else:
            server = smtplib.SMTP(post.host, post.port, ours, TIMEOUT_S)
        with server:
            if post.security == "starttls":
                server.starttls(context=self._tls)
            if post.user is not None:
                server.login(post.user, post.password or "")
            return list(server.send_message(mail))


def _why(error: Exception) -> str:
    """In a few words; what a server says may have more than one line."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"user or password not accepted ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"accepts no mail for {', '.join(error.recipients)}; check digest.to"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "offers no STARTTLS (or no login); see digest.security"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"answered {error.smtp_code} {' '.join(said.split())[:200]}"
    return why(error)
