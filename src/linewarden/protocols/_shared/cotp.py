"""TPKT and COTP, the envelope in which S7comm, S7comm-plus and MMS travel over TCP port 102.

Source: RFC 1006 (TPKT: version 3, reserved 0, two bytes of length), ISO 8073 / X.224 section 13 (COTP class 0).
A data TPDU (DT) is a fragment; bit 0x80 of its number byte (EOT) marks the last one. The connection request (CR) and
confirm (CC) carry the TSAPs as parameters 0xC1 (calling) and 0xC2 (called); in Siemens PLCs the called TSAP's last
byte is rack * 32 + slot.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l

FRAMING = l.Length(header=4, at=2, width=2, min=7, max=65_535, magic=(0, b"\x03\x00"))
"""One TPKT."""

CR, CC, DT, DR, DC, ER = 0xE0, 0xD0, 0xF0, 0x80, 0xC0, 0x70
NAMES = {
    CR: "cotp_connect",
    CC: "cotp_connect",
    DR: "cotp_disconnect",
    DC: "cotp_disconnect",
    ER: "cotp_error",
}

_KEY = 0x1_0000
"""Pair keys of COTP connects, apart from the 16-bit references of the protocol above."""

_CONNECT: l.Ops = (
    l.U16("dst_ref", label="destination reference"), l.U16("src_ref", label="source reference"), l.U8(label="class"),
    l.Repeat(limit=16, then=[
        l.U8("param", label="parameter"), l.U8("param_length", label="parameter length"),
        l.Within(l.F("param_length"), [
            l.Switch("param", {
                # Short TSAPs are two bytes: connection type, and rack and slot. Long ones are text.
                0xC1: [l.Bytes("tsap_calling")],
                0xC2: [
                    l.If(l.Left().eq(2), [
                        l.Let("rack", l.Peek(1, 1) >> 5), l.Let("slot", l.Peek(1, 1) & 0x1F)]),
                    l.Bytes("tsap_called"),
                ],
            }),
        ]),
    ]),
)


def envelope(program: str, key: str) -> l.Ops:
    """Operations that read TPKT and COTP and call `program` over each whole user message.

    A connect sets `tsap_calling`, `tsap_called`, `rack` and `slot`, and `key` (the slot by which the protocol pairs)
    so that request and confirm find each other. `cotp` holds the TPDU's type. Other TPDUs leave a row of their own.
    """
    return (
        l.Skip(4, "TPKT version:1, TPKT reserved:1, TPKT length:2"), l.U8("li", label="COTP header length"),
        l.U8("cotp", label="COTP type"), l.Let("cotp", l.F("cotp") & 0xF0),
        l.Switch("cotp", {
            DT: [
                l.U8("eot", label="COTP number and end"), l.Seek(l.F("li") + 5),
                # S7-300 clients send an empty fragment before many messages; it begins nothing.
                l.If(l.both(l.Left().eq(0), (l.F("eot") & 0x80).eq(0)), [l.Drop()]),
                l.Gather([l.Call(program)], last=l.F("eot") & 0x80),
                l.If((l.F("eot") & 0x80).eq(0), [l.Drop()]),
            ],
            CR: [l.Role("request"), l.Let("fn", _KEY + CR), *_CONNECT, l.Let(key, l.F("src_ref") + _KEY)],
            CC: [l.Role("response"), l.Let("fn", _KEY + CR), *_CONNECT, l.Let(key, l.F("dst_ref") + _KEY)],
            (DR, DC, ER): [l.Role("notify"), l.Let("fn", l.F("cotp") + _KEY)],
        }, [l.Drop()]),
    )


FUNCTION_NAMES = {code + _KEY: name for code, name in NAMES.items()}
"""Names of the `fn` slot that `envelope` sets."""


def probe(then: l.Ops) -> l.Ops:
    """A probe: TPKT and COTP must be right; connects and empty fragments do not tell who speaks (`Later`); `then`
    runs at the first byte of a data TPDU's payload."""
    return (
        l.U16("d"), l.U16("length"), l.U8("li"), l.U8("cotp"),
        l.Check(l.F("d").eq(0x0300)),
        l.Check(l.F("length").eq(l.Size())),
        l.Check(l.F("li") + 5 <= l.Size()),
        l.Switch(l.F("cotp") & 0xF0, {
            CR: [l.Check(l.F("li").eq(l.Size() - 5)), l.Hint("request"), l.Later()],
            CC: [l.Check(l.F("li").eq(l.Size() - 5)), l.Hint("response"), l.Later()],
            DT: [
                l.Check(l.F("li").eq(2)), l.U8(),
                l.If(l.Left().eq(0), [l.Later()]),
                *then,
            ],
        }, [l.Check(l.Const(0))]),
    )
