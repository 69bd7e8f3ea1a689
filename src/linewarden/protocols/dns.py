"""DNS and its relatives on the local link: mDNS (port 5353) and LLMNR (port 5355).

Source: RFC 1035 4 (header, question, resource records), RFC 6762 (mDNS), RFC 4795 (LLMNR). Over TCP a message stands
behind its length (RFC 1035 4.2.2): the protocol `dns_tcp`. Columns are those of Zeek's dns.log. Hosts name
themselves in mDNS and LLMNR answers: an address record that holds the sender's own address.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.it_dns import CLASSES, OPCODES, RCODES, TYPES, domain_name, records
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Verb

_LOCAL = (5353, 5355)

_PROBE: l.Ops = [
    l.Check(l.Size() >= 12), l.U16(), l.U16("flags"), l.U16("questions"), l.U16("records"), l.U16("authorities"),
    l.U16("additionals"),
    l.Check((l.F("flags") >> 11 & 15).among(*OPCODES)),
    l.Check(l.F("questions") <= 32),
    l.If(l.F("flags") & 0x8000, [], [l.Check((l.F("flags") & 15).eq(0))]),
    # Off its ports: one question, of a usual kind, and in a query nothing else but EDNS.
    l.If(l.OnPort().eq(0), [
        l.Check(l.both(l.F("questions").eq(1), l.F("records") <= 64, l.F("authorities") <= 16,
                       l.F("additionals") <= 32, (l.F("flags") & 0x0040).eq(0))),
        l.If(l.F("flags") & 0x8000, [], [
            l.Check(l.both(l.F("records").eq(0), l.F("authorities").eq(0), (l.F("flags") & 0x0680).eq(0)))]),
    ]),
    l.If(l.F("questions"), [
        l.Labels("query"), l.U16("qtype"), l.U16("qclass"),
        l.Check((l.F("qclass") & 0x7FFF).among(*CLASSES)),
        l.If(l.OnPort().eq(0), [l.Check(l.both(l.F("qclass").eq(1), l.F("qtype").among(*TYPES), l.Pos() > 17))]),
    ], [l.Check(l.either(l.F("records"), l.F("flags") & 0x7800))]),
    # Between two equal ports (mDNS) nobody is the server.
    l.If(l.SrcPort().ne(l.DstPort()), [
        l.If(l.F("flags") & 0x8000, [l.Hint("response")], [l.Hint("request")])]),
]

_ANSWER: l.Ops = [
    l.Labels("owner"), l.U16("type", label="type"), l.Skip(2, "class"), l.U32("seconds", label="time to live"),
    l.U16("length", label="data length"),
    l.Let("next", l.Pos() + l.F("length")),
    # An address is a better answer than the alias before it.
    l.Switch("type", {
        1: [l.If(l.F("rank") < 2, [l.Bytes("answer_ip", 4), l.Let("TTL", l.F("seconds")), l.Let("rank", 2)])],
        28: [l.If(l.F("rank") < 2, [l.Bytes("answer_ip", 16), l.Let("TTL", l.F("seconds")), l.Let("rank", 2)])],
        (2, 5, 12): [l.If(l.F("rank") < 1, [l.Labels("answers"), l.Let("TTL", l.F("seconds")), l.Let("rank", 1)])],
        16: [l.If(l.F("rank") < 1, [l.Skip(1), l.Bytes("answers", l.F("length") - 1), l.Let("TTL", l.F("seconds")),
                                    l.Let("rank", 1)])],
        33: [l.If(l.F("rank") < 1, [l.Skip(6), l.Labels("answers"), l.Let("TTL", l.F("seconds")),
                                    l.Let("rank", 1)])],
    }),
    l.Seek(l.F("next")),
]

_HEAD: l.Ops = [
    l.U16("trans_id"), l.U16("flags"), l.U16("questions"), l.U16("records", label="answers"),
    l.Skip(4, "authorities:2, additional records:2"),
    l.Let("Z", l.F("flags") >> 4 & 7), l.Let("RD", l.F("flags") >> 8 & 1), l.Let("TC", l.F("flags") >> 9 & 1),
]

_MAIN: l.Ops = [
    *_HEAD,
    l.If(l.F("flags") & 0x8000, [
        l.Role("response"), l.Let("rcode", l.F("flags") & 15), l.Let("AA", l.F("flags") >> 10 & 1),
        l.Let("RA", l.F("flags") >> 7 & 1), l.Let("answer_count", l.F("records")),
        l.If(l.both(l.F("records"), l.either(l.SrcPort().among(*_LOCAL), l.DstPort().among(*_LOCAL))),
             [l.At(2, [l.Rich("local")])]),
    ], [
        l.Role("request"), l.Let("opcode", l.F("flags") >> 11 & 15),
        # Whoever answers a question to all answers from his own address, in another flow.
        l.If(l.DstPort().among(*_LOCAL), [l.Role("notify")]),
        l.If(l.F("opcode").eq(5), [l.Do(Verb.CONFIGURE, "dns_update")]),
    ]),
    l.If(l.F("questions"), [
        l.Labels("query"), l.U16("qtype"), l.U16("qclass"), l.Let("qclass", l.F("qclass") & 0x7FFF)]),
    l.Repeat([l.Labels("owner"), l.Skip(4, "type:2, class:2")], count=l.F("questions") - 1, limit=32),
    l.If(l.F("flags") & 0x8000, [l.Repeat(_ANSWER, count=l.F("records"), limit=64)]),
    l.Row(),
    # A question that was asked again is answered too, but there was one answer.
    l.Unset(("rcode", "answers", "answer_ip6", "answer_count", "TTL", "AA", "RA")),
]

_COLUMNS = (
    l.Col("trans_id", "u16", "transaction identifier"),
    l.Col("opcode", "u8", "what kind of request; null where only the answer was seen"),
    l.Col("opcode_name", "str", "its name", source="opcode", names=OPCODES),
    l.Col("query", "text", "name that is asked for (the first, where several are)"),
    l.Col("qclass", "u16", "class"),
    l.Col("qclass_name", "str", "its name", source="qclass", names=CLASSES),
    l.Col("qtype", "u16", "record type that is asked for"),
    l.Col("qtype_name", "str", "its name", source="qtype", names=TYPES),
    l.Col("rcode", "u8", "response code; null if unanswered"),
    l.Col("rcode_name", "str", "its name", source="rcode", names=RCODES),
    l.Col("AA", "bool", "the answer is authoritative"),
    l.Col("TC", "bool", "the message was cut short"),
    l.Col("RD", "bool", "recursion is desired"),
    l.Col("RA", "bool", "recursion is available"),
    l.Col("Z", "u8", "three reserved bits"),
    l.Col("answers", "text", "first name or text among the answers"),
    l.Col("answer_ip", "str", "first address among the answers", render="ip"),
    l.Col("TTL", "u32", "how long that may be kept", unit="s"),
    l.Col("answer_count", "u16", "records in the answer section"),
)


def local(message: Message) -> Iterator[Record]:
    """An mDNS or LLMNR answer (without its identifier): what the sender says of itself.

    An address record with the sender's own address gives its name, or else (mDNS) the host of its services (SRV);
    HINFO its hardware and system (RFC 1035 3.3.2); the `model` of `_device-info`, or a printer's `ty`, its model.
    """
    data = b"\0\0" + message.data
    own = ip_address(message.src).packed
    kind = "llmnr" if 5355 in (message.src_port, message.dst_port) else "mdns"
    name = host = model = system = hardware = None
    for record in records(data):
        if record.type in (1, 28) and record.data == own:
            name = record.name
        elif record.type == 13:
            cpu = record.data[1 : 1 + record.data[0]]
            rest = record.data[1 + len(cpu) :]
            hardware, system = _text(cpu), _text(rest[1 : 1 + rest[0]])
        elif record.type == 33 and kind == "mdns":
            host = domain_name(data, record.at + 6)[0]
        elif record.type == 16:
            model = _model(record.data) or model
    name = (name or host or "").removesuffix(".local")
    if name or model:
        yield Identity(address=message.src, protocol="dns", evidence=f"{kind} answer", name=name or None, model=model,
                       os=system or None, hardware=hardware or None)


def _model(data: bytes) -> str | None:
    """The model among the texts of a TXT record (RFC 6763 6): Apple's `model`, or a printer's `ty`."""
    at = 0
    while at < len(data):
        key, _, value = data[at + 1 : at + 1 + data[at]].partition(b"=")
        if key in (b"model", b"ty"):
            return _text(value) or None
        at += 1 + data[at]
    return None


def _text(data: bytes) -> str:
    return "".join(c for c in data.decode("utf-8", "replace") if c.isprintable())


DNS = l.Protocol(
    name="dns",
    title="DNS, mDNS and LLMNR",
    reference="RFC 1035; RFC 6762; RFC 4795",
    on=(l.On("udp", (53, *_LOCAL)),),
    probe=_PROBE,
    main=_MAIN,
    pair=("trans_id",),
    columns=_COLUMNS,
    function="opcode_name",
    point="query",
    status="rcode",
    statuses=RCODES,
    confirm=2,
    rich={"local": local},
)
DNS_TCP = l.Protocol(
    name="dns_tcp",
    title="DNS over TCP",
    reference="RFC 1035 4.2.2; RFC 7766",
    on=(l.On("tcp", (53,)),),
    framing=l.Length(header=2, at=0, width=2, add=2, min=14),
    probe=[l.Skip(2), l.Within(None, _PROBE)],
    main=[l.Skip(2), l.Within(None, _MAIN)],
    pair=("trans_id",),
    columns=_COLUMNS,
    function="opcode_name",
    point="query",
    status="rcode",
    statuses=RCODES,
    anywhere=False,
    rich={"local": local},
)
PROTOCOLS = (DNS, DNS_TCP)
