"""NTP: the plant's time.

Source: RFC 5905 7.3 (packet header); RFC 9327 (control messages, mode 6). A request is mode 3 (client) or 1
(symmetric active), its answer mode 4 or 2, which returns the request's transmit time as its originate time. Columns
follow Zeek's ntp.log.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l

_MODES = {1: "symmetric_active", 2: "symmetric_passive", 3: "client", 4: "server", 5: "broadcast", 6: "control",
          7: "private"}

_TIMED: l.Ops = [
    l.U8("stratum"), l.Int("poll", 1, signed=True), l.Int("precision", 1, signed=True), l.U32("root_delay"),
    l.U32("root_disp"),
    # RFC 5905 figure 12: four characters up to stratum 1, the address of the reference above.
    l.If(l.F("stratum") <= 1, [l.Bytes("ref_name", 4)], [l.U32("ref_id")]),
    l.Skip(8), l.U64("org"), l.Skip(8), l.U64("xmt"),
]

PROTOCOL = l.Protocol(
    name="ntp",
    title="Network Time Protocol",
    reference="RFC 5905",
    on=(l.On("udp", (123,)),),
    probe=[
        l.U8("first"), l.Let("mode", l.F("first") & 7), l.Let("version", l.F("first") >> 3 & 7),
        l.Check(l.both(l.F("mode").ne(0), l.F("version") >= 1, l.F("version") <= 4)),
        l.If(l.F("mode") <= 5, [
            l.Check(l.Size() >= 48), l.Check(l.Peek(1) <= 16),
            # Off its port: sane poll, precision, root delay and dispersion, and no other stratum than a server's.
            l.If(l.OnPort().eq(0), [
                l.Check(l.either(
                    l.both(l.F("version") >= 3, l.Size() <= 72, l.Peek(1, 1) <= 17, l.Peek(1, 2) >= 0xE0,
                           l.Peek(2, 3) <= 16, l.Peek(2, 7) <= 16),
                    # A simple client asks with nothing but its transmit time (RFC 4330 5).
                    l.both(l.F("mode").eq(3), l.Size().eq(48), *(l.Peek(8, at).eq(0) for at in (0, 8, 16, 24, 31)))))]),
        ], [
            l.Check(l.both(l.OnPort(), l.Size() >= 8)),
        ]),
        l.If(l.SrcPort().ne(l.DstPort()), [
            l.Switch("mode", {(1, 3): [l.Hint("request")], (2, 4): [l.Hint("response")]})]),
    ],
    main=[
        l.U8("first"), l.Let("version", l.F("first") >> 3 & 7), l.Let("m", l.F("first") & 7),
        l.Switch("m", {
            (1, 3): [l.Role("request"), l.Let("mode", l.F("m")), *_TIMED, l.Let("key", l.F("xmt"))],
            (2, 4): [l.Role("response"), l.Let("reply_mode", l.F("m")), *_TIMED, l.Let("key", l.F("org"))],
            5: [l.Role("report"), l.Let("mode", l.F("m")), *_TIMED],
            # Control and private queries carry no times; the answer has the same sequence number.
            6: [l.U8("bits"), l.Let("opcode", l.F("bits") & 31), l.U16("key"),
                l.If(l.F("bits") & 0x80, [l.Role("response"), l.Let("reply_mode", 6)],
                     [l.Role("request"), l.Let("mode", 6)])],
            7: [l.Skip(2), l.U8("opcode"), l.Let("key", l.F("opcode")),
                l.If(l.F("first") & 0x80, [l.Role("response"), l.Let("reply_mode", 7)],
                     [l.Role("request"), l.Let("mode", 7)])],
        }),
        # A request that was sent again is answered too, but there was one answer.
        l.Row(), l.Unset(("reply_mode",)),
    ],
    pair=("key",),
    columns=(
        l.Col("version", "u8", "NTP version"),
        l.Col("mode", "u8", "mode of the request (or of a broadcast)"),
        l.Col("mode_name", "str", "its name", source="mode", names=_MODES),
        l.Col("reply_mode", "u8", "mode of the answer"),
        l.Col("reply_mode_name", "str", "its name", source="reply_mode", names=_MODES),
        l.Col("stratum", "u8", "distance from the reference clock; of the answer if there is one"),
        l.Col("poll", "i64", "exponent of the poll interval (2^n s)"),
        l.Col("precision", "i64", "exponent of the clock's precision (2^n s)"),
        l.Col("root_delay", "u32", "round trip to the reference clock", unit="s/65536"),
        l.Col("root_disp", "u32", "dispersion to the reference clock", unit="s/65536"),
        l.Col("ref_id", "str", "reference: IPv4 address, or hash of an IPv6 one", render="ip4"),
        l.Col("ref_name", "str", "reference clock, or kiss code"),
        l.Col("opcode", "u8", "control operation, or private request code"),
    ),
    function="mode_name",
)
