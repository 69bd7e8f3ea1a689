"""Protocols of offices and networks that are recognised by their content; of some the greeting or login is read.

Source: the `reference` of each table.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.protocols._shared.recognised import recognised
from linewarden.records import Identity


def vrrp(message: Message) -> Iterator[Record]:
    """An advertisement: virtual router id, priority, addresses (RFC 5798, 5.1)."""
    head, router, priority, count = message.data[:4]
    ips = [".".join(str(b) for b in message.data[8 + 4 * i : 12 + 4 * i]) for i in range(min(count, 8))]
    yield Identity(address=message.src, protocol="vrrp", evidence=f"VRRP version {head >> 4}", role="router",
                   description=f"virtual router {router}, priority {priority}, for {', '.join(ips)}")


def hsrp(message: Message) -> Iterator[Record]:
    """A hello of version 0 or 1: group and virtual address (RFC 2281, 5)."""
    ip = ".".join(str(b) for b in message.data[16:20])
    yield Identity(address=message.src, protocol="hsrp", evidence="HSRP hello", role="router", vendor="Cisco",
                   description=f"standby group {message.data[6]} for {ip}")


def ospf(message: Message) -> Iterator[Record]:
    """A hello: router id and area (RFC 2328, A.3.1)."""
    router, area = (".".join(str(b) for b in message.data[i : i + 4]) for i in (4, 8))
    yield Identity(address=message.src, protocol="ospf", evidence="OSPF hello", role="router",
                   description=f"router id {router}, area {area}")


_COUNTER = (1, 0x0F000001)
"""The first packet's number of OpenVPN where packets are signed; the second of who can negotiate early."""
_MACS = (20, 32, 64)
"""Sizes in bytes of HMAC with SHA-1, SHA-256 and SHA-512."""


def _openvpn_hello(at: int) -> l.Ops:
    """The first packet of either side (opcodes 7, 8 and 10 with key 0), `at` bytes into a message.

    Bare, it is a session id and packet id 0; the server acknowledges in between. `tls-auth` puts an HMAC, a counter and
    the time before these; `tls-crypt` a counter, the time and an HMAC of SHA-256, and encrypts the rest.
    """
    size = l.Size() - at

    def signed(*totals: int, counter: int) -> l.Expr:
        return l.both(size.among(*totals), l.Peek(4, at + counter).among(*_COUNTER))

    client = l.either(
        l.both(size.eq(14), l.Peek(5, at + 9).eq(0)), signed(54, counter=9),
        *(signed(22 + mac, counter=9 + mac) for mac in _MACS),
    )  # fmt: skip
    server = l.either(
        l.both(size.eq(26), l.Peek(5, at + 9).eq(1 << 32)), signed(66, 72, counter=9),
        *(signed(34 + mac, counter=9 + mac) for mac in _MACS),
    )  # fmt: skip
    return [
        l.Let("opcode", l.Peek(1, at)),
        l.Check(l.F("opcode").among(0x38, 0x40, 0x50)),
        l.If(l.F("opcode").eq(0x38), [l.Check(client)]),
        l.If(l.F("opcode").eq(0x40), [l.Check(server), l.Hint("response")]),
        # The third kind carries the client's own wrapped key of 290 bytes or more behind what tls-crypt sends.
        l.If(l.F("opcode").eq(0x50), [l.Check(size >= 54 + 290), l.Check(l.Peek(4, at + 9).among(*_COUNTER))]),
    ]


