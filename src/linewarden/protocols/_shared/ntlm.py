"""NTLM messages: Windows hosts name themselves, and their users, while they log on.

Source: [MS-NLMP] 2.2.1 (messages), 2.2.2.1 (target information), 2.2.2.10 (version). Used by SMB, DCE/RPC and HTTP.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from linewarden.protocols._shared.layout import Col
from linewarden.protocols._shared.message import Message, Native, Record
from linewarden.records import Identity

SIGNATURE = b"NTLMSSP\0"
_UNICODE = 0x00000001
_HAS_VERSION = 0x02000000
_COMPUTER, _DOMAIN, _DNS_COMPUTER, _DNS_DOMAIN = 1, 2, 3, 4
_NEGOTIATE, _CHALLENGE, _AUTHENTICATE = 1, 2, 3
_MAJORS = (5, 6, 10)
_NAMELESS = ("", "NULL")
"""Some libraries put the text NULL where they have no name."""


@dataclass(frozen=True, slots=True)
class Ntlm:
    """What one message says: of its sender (`host`, `domain`, `version`), and of the `user` who logs on."""

    kind: int
    host: str = ""
    dns_name: str = ""
    domain: str = ""
    user: str = ""
    version: str = ""

    def identities(self, address: str, protocol: str) -> Iterator[Identity]:
        """The sender's identity, if the message gives a name or a version."""
        name = self.host or self.dns_name
        if name in _NAMELESS:
            return
        parts = [f"domain {self.domain}" if self.domain not in _NAMELESS else "",
                 f"DNS name {self.dns_name}" if self.dns_name else ""]
        yield Identity(
            address=address, protocol=protocol, name=name,
            evidence="NTLM challenge" if self.kind == _CHALLENGE else "NTLM authenticate",
            os=f"Windows {self.version}" if self.version else None,
            description=", ".join(filter(None, parts)) or None)


COLUMNS = (
    Col("user", "text", "user who logs on (a row of its own)"),
    Col("domain", "text", "domain of the user"),
    Col("client_host", "text", "host that the user says he is at"),
)
"""Columns of the row that `told` gives."""


def told(message: Message) -> Iterator[Record]:
    """A logon: the sender's identity, and a row with the user."""
    said = parse(message.data)
    if said is None:
        return
    yield from said.identities(message.src, message.protocol)
    if said.user not in _NAMELESS:
        yield Native({"user": said.user, "domain": said.domain or None, "client_host": said.host or None})


def parse(blob: bytes) -> Ntlm | None:
    """The NTLM message inside `blob` (SPNEGO wraps it), or None. struct.error or IndexError on a damaged one."""
    start = blob.find(SIGNATURE)
    if start < 0:
        return None
    data = blob[start:]
    kind, = struct.unpack_from("<I", data, 8)
    if kind == _NEGOTIATE:
        return Ntlm(kind, version=_version(data, 32) if _flags(data, 12) & _HAS_VERSION else "")
    if kind == _CHALLENGE:
        return _challenge(data)
    return _authenticate(data) if kind == _AUTHENTICATE else None


def _challenge(data: bytes) -> Ntlm:
    flags = _flags(data, 20)
    pairs = dict(_pairs(_field(data, 40))) if len(data) >= 48 else {}
    version = _version(data, 48) if flags & _HAS_VERSION and len(data) >= 56 else ""
    return Ntlm(_CHALLENGE, host=pairs.get(_COMPUTER, ""), dns_name=pairs.get(_DNS_COMPUTER, ""),
                domain=pairs.get(_DOMAIN) or pairs.get(_DNS_DOMAIN, ""), version=version)


def _authenticate(data: bytes) -> Ntlm:
    flags = _flags(data, 60) if len(data) >= 64 else _UNICODE
    domain, user, host = (_text(_field(data, at), flags) for at in (28, 36, 44))
    first = min((offset for offset in (struct.unpack_from("<I", data, at + 4)[0] for at in (12, 20, 28, 36, 44))
                 if offset), default=0)
    # The version is there only if the payload begins after it.
    version = _version(data, 64) if flags & _HAS_VERSION and first >= 72 else ""
    return Ntlm(_AUTHENTICATE, host=host, domain=domain, user=user, version=version)


def _flags(data: bytes, at: int) -> int:
    value: int = struct.unpack_from("<I", data, at)[0]
    return value


def _field(data: bytes, at: int) -> bytes:
    """A payload field: length, allocated length, offset (2.2.1)."""
    length, _, offset = struct.unpack_from("<HHI", data, at)
    return data[offset : offset + length]


def _pairs(data: bytes) -> Iterator[tuple[int, str]]:
    """AV_PAIRs up to MsvAvEOL."""
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0:
            return
        if kind in (_COMPUTER, _DOMAIN, _DNS_COMPUTER, _DNS_DOMAIN):
            yield kind, _text(data[at + 4 : at + 4 + length], _UNICODE)
        at += 4 + length


def _text(data: bytes, flags: int) -> str:
    text = data.decode("utf-16-le" if flags & _UNICODE else "latin-1", "replace")
    return "".join(c for c in text if c.isprintable())


def _version(data: bytes, at: int) -> str:
    """`10.0.17763`; empty where it is none that Windows has (2.2.2.10): Samba and tools put zeros, or ones."""
    if len(data) < at + 8:
        return ""
    major, minor, build = struct.unpack_from("<BBH", data, at)
    return f"{major}.{minor}.{build}" if major in _MAJORS else ""
