"""SNMP v1, v2c and v3: the management of switches, drives and everything else with a network card.

Source: RFC 1157 4 (v1), RFC 3416 3 (PDUs of v2c and v3), RFC 3412 6 and RFC 3414 2.4 (v3 message, user security),
RFC 1213 (system group), RFC 6933 (physical entities). The fixed head is read in the table; only answers from the
system group or about the chassis go to Python. Columns follow Zeek's snmp.log. Before v3 the community is the
password, in the clear.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden.protocols._shared import ber, layout as l
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Command, Identity, Verb

_VERSIONS = {0: "1", 1: "2c", 3: "3"}
_PDUS = {0: "get_request", 1: "get_next_request", 2: "response", 3: "set_request", 4: "trap", 5: "get_bulk_request",
         6: "inform_request", 7: "snmpv2_trap", 8: "report"}
_ERRORS = {
    0: "noError", 1: "tooBig", 2: "noSuchName", 3: "badValue", 4: "readOnly", 5: "genErr", 6: "noAccess",
    7: "wrongType", 8: "wrongLength", 9: "wrongEncoding", 10: "wrongValue", 11: "noCreation",
    12: "inconsistentValue", 13: "resourceUnavailable", 14: "commitFailed", 15: "undoFailed",
    16: "authorizationError", 17: "notWritable", 18: "inconsistentName",
}  # fmt: skip
_LEVELS = {0: "noAuthNoPriv", 1: "authNoPriv", 3: "authPriv"}
_TRAPS = {0: "coldStart", 1: "warmStart", 2: "linkDown", 3: "linkUp", 4: "authenticationFailure",
          5: "egpNeighborLoss", 6: "enterpriseSpecific"}
_ENTERPRISES = {
    9: "Cisco", 11: "Hewlett-Packard", 171: "D-Link", 248: "Hirschmann", 311: "Microsoft", 318: "APC", 343: "Intel",
    476: "Vertiv (Liebert)", 534: "Eaton", 674: "Dell", 691: "MOXA (old)", 1248: "Honeywell", 1588: "Brocade",
    1991: "Foundry", 2011: "Huawei", 2636: "Juniper", 3181: "Microsens", 3375: "F5", 3417: "Blue Coat",
    3833: "Schneider Electric", 4196: "Siemens", 4329: "Siemens", 4346: "Phoenix Contact", 4413: "Broadcom",
    5624: "Enterasys", 6527: "Nokia", 6486: "Alcatel", 6889: "Avaya", 8072: "Net-SNMP", 8691: "MOXA",
    12356: "Fortinet", 13576: "WAGO", 14988: "MikroTik", 15004: "RuggedCom", 16378: "Belden (GarrettCom)",
    21796: "HW group", 24734: "Harting", 25461: "Palo Alto Networks", 35990: "Advantech", 41112: "Ubiquiti",
}  # fmt: skip
"""A few of IANA's private enterprise numbers: makers that stand in plants."""

_SYSTEM, _PHYSICAL = "1.3.6.1.2.1.1.", "1.3.6.1.2.1.47.1.1.1.1."
_MIB_2 = 0x2B06010201  # 1.3.6.1.2.1 in BER
_SCALARS = {1: "description", 4: "contact", 5: "name", 6: "location"}
_ENTITY = {2: "description", 7: "name", 8: "hardware", 9: "firmware", 10: "software", 11: "serial", 12: "vendor",
           13: "model"}
_CHASSIS = ("1", "1001")


def _integer(slot: str | None) -> l.Ops:
    """INTEGER of up to five octets (X.690 8.3); longer ones are passed over."""
    return [l.Skip(1), l.BerLength("size"), l.Switch("size", {
        1: [l.U8(slot)], 2: [l.U16(slot)], 3: [l.U24(slot)], 4: [l.U32(slot)], 5: [l.Skip(1), l.U32(slot)],
    }, [l.Skip(l.F("size"))])]


def _octets(slot: str | None) -> l.Ops:
    """OCTET STRING or OBJECT IDENTIFIER: its content."""
    return [l.Skip(1), l.BerLength("size"), l.Bytes(slot, l.F("size")) if slot else l.Skip(l.F("size"))]


def _open() -> l.Ops:
    """Step into a SEQUENCE (or any constructed element)."""
    return [l.Skip(1), l.BerLength("inner")]


