"""Names, numbers and resource records of DNS, as its relatives (mDNS, LLMNR, NBNS) share them.

Source: RFC 1035 (messages), RFC 6895 (numbers), RFC 1002 4.2 (NetBIOS), RFC 6762 (the top bit of the class in mDNS).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 24: "SIG",
    25: "KEY", 28: "AAAA", 33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC",
    48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 249: "TKEY", 250: "TSIG", 251: "IXFR",
    252: "AXFR", 255: "ANY", 257: "CAA",
}  # fmt: skip
CLASSES = {1: "IN", 3: "CHAOS", 4: "HESIOD", 254: "NONE", 255: "ANY"}
OPCODES = {0: "query", 1: "iquery", 2: "status", 4: "notify", 5: "update", 6: "stateful"}
RCODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
    8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE",
}  # fmt: skip

_MOST_RECORDS = 256


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """One record of the answer, authority or additional section; `at` is where its data begin in the message."""

    name: str
    type: int
    data: bytes
    at: int


def domain_name(message: bytes, at: int) -> tuple[str, int]:
    """The dotted name at an offset, and the offset after it. ValueError if it does not end, or points forward."""
    labels: list[str] = []
    after, first = -1, at  # a pointer leads to an earlier name only, so that names end
    for _ in range(128):
        length = message[at]
        if length == 0:
            return ".".join(labels), after if after >= 0 else at + 1
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | message[at + 1]
            if target >= first:
                break
            if after < 0:
                after = at + 2
            at = first = target
        elif length < 0x40:
            labels.append(message[at + 1 : at + 1 + length].decode("utf-8", "replace"))
            at += 1 + length
        else:
            break
    raise ValueError("DNS name without end")


def records(message: bytes) -> Iterator[ResourceRecord]:
    """The records after the question section, at most 256."""
    questions, *counts = struct.unpack_from(">HHHH", message, 4)
    at = 12
    for _ in range(min(questions, 32)):
        _, at = domain_name(message, at)
        at += 4
    for _ in range(min(sum(counts), _MOST_RECORDS)):
        name, at = domain_name(message, at)
        kind, _, _, length = struct.unpack_from(">HHIH", message, at)
        at += 10
        yield ResourceRecord(name, kind, message[at : at + length], at)
        at += length


def netbios_name(encoded: str) -> tuple[str, int]:
    """Name and suffix of a NetBIOS name in its half-ASCII form (RFC 1001 14.1). ValueError if it is none."""
    half = encoded.partition(".")[0]
    if len(half) != 32 or not all("A" <= c <= "P" for c in half):
        raise ValueError("no NetBIOS name")
    codes = [ord(c) - 65 for c in half]
    octets = bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))
    return octets[:15].decode("latin-1").rstrip(" \x00"), octets[15]