_TCP = (
    recognised("tds", "TDS (Microsoft SQL Server)", "MS-TDS, 2.2.3", (l.On("tcp", (1433,)),),
               [l.U8("kind"), l.U8("status"), l.U16("length"), l.Skip(3), l.U8("window"),
                l.Check(l.F("kind").among(1, 2, 3, 4, 6, 7, 14, 15, 16, 17, 18, 23)), l.Check(l.F("status") <= 0x19),
                l.Check(l.F("window").eq(0)), l.Check(l.F("length").eq(l.Size())),
                l.If(l.OnPort().eq(0), [l.Check(l.F("kind").eq(18)), l.Check(l.Peek(1).eq(0))]),
                l.If(l.F("kind").eq(4), [l.Hint("response")])],
               framing=l.Length(header=8, at=2, width=2, min=8, max=32_767), anywhere=True, confirm=2),
    recognised("tacacs", "TACACS+", "RFC 8907", (l.On("tcp", (49,)),),
               [l.U8("version"), l.U8("type"), l.U8("seq"), l.Skip(5), l.U32("length"),
                l.Check(l.F("version").among(0xC0, 0xC1)), l.Check(l.both(l.F("type") >= 1, l.F("type") <= 3)),
                l.Check((l.F("length") + 12).eq(l.Size()))]),
    recognised("stratum", "Stratum (mining of coins)", "Stratum mining protocol, slushpool.com; Monero Stratum, xmrig",
               (l.On("tcp", (3333, 4444, 14444)),),
               # A line of JSON-RPC: a method of the room "mining", or Monero's login, which names the miner. A segment
               # is taken as it is: with lines as its framing it would keep other protocols of a flow waiting.
               [l.Check(l.Peek(1).eq(0x7B)), l.Let("own", 0),
                l.At(0, [l.Until(None, b'"mining.', optional=True), l.If(l.Left(), [l.Let("own", 1)])]),
                l.At(0, [l.Until(None, b'"login"', optional=True), l.Until(None, b'"agent"', optional=True),
                         l.If(l.Left(), [l.Let("own", 1)])]),
                l.Check(l.F("own"))], anywhere=True),
)

_UDP = (
    recognised("openvpn", "OpenVPN", "OpenVPN, src/openvpn/ssl_pkt.h and ssl_pkt.c, doc/tls-crypt-v2.txt",
               (l.On("udp", (1194,)), l.On("tcp", (1194,))),
               # Over TCP two bytes of length stand before each packet.
               [l.If((l.Peek(2) + 2).eq(l.Size()), _openvpn_hello(2), _openvpn_hello(0))], anywhere=True),
    recognised("wireguard", "WireGuard", "WireGuard: Next Generation Kernel Network Tunnel, 5.4.2 and 5.4.3",
               (l.On("udp", (51820,)),),
               # A type and three bytes of zeros; initiation and response have one size each.
               [l.Let("type", l.Peek(4, 0, le=True)),
                l.Check(l.either(l.both(l.F("type").eq(1), l.Size().eq(148)),
                                 l.both(l.F("type").eq(2), l.Size().eq(92)))),
                l.If(l.F("type").eq(2), [l.Hint("response")])], anywhere=True),
    recognised("syslog", "Syslog", "RFC 3164, RFC 5424", (l.On("udp", (514,)),),
               [l.Check(l.Peek(1).eq(0x3C)), l.Check(l.either(l.Peek(1, 2).eq(0x3E), l.Peek(1, 3).eq(0x3E),
                                                              l.Peek(1, 4).eq(0x3E)))]),
    recognised("tftp", "TFTP", "RFC 1350", (l.On("udp", (69,)),),
               [l.U16("opcode"), l.Check(l.F("opcode").among(1, 2)), l.Check(l.Peek(1) >= 0x20), l.Until(None, b"\0")]),
    recognised("hsrp", "HSRP", "RFC 2281", (l.On("udp", (1985,)),),
               [l.U8("version"), l.U8("opcode"), l.Check(l.F("version").eq(0)), l.Check(l.F("opcode") <= 3),
                l.Check(l.Size().eq(20))], main=[l.If(l.Peek(1, 1).eq(0), [l.Rich("hello")]), l.Drop()],
               rich={"hello": hsrp}),
)

_IP = (
    recognised("igmp", "IGMP", "RFC 3376", (l.On("ip", (2,)),),
               [l.U8("type"), l.Check(l.F("type").among(0x11, 0x12, 0x16, 0x17, 0x22, 0x13, 0x14))]),
    recognised("vrrp", "VRRP", "RFC 5798", (l.On("ip", (112,)),),
               [l.U8("head"), l.Check(l.F("head").among(0x21, 0x31))],
               main=[l.If(l.Peek(1).among(0x21, 0x31), [l.Rich("advertisement")]), l.Drop()],
               rich={"advertisement": vrrp}),
    recognised("ospf", "OSPF", "RFC 2328", (l.On("ip", (89,)),),
               [l.U8("version"), l.U8("type"), l.Check(l.F("version").among(2, 3)),
                l.Check(l.both(l.F("type") >= 1, l.F("type") <= 5))],
               main=[l.If(l.both(l.Peek(1).eq(2), l.Peek(1, 1).eq(1)), [l.Rich("hello")]), l.Drop()],
               rich={"hello": ospf}),
)

PROTOCOLS = (*_TCP, *_UDP, *_IP)