_BINDINGS: l.Ops = [
    *_open(), l.Let("list_size", l.F("inner")),
    l.If(l.Left() >= 4, [
        l.Let("list_at", l.Pos()),
        *_open(), l.Let("one", l.F("inner") + 4 >= l.F("list_size")),
        l.If(l.Peek(1).eq(ber.OID), [
            l.Let("group", l.Peek(1, 7)),
            l.Let("system", l.both(l.Peek(5, 2).eq(_MIB_2), l.either(
                # sysUpTime alone is a heartbeat, no identity.
                l.both(l.F("group").eq(1), l.either(l.Peek(1, 8).ne(3), l.F("one").eq(0))),
                l.both(l.F("group").eq(47), l.Peek(4, 8).eq(0x01010101))))),
            *_octets("oid"),
            l.If(l.both(l.F("pdu_tag").eq(2), l.F("system")), [
                l.Seek(l.F("list_at")), l.Rich("identity")]),
            l.If(l.F("pdu_tag").eq(3), [l.Seek(l.F("list_at")), l.Rich("set", repeat=True)]),
        ]),
    ]),
]

_PDU: l.Ops = [
    l.U8("pdu_tag"), l.Check(l.both(l.F("pdu_tag") >= 0xA0, l.F("pdu_tag") <= 0xA8), "unknown_pdu"),
    l.Let("pdu_tag", l.F("pdu_tag") & 15), l.BerLength("inner"),
    l.If(l.F("pdu_tag").among(2, 8), [l.Role("response"), l.Let("reply_pdu", l.F("pdu_tag"))],
         [l.Let("pdu", l.F("pdu_tag")), l.If(l.F("pdu_tag").among(4, 7), [l.Role("report")], [l.Role("request")])]),
    l.Switch("pdu_tag", {0: [l.Do(Verb.READ, "snmp")], (1, 5): [l.Do(Verb.BROWSE, "snmp")]}),
    l.If(l.F("pdu_tag").eq(4), [
        # Trap of v1: enterprise, agent, generic and specific number, time.
        *_octets("oid"), *_octets(None), *_integer("generic_trap"), *_integer("specific_trap"),
    ], [
        l.If(l.F("version").eq(3), _integer(None), _integer("request_id")),
        l.If(l.F("pdu_tag").eq(2), [*_integer("error_status"), *_integer("error_index")],
             [*_integer(None), *_integer(None)]),
        *_BINDINGS,
    ]),
]

_V3: l.Ops = [
    *_open(), *_integer("request_id"), *_integer(None), l.Skip(2), l.U8("flags"), *_integer("security_model"),
    l.Let("level", l.F("flags") & 3),
    l.Skip(1), l.BerLength("size"),
    l.If(l.F("security_model").eq(3), [l.Within(l.F("size"), [
        *_open(), *_octets("engine_id"), *_integer(None), *_integer(None), *_octets("user")])], [l.Skip(l.F("size"))]),
    l.If(l.F("flags") & 2, [
        # Encrypted: who asks whom is all that is seen.
        l.If(l.IsResponse().eq(0), [l.Role("request")])],
        [*_open(), *_octets(None), *_octets(None), *_PDU]),
]

_HEAD: l.Ops = [*_open(), *_integer("version")]


def identity(message: Message) -> Iterator[Record]:
    """Bindings of an answer: the system group (RFC 1213), or the chassis of the entity MIB (RFC 6933)."""
    said: dict[str, str] = {}
    for oid, value in _bindings(message.data):
        if oid.startswith(_SYSTEM) and oid.endswith(".0"):
            said.update(_scalar(int(oid[len(_SYSTEM) :].partition(".")[0]), value))
        elif oid.startswith(_PHYSICAL):
            field, _, index = oid[len(_PHYSICAL) :].partition(".")
            if int(field) in _ENTITY and index in _CHASSIS and (text := _text(value.content)):
                said[_ENTITY[int(field)]] = text
    if said:
        contact = said.pop("contact", None)
        if contact and "description" not in said:
            said["description"] = f"contact {contact}"
        yield Identity(address=message.src, protocol="snmp", evidence="snmp response", **said)


