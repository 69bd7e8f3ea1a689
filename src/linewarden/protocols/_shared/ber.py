"""A small reader of ASN.1 BER and DER: tag, length, content, one after the other. It never recurses by itself.

Source: X.690 8.1 (tag, length, content), 8.19 (object identifiers), 8.3 (integers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MOST = 4_096

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME, BMP_STRING = (
    0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1E)  # fmt: skip
SEQUENCE, SET = 0x30, 0x31


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `tag` is the identifier octet (low tag numbers only)."""

    tag: int
    content: bytes

    def children(self) -> list[Element]:
        """The elements inside (of a SEQUENCE, a SET, or an explicit tag)."""
        return list(elements(self.content))

    def integer(self) -> int:
        """The content as a signed number of at most 4096 octets."""
        return int.from_bytes(self.content, "big", signed=True)

    def oid(self) -> str:
        """The content as a dotted object identifier."""
        return oid(self.content)


def elements(data: bytes) -> Iterator[Element]:
    """The elements of `data`, at most 4096. ValueError where a length runs past the end or is indefinite."""
    at = 0
    for _ in range(_MOST):
        if at >= len(data):
            return
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("BER length of an unusual form")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("BER length past the end")
        yield Element(tag, data[at : at + length])
        at += length


def one(data: bytes, tag: int) -> Element:
    """The first element, which must have this tag; else ValueError."""
    for element in elements(data):
        if element.tag == tag:
            return element
        break
    raise ValueError(f"BER element 0x{tag:02x} expected")


def oid(content: bytes) -> str:
    """Content octets of an OBJECT IDENTIFIER in dotted form."""
    arcs: list[int] = []
    value = 0
    for octet in content[:128]:
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(value)
            value = 0
    if not arcs:
        return ""
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))
