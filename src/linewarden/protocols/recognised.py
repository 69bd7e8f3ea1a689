"""Industrial protocols that are recognised by their content and, so far, not read.

Each probe asks for what must be so in every message (magic numbers, lengths that fit), since a wrong name is worse than
none. Where that is little, the protocol is only looked for on its own ports.

Source: the `reference` of each table.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.recognised import recognised, word
from linewarden.records import Identity

_GOOSE_HEAD: l.Ops = (
    # APPID, length with these eight bytes, two reserved words; then the tag of the PDU.
    l.U16(), l.U16("length"), l.Check(l.F("length") >= 10), l.Check(l.F("length") <= l.Size()), l.Skip(4), l.U8("tag"),
)

_FOX_FIELDS = {
    "hostName": "name", "stationName": "name", "app.name": "software", "brandId": "vendor", "os.name": "os",
    "vmUuid": "serial",
}  # fmt: skip


def fox(message: Message) -> Iterator[Record]:
    """The hello of a Niagara station: `key=type:value` lines between braces."""
    said: dict[str, str] = {}
    version: dict[str, str] = {}
    for line in message.data.decode("utf-8", "replace").split("\n")[:64]:
        key, _, typed = line.partition("=")
        value = typed.partition(":")[2].strip()
        if value and key in _FOX_FIELDS:
            said[_FOX_FIELDS[key]] = value
        elif value and key in ("app.version", "os.version"):
            version[key] = value
    for key, field in (("app.version", "software"), ("os.version", "os")):
        if key in version and field in said:
            said[field] += f" {version[key]}"
    if said:
        role = None if said.get("software", "").startswith("Workbench") else "building_controller"
        yield Identity(address=message.src, protocol="fox", evidence="fox hello", role=role, **said)


def station(message: Message) -> Iterator[Record]:
    """The first PMU's name in a configuration frame (IEEE C37.118.2, 6.4): 16 characters."""
    if name := message.data[:16].decode("latin-1").strip("\x00 "):
        yield Identity(address=message.src, protocol="synchrophasor", evidence="configuration frame", name=name,
                       role="rtu")


_BELOW_IP = (
    recognised("goose", "IEC 61850 GOOSE", "IEC 61850-8-1, annex C", (l.On("eth", (0x88B8,)),),
               [*_GOOSE_HEAD, l.Check(l.F("tag").eq(0x61))]),
    recognised("sv", "IEC 61850 sampled values", "IEC 61850-9-2", (l.On("eth", (0x88BA,)),),
               [*_GOOSE_HEAD, l.Check(l.F("tag").eq(0x60))]),
    recognised("ethercat", "EtherCAT", "IEC 61158-4-12", (l.On("eth", (0x88A4,)), l.On("udp", (0x88A4,))),
               # Length of 11 bits, a reserved one, and a type: 1 commands, 4 network variables, 5 mailbox.
               [l.U16("head"), l.Check((l.F("head") & 0x7FF) + 2 <= l.Size()),
                l.Check((l.F("head") >> 12).among(1, 4, 5))], endian="little"),
    recognised("powerlink", "Ethernet POWERLINK", "EPSG DS 301, 4.6", (l.On("eth", (0x88AB,)),),
               [l.U8("kind"), l.Check((l.F("kind") & 0x7F).among(1, 3, 4, 5, 6, 7, 13))]),
    recognised("pn_mrp", "Media redundancy (MRP)", "IEC 62439-2", (l.On("eth", (0x88E3,)),),
               [l.U16("version"), l.Check(l.F("version").eq(1))]),
    recognised("ptp", "Precision time (PTP)", "IEEE 1588-2019, 13", (l.On("eth", (0x88F7,)), l.On("udp", (319, 320))),
               [l.U8("kind"), l.U8("version"), l.U16("length"),
                l.Check((l.F("version") & 0x0F).among(1, 2)),
                l.If((l.F("version") & 0x0F).eq(2), [
                    l.Check((l.F("kind") & 0x0F).among(0, 1, 2, 3, 8, 9, 10, 11, 12, 13)),
                    l.Check(l.F("length") >= 34), l.Check(l.F("length") <= l.Size())])]),
)

_TCP = (
    recognised("fox", "Niagara Fox", "Tridium Niagara Framework, Fox protocol", (l.On("tcp", (1911, 4911)),),
               [l.Check(word(b"fox a "))], anywhere=True,
               main=[l.If(word(b"fox a "), [l.Rich("hello")]), l.Drop()], rich={"hello": fox}),
    recognised("synchrophasor", "Synchrophasors (C37.118)", "IEEE C37.118.2-2011, 6",
               (l.On("tcp", (4712, 4713)), l.On("udp", (4712, 4713))),
               # Sync byte, frame type and version, length, id code; a CRC closes the frame.
               [l.U8("sync"), l.U8("kind"), l.U16("length"), l.Check(l.F("sync").eq(0xAA)),
                l.Check((l.F("kind") & 0x0F).among(1, 2)), l.Check((l.F("kind") >> 4) <= 5),
                l.Check(l.F("length") >= 16), l.Check(l.F("length").eq(l.Size()))],
               framing=l.Length(header=4, at=2, width=2, min=16, magic=(0, b"\xaa")), anywhere=True, confirm=2,
               main=[l.If((l.Peek(1, 1) >> 4).among(2, 3), [l.Skip(20), l.Within(16, [l.Rich("station")])]), l.Drop()],
               rich={"station": station}),
    recognised("ge_srtp", "GE SRTP", "GE Fanuc, as documented by Denton et al., 2017",
               (l.On("tcp", (18245, 18246)),),
               [l.Check(l.Size() >= 56), l.U8("kind"), l.Check(l.F("kind") <= 3), l.U8("zero"),
                l.Check(l.F("zero").eq(0))]),
    recognised("codesys", "CODESYS V2 and V3", "no public specification",
               (l.On("tcp", (1200, 2455, 11740, 11741, 11742, 11743)),),
               [l.Check(l.either(word(b"\xbb\xbb"), word(b"\x00\x01\x17\xe8")))]),
    recognised("genisys", "GENISYS (railway signalling)", "Ansaldo STS, GENISYS protocol", (l.On("tcp", (10001,)),),
               # A control character, a station, and 0xF6 at the end.
               [l.Check(l.Size() >= 3), l.Check(l.Peek(1) >= 0xF1), l.Check(l.Peek(1) <= 0xFE),
                l.Check(l.Peek(1, -1, whence="start").eq(0xF6))]),
    recognised("roc", "ROC Plus", "Emerson, ROC Plus protocol", (l.On("tcp", (4000,)),),
               # Destination unit and group, source unit and group, opcode, length; a CRC closes it.
               [l.Skip(4), l.U8("opcode"), l.U8("length"), l.Check((l.F("length") + 8).eq(l.Size()))]),
)

