"""The tables of who is told what was found: [[export]] and [digest]."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from linewarden.errors import ConfigError
from linewarden.service.config.base import Place, Secret, Table, Whole, unit

Severity = Literal["critical", "high", "medium", "low", "info"]


class Export(Table):
    """Where notices and cases go as they come: one [[export]] table for each receiver. While it is away they wait on
    disk, and are sent when it is back: each at least once, with the same id."""

    to: str = Field(
        repr=False,
        examples=["syslog+tls://siem.plant:6514"],
        description="syslog+tls://HOST, syslog+tcp://HOST, syslog+udp://HOST or https://HOST/PATH; http:// only to "
        "this machine",
    )
    name: str | None = Field(
        default=None,
        examples=["siem"],
        description="of the folder in which its notices wait: letters, digits, '-' and '_'; without: made from `to`",
    )
    format: Literal["auto", "cef", "ecs", "ocsf", "stix", "json"] = Field(
        default="auto", description="auto: cef over syslog, json to a webhook"
    )
    least: Severity = Field(default="medium", description="of this severity and worse")
    tell: Literal["both", "notices", "cases"] = Field(
        default="both",
        description="notices; cases, when one opens, rises in priority or closes (a day without anything new); or both",
    )
    keep_mb: Whole = Field(
        default=64, ge=4, le=65_536, json_schema_extra=unit("MB"),
        description="at most so much waits; then new ones are counted and stay in the lake only",
    )  # fmt: skip
    ca_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/ca.pem"],
        description="who signed the receiver's certificate (PEM); without: the CAs of this machine",
    )  # fmt: skip
    cert_file: Place | None = Field(
        default=None,
        examples=["/etc/linewarden/client.pem"],
        description="our certificate, if the receiver asks for one",
    )
    key_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/client.key"], description="its key, if it is in a file of its own"
    )
    token_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/webhook.token"],
        description="a file with the token for a webhook (Authorization: Bearer)",
    )  # fmt: skip
    secret_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/webhook.secret"],
        description="a file with the secret that signs what a webhook gets (X-Linewarden-Signature: HMAC-SHA256)",
    )  # fmt: skip

    token: Secret | None = Field(
        default=None, repr=False, examples=["credential:webhook-token"],
        description="the same token, sealed (enc:...), or credential:NAME or file:PATH",
    )  # fmt: skip
    secret: Secret | None = Field(
        default=None, repr=False, examples=["credential:webhook-secret"],
        description="the same secret, sealed (enc:...), or credential:NAME or file:PATH",
    )  # fmt: skip

    @field_validator("to")
    @classmethod
    def _is_a_receiver(cls, to: str) -> str:
        from linewarden.service.exporting.destination import destination

        try:
            found = destination(to)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if found.ca or found.cert or found.key:
            raise ValueError("name certificates with ca_file, cert_file and key_file")
        return to

    @field_validator("name")
    @classmethod
    def _is_a_folder(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise ValueError("use letters, digits, '-' and '_', at most 64")
        return name


class Digest(Table):
    """A mail that sums up what was found, sent only when there is something. Without this table there is none."""

    to: tuple[str, ...] = Field(min_length=1, examples=[["shift@plant.example"]], description="who gets it")
    sender: str = Field(examples=["linewarden@plant.example"], description="the address that it comes from")
    server: str = Field(examples=["mail.plant:587"], description="the mail server, host:port")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none: in the clear, and only to this machine"
    )
    every: Literal["daily", "hourly"] = Field(default="daily", description="how often at most")
    at: str = Field(default="07:00", description="of a daily one: when, by the clock of this machine")
    least: Severity = Field(default="medium", description="notices of this severity and worse")
    ca_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/ca.pem"],
        description="who signed the server's certificate (PEM); without: the CAs of this machine",
    )  # fmt: skip
    user: str | None = Field(default=None, examples=["linewarden"], description="who to log in as; without: nobody")
    password_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/mail.password"], description="a file with the password"
    )
    password: Secret | None = Field(
        default=None, repr=False, examples=["credential:mail-password"],
        description="the same password, sealed (enc:...), or credential:NAME or file:PATH",
    )  # fmt: skip

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.server.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)

    @field_validator("to", "sender")
    @classmethod
    def _are_mailboxes(cls, given: Any) -> Any:
        for mailbox in given if isinstance(given, tuple) else (given,):
            if not re.fullmatch(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,255}", mailbox):
                raise ValueError(f"{mailbox!r} is no address of a mailbox; use name@host, in ASCII")
        return given

    @field_validator("server")
    @classmethod
    def _is_a_server(cls, server: str) -> str:
        if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", server) or not (
            0 < int(server.rpartition(":")[2]) < 65_536
        ):
            raise ValueError("use host:port, such as mail.plant:587")
        return server

    @field_validator("at")
    @classmethod
    def _is_a_time(cls, at: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
            raise ValueError("use HH:MM, such as 07:00")
        return at