def _scalar(number: int, value: ber.Element) -> dict[str, str]:
    if number == 2 and value.tag == ber.OID:
        arcs = value.oid().split(".")
        maker = _ENTERPRISES.get(int(arcs[6])) if arcs[:6] == ["1", "3", "6", "1", "4", "1"] and arcs[6:] else None
        return {"vendor": maker} if maker else {}
    text = _text(value.content) if value.tag == ber.OCTET_STRING and number in _SCALARS else ""
    return {_SCALARS[number]: text} if text else {}


def write(message: Message) -> Iterator[Record]:
    """A set request: one command, with its objects and values."""
    bound = list(_bindings(message.data))
    targets = ", ".join(oid for oid, _ in bound[:8])
    yield Command(protocol="snmp", verb=Verb.WRITE, function="set_request", target=targets,
                  value=", ".join(_value(element) for _, element in bound[:8])[:256])


def _bindings(data: bytes) -> Iterator[tuple[str, ber.Element]]:
    """Object identifiers and values; the cursor stood at the first binding. What is cut off at the end is left out."""
    for binding in ber.elements(data):
        name, value = binding.children()[:2]
        yield name.oid(), value


def _value(element: ber.Element) -> str:
    # Counter32, Gauge32, TimeTicks and Counter64 are numbers too (RFC 2578 7.1).
    if element.tag in (ber.INTEGER, 0x41, 0x42, 0x43, 0x46) and len(element.content) <= 9:
        return str(element.integer())
    if element.tag == ber.OID:
        return element.oid()
    return _text(element.content) or element.content[:64].hex()


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace").replace("\r\n", " ").strip("\x00 \n\r\t")
    return "".join(c if c.isprintable() else " " for c in text) if "\ufffd" not in text else ""


PROTOCOL = l.Protocol(
    name="snmp",
    title="SNMP",
    reference="RFC 1157; RFC 3416; RFC 3412",
    on=(l.On("udp", (161, 162)),),
    probe=[
        l.Check(l.Peek(1).eq(ber.SEQUENCE)), *_open(), l.Check(l.F("inner") <= l.Left()),
        l.Check(l.either(l.OnPort(), l.F("inner").eq(l.Left()))),
        l.Check(l.Peek(2).eq(0x0201)), l.Skip(2), l.U8("version"), l.Check(l.F("version").among(*_VERSIONS)),
        l.If(l.F("version").eq(3), [l.Check(l.Peek(1).eq(ber.SEQUENCE))], [
            l.Check(l.Peek(1).eq(ber.OCTET_STRING)), l.Skip(1), l.BerLength("size"), l.Check(l.F("size") <= 255),
            l.Skip(l.F("size")), l.U8("tag"), l.Check(l.both(l.F("tag") >= 0xA0, l.F("tag") <= 0xA8)),
            l.Switch("tag", {
                (0xA0, 0xA1, 0xA3, 0xA5): [l.Hint("request")],
                (0xA2, 0xA8): [l.Hint("response")]}),
        ]),
    ],
    main=[
        *_HEAD,
        l.If(l.F("version").eq(3), _V3, [*_octets("community"), *_PDU]),
        # A request that was sent again is answered too, but there was one answer.
        l.Row(), l.Unset(("reply_pdu",)),
    ],
    pair=("request_id",),
    columns=(
        l.Col("version", "str", "SNMP version", names=_VERSIONS),
        l.Col("community", "text", "community (v1 and v2c): the password, in the clear"),
        l.Col("user", "text", "user (v3)"),
        l.Col("level", "str", "security level (v3)", names=_LEVELS),
        l.Col("engine_id", "str", "authoritative engine (v3)", render="hex"),
        l.Col("request_id", "i64", "request identifier (v3: message identifier)"),
        l.Col("pdu", "u8", "PDU type of the request, or trap; null where only the answer was seen"),
        l.Col("pdu_name", "str", "its name", source="pdu", names=_PDUS),
        l.Col("reply_pdu", "u8", "PDU type of the answer; null if unanswered"),
        l.Col("oid", "text", "first object, of the answer if there is one (of a v1 trap, the enterprise)",
              render="oid"),
        l.Col("error_status", "u8", "error status of the answer"),
        l.Col("error_name", "str", "its name", source="error_status", names=_ERRORS),
        l.Col("generic_trap", "str", "trap of v1", names=_TRAPS),
        l.Col("specific_trap", "i64", "its number, if it is the maker's own"),
    ),
    function="pdu_name",
    unit="none",
    status="error_status",
    statuses=_ERRORS,
    rich={"identity": identity, "set": write},
)