_BOTH = (
    recognised("slmp", "SLMP (MELSEC)", "CLPA BAP-C2001", (l.On("tcp", (5007, 5000)), l.On("udp", (5006, 5000))),
               # Subheader, network, PC, I/O, station, length of the rest; frame 4E has a serial number before.
               [l.If(l.either(word(b"\x50\x00"), word(b"\xd0\x00")), [
                   l.Check((l.Peek(2, 7, le=True) + 9).eq(l.Size())), l.Check(l.Peek(2, 4, le=True) >= 0x03D0)], [
                   l.Check(l.either(word(b"\x54\x00"), word(b"\xd4\x00"))),
                   l.Check((l.Peek(2, 11, le=True) + 13).eq(l.Size())), l.Check(l.Peek(2, 4).eq(0))]),
                l.If(l.Peek(1) & 0x80, [l.Hint("response")], [l.Hint("request")])], anywhere=True, confirm=2),
    recognised("melsoft", "MELSOFT (MELSEC engineering)", "no public specification",
               (l.On("tcp", (5007, 5562)), l.On("udp", (5006, 5560))),
               [l.Check(l.Size() >= 16), l.Check(l.either(word(b"\x57\x00"), word(b"\xd7\x00"), word(b"\x57\x01"),
                                                          word(b"\xd7\x01"), word(b"\x5a\x00"), word(b"\xda\x00")))]),
    recognised("hart_ip", "HART-IP", "FieldComm TS20085", (l.On("tcp", (5094,)), l.On("udp", (5094,))),
               # Version 1, message type, id, status, sequence, length of the whole.
               [l.U8("version"), l.U8("type"), l.U8("id"), l.Skip(3), l.U16("length"),
                l.Check(l.F("version").eq(1)), l.Check(l.F("type").among(0, 1, 2, 15)), l.Check(l.F("id") <= 5),
                l.Check(l.F("length").eq(l.Size())),
                l.Switch("type", {0: [l.Hint("request")], 1: [l.Hint("response")]})],
               framing=l.Length(header=8, at=6, width=2, min=8, max=4096, magic=(0, b"\x01")), anywhere=True,
               confirm=2),
)

_UDP = (
    recognised("knx", "KNXnet/IP", "ISO 22510", (l.On("udp", (3671,)), l.On("tcp", (3671,))),
               [l.U16("head"), l.U16("service"), l.U16("length"), l.Check(l.F("head").eq(0x0610)),
                l.Check((l.F("service") >> 8).among(2, 3, 4, 5, 6, 9)), l.Check(l.F("length").eq(l.Size()))],
               anywhere=True),
    recognised("ether_sbus", "Saia Ether-S-Bus", "SBC, S-Bus manual 26/739", (l.On("udp", (5050,)),),
               # Length of the whole, version, type, sequence, telegram attribute.
               [l.U32("length"), l.U8("version"), l.U8("type"), l.Skip(2), l.U8("attribute"),
                l.Check(l.F("length").eq(l.Size())), l.Check(l.F("version") <= 1), l.Check(l.F("type") <= 1),
                l.Check(l.F("attribute") <= 2),
                l.If(l.F("attribute"), [l.Hint("response")], [l.Hint("request")])]),
    recognised("ether_sio", "Saia Ether-S-I/O", "SBC, S-I/O manual", (l.On("udp", (6060,)),), [l.Check(word(b"ESIO"))],
               anywhere=True),
    recognised("lontalk", "LonTalk over IP", "ISO/IEC 14908-4", (l.On("udp", (1628, 1629)),),
               [l.U16("length"), l.U8("version"), l.Check(l.F("length").eq(l.Size())), l.Check(l.F("version").eq(1))]),
    recognised("bsap", "BSAP over IP", "Emerson D301401X012", (l.On("udp", (1234, 1235)),),
               [l.U16("id"), l.Check(l.F("id").among(0x0E00, 0x0400, 0x0600, 0x0000))]),
    recognised("c1222", "C12.22 (meters)", "IEEE 1703", (l.On("udp", (1153,)), l.On("tcp", (1153,))),
               [l.U8("tag"), l.Check(l.F("tag").eq(0x60)), l.BerLength("length"),
                l.Check(l.F("length").eq(l.Left()))]),
)

PROTOCOLS = (*_BELOW_IP, *_TCP, *_BOTH, *_UDP)
