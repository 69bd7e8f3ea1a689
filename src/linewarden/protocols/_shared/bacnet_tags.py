"""BACnet's tagged data (ANSI/ASHRAE 135 20.2) as table programs, and as a small reader for the rich parsers.

A tag octet holds a number, a class (application or context) and a length; lengths from 5 on, and numbers from 15 on,
take more octets. Length 6 and 7 of the context class open and close a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.bacnet_names import OBJECT_NAME, PRESENT_VALUE

_DEPTH = 16

TAG: l.Ops = [
    # Into `tag` number, `app` 1 for the application class, `open`, `close`, and `size`.
    l.U8("octet"), l.Let("tag", l.F("octet") >> 4), l.Let("app", (l.F("octet") & 8).eq(0)),
    l.Let("size", l.F("octet") & 7),
    l.Let("open", l.both(l.F("app").eq(0), l.F("size").eq(6))),
    l.Let("close", l.both(l.F("app").eq(0), l.F("size").eq(7))),
    l.If(l.F("tag").eq(15), [l.U8("tag")]),
    l.If(l.either(l.F("open"), l.F("close")), [l.Let("size", 0)], [
        l.If(l.F("size").eq(5), [
            l.U8("size"), l.Switch("size", {254: [l.U16("size")], 255: [l.U32("size")]})]),
        # An application boolean is its length field.
        l.If(l.both(l.F("app"), l.F("tag").eq(1)), [l.Let("num", l.F("size")), l.Let("size", 0)])]),
]

UINT: l.Ops = [
    l.Switch("size", {n: [l.Int("num", n)] for n in range(1, 9)}, [l.Skip(l.F("size")), l.Let("num", 0)]),
]
"""`size` octets as a number into `num`."""

_SINT: l.Ops = [
    l.Switch("size", {n: [l.Int("num", n, signed=True)] for n in range(1, 9)}, [l.Skip(l.F("size")), l.Let("num", 0)]),
]

_TELL: l.Ops = [l.Let("value", l.F("num")), l.If(l.F("reads"), [l.Number(l.F("num"))])]


def _float(kind: str, size: int) -> l.Ops:
    # In a request it is the command's value; of an answer only a present value is a reading.
    return [l.If(l.both(l.either(l.F("reads"), l.F("asks")), l.F("size").eq(size)), [l.Values(kind, 1)],
                 [l.Skip(l.F("size"))])]


_NAMES: l.Expr = l.both(l.F("property").eq(OBJECT_NAME), l.F("asks").eq(0), l.F("size") > 1)

_PRIMITIVE: l.Ops = [
    l.Switch("tag", {
        0: [], 1: _TELL, (2, 9): [l.Call("uint"), *_TELL], 3: [*_SINT, *_TELL],
        4: _float("f32", 4), 5: _float("f64", 8),
        7: [
            l.If(_NAMES, [l.Let("name_at", l.Pos() + 1), l.Let("name_size", l.F("size") - 1)]),
            l.Within(l.F("size"), [
            l.U8(), l.If(l.either(l.F("reads"), l.F("asks")), [l.At(1, [l.Text()])]), l.Bytes("text")])],
    }, [l.Skip(l.F("size"))]),
]

VALUE: l.Ops = [
    # Up to the closing tag: the first value is told, the rest (arrays, nested lists) is walked over.
    l.Unset(("value", "text")), l.Let("depth", 0), l.Let("done", 0), l.Let("seen", 0),
    l.Let("reads", l.both(l.F("property").eq(PRESENT_VALUE), l.F("asks").eq(0))),
    # The object's name, if it stands before its value in the same answer. It is the reading's, not the command's.
    l.If(l.both(l.F("reads"), l.F("name_size")), [l.At(l.F("name_at"), [l.Bytes("name", l.F("name_size"))])]),
    l.Repeat([
        l.If(l.F("done").eq(0), [
            l.Call("tag"),
            l.If(l.F("close"), [l.If(l.F("depth").eq(0), [l.Let("done", 1)], [l.Let("depth", l.F("depth") - 1)])], [
                l.If(l.F("open"), [l.Let("depth", l.F("depth") + 1)], [
                    l.If(l.both(l.F("app"), l.F("seen").eq(0), l.F("depth").eq(0)), _PRIMITIVE, [l.Skip(l.F("size"))]),
                    l.Let("seen", 1)])]),
        ]),
    ], limit=8192),
    l.Unset(("name",)),
]


def context(number: int, *then: l.Op) -> l.Op:
    """If the tag at the cursor is this context tag (and no list), read it as a number into `num`; then `then`."""
    octet = l.Peek(1)
    return l.If(l.both((octet & 0xF8).eq(number << 4 | 8), (octet & 7) <= 5, l.Left() > 0),
                [l.Call("tag"), l.Call("uint"), *then])


def opening(number: int, *then: l.Op, otherwise: l.Ops = ()) -> l.Op:
    """If the tag at the cursor opens this list, go past it; then `then`."""
    return l.If(l.Peek(1).eq(number << 4 | 0xE), [l.Skip(1), *then], otherwise)


OBJECT: l.Ops = [
    l.Let("object_type", l.F("num") >> 22), l.Let("instance", l.F("num") & 0x3FFFFF), l.Let("name_size", 0)]
"""An object identifier in `num`: ten bits of type, 22 of instance. Its name is not known yet."""


def until_close(*then: l.Op) -> l.Op:
    """Run for each element of a list up to its closing tag, and go past that."""
    return l.Repeat([
        l.If(l.F("over").eq(0), [
            l.If(l.both((l.Peek(1) & 0x0F).eq(0x0F), l.Left() > 0), [l.Skip(1), l.Let("over", 1)], then)]),
    ], limit=512)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag with its content: `number`, application class or not, 'open'/'close' or ''."""

    number: int
    application: bool
    mark: str
    value: int  # of an application boolean
    data: bytes


def tags(data: bytes) -> Iterator[Tag]:
    """The tags of service data in order. Raises IndexError or ValueError where they end early."""
    at = 0
    while at < len(data):
        octet = data[at]
        number, application, size = octet >> 4, not octet & 8, octet & 7
        at += 1
        if number == 15:
            number = data[at]
            at += 1
        if not application and size >= 6:
            yield Tag(number, False, "open" if size == 6 else "close", 0, b"")
            continue
        if size == 5:
            size, at = _long(data, at)
        if application and number == 1:
            yield Tag(number, True, "", size, b"")
            continue
        if at + size > len(data):
            raise ValueError("BACnet tag runs past its message")
        yield Tag(number, application, "", 0, data[at : at + size])
        at += size


def _long(data: bytes, at: int) -> tuple[int, int]:
    size = data[at]
    width = {254: 2, 255: 4}.get(size, 0)
    if width:
        return int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width
    return size, at + 1


_CHARSETS = {0: "utf-8", 3: "utf-32-be", 4: "utf-16-be", 5: "latin-1"}


def characters(data: bytes) -> str:
    """A character string (20.2.9): its first octet names the character set. Many say UTF-8 and write Latin-1."""
    try:
        text = data[1:].decode(_CHARSETS.get(data[0], "latin-1"))
    except UnicodeDecodeError:
        text = data[1:].decode("latin-1")
    return text.strip("\0 ")
