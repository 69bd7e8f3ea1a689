"""How a tshark field is counted from our records, and which identity strings must reach an asset. Data, no logic.

Adding a protocol to the benchmark is adding its lines here.

Our native streams have one row a transaction: columns that the request set, columns that the answer set, `is_orig`
(the flow's originator asked), `resp_frame` (the answer's packet). A `Count` says on which side a column counts:

- ``request``: once for each row that has a request (or is a report), from the one who asked to the one who was asked;
- ``response``: once for each row that has an answer, the other way.

Rows in which the column (or the column `where`) is null do not count. `transform` writes our value as tshark does:
``dec``, ``hex2`` (at least two digits), ``hex4``, ``hex8``, ``hexbytes`` (whole
bytes), ``text``, ``const:X`` (X for each row), ``hexpairs`` (hex text: the first, third... byte as numbers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """One column of one stream, counted on one side.

    `mask` is applied to numbers. `when` keeps the rows in which a column has a value, `unless`
    those in which a column is null. `weight` names a column that says how many are in the row (1 otherwise).
    """

    stream: str
    column: str
    side: str
    transform: str = "dec"
    where: str = ""
    mask: int = 0
    weight: str = ""
    when: tuple[str, int | str] | None = None
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Proto:
    """A protocol's fields and its goal: the percentage that must be right, None where it is shown only."""

    name: str
    goal: float | None
    fields: Mapping[str, tuple[Count, ...]]


def both(
    stream: str, column: str, reply: str, transform: str = "dec", where: tuple[str, str] = ("", "")
) -> tuple[Count, ...]:
    """One column that requests set and another that answers set (or the same, told apart by `where`)."""
    return (
        Count(stream, column, "request", transform, where[0]),
        Count(stream, reply, "response", transform, where[1]),
    )


def each(stream: str, column: str, transform: str = "dec", where: str = "") -> tuple[Count, ...]:
    """One column of messages that are rows of their own."""
    return (Count(stream, column, "request", transform, where),)


_CIP_CLASSES = (
    *(
        Count("enip", column, side, "hexbytes", where)
        for column in ("class", "class2", "conn_class")
        for side, where in (("request", "service"), ("response", "reply"))
    ),
    Count("enip", "wrapped", "response", "const:0x06", "reply"),
)
"""A path may name two classes; tshark repeats the class of a known connection in each connected request and answer, and
the Unconnected Send's class in the answer to the message that it carried."""

_CIP_BITS = (
    Count("enip", "service", "request", "const:0x00"),
    Count("enip", "reply", "response", "const:0x01"),
    Count("enip", "service", "request", "const:0x00", "class", when=("class", 6)),
    Count("enip", "reply", "response", "const:0x01", "class", when=("class", 6)),
    Count("enip", "service", "request", "const:0x00", "pccc_command"),
    Count("enip", "reply", "response", "const:0x01", "pccc_command"),
)
"""The top bit of the service; tshark shows it twice for messages to the connection manager and the PCCC object."""

_LLDP_TLVS = (
    *(Count("lldp", "tlvs", "request", f"const:{kind}") for kind in (0, 1, 2, 3)),
    Count("lldp", "port_description", "request", "const:4"),
    Count("lldp", "system_name", "request", "const:5"),
    Count("lldp", "system_description", "request", "const:6"),
    Count("lldp", "capabilities", "request", "const:7"),
    Count("lldp", "addresses", "request", "const:8", weight="addresses"),
    Count("lldp", "organisational", "request", "const:127", weight="organisational"),
)
"""Chassis, port, TTL and end stand in each LLDP message (IEEE 802.1AB 8.6); the others show by their columns."""

PROTOCOLS: tuple[Proto, ...] = (
    Proto("modbus", 100.0, {
        "modbus.func_code": both("modbus", "func", "func"),
        "modbus.diagnostic_code": (
            Count("modbus", "subfunction", "request", when=("func", 8)),
            # A refusal does not repeat what was asked.
            Count("modbus", "subfunction", "response", when=("func", 8), unless="exception"),
        ),
        "modbus.mei": (
            Count("modbus", "mei", "request"),
            Count("modbus", "mei", "response", unless="exception"),
        ),
        "modbus.exception_code": (Count("modbus", "exception", "response"),),
    }),
    Proto("s7comm", 100.0, {
        "s7comm.header.rosctr": both("s7comm", "rosctr", "reply"),
        "s7comm.param.func": both("s7comm", "func", "reply_func", "hex2"),
        "s7comm.param.userdata.type": both("s7comm", "ud_type", "reply_type"),
        # The group stands once in a paired row: it counts for each side that sent userdata.
        "s7comm.param.userdata.funcgroup": both("s7comm", "group", "group", where=("ud_type", "reply_type")),
        "s7comm.param.userdata.subfunc": both("s7comm", "subfunc", "subfunc", where=("ud_type", "reply_type")),
        "s7comm.data.userdata.szl_id": both("s7comm", "szl_id", "reply_szl_id", "hex4"),
    }),
    Proto("enip+cip", 99.5, {
        "enip.command": both("enip", "command", "reply_command", "hex4"),
        "cip.service": both("enip", "service", "reply", "hex2"),
        "cip.sc": (
            Count("enip", "service", "request", "hex2"),
            Count("enip", "reply", "response", "hex2", mask=0x7F),
        ),
        "cip.rr": _CIP_BITS,
        "cip.genstat": (Count("enip", "general_status", "response", "hex2"),),
        "cip.class": _CIP_CLASSES,
    }),
    Proto("dnp3", 100.0, {
        "dnp3.ctl.prifunc": both("dnp3", "prifunc", "reply_prifunc"),
        "dnp3.ctl.secfunc": each("dnp3", "secfunc"),
        "dnp3.al.func": both("dnp3", "func", "reply_func"),
        "dnp3.al.obj": both("dnp3", "object", "reply_object", "hex4"),
    }),
    Proto("iec104", 100.0, {
        "iec60870_104.type": both("iec104", "format", "reply_format", "hex8"),
        "iec60870_104.utype": both("iec104", "utype", "reply_utype", "hex8"),
        "iec60870_asdu.typeid": both("iec104", "typeid", "reply_typeid"),
        "iec60870_asdu.causetx": both("iec104", "cause", "reply_cause"),
        "iec60870_asdu.addr": both("iec104", "ca", "reply_ca"),
    }),
    Proto("bacnet", 99.5, {
        "bvlc.function": both("bacnet", "bvlc", "reply_bvlc", "hex2"),
        "bacapp.type": both("bacnet", "type", "reply_type"),
        "bacapp.confirmed_service": both("bacnet", "service", "reply_service"),
        "bacapp.unconfirmed_service": each("bacnet", "unconfirmed"),
    }),
    Proto("profinet_dcp", 99.5, {
        "pn_dcp.service_id": both("profinet_dcp", "service_id", "reply_service_id"),
        "pn_dcp.service_type": both("profinet_dcp", "service_type", "reply_service_type"),
        "pn_dcp.option": (
            *both("profinet_dcp", "option", "reply_option"),
            # Pairs that a Device Options block lists are options to tshark too.
            Count("profinet_dcp", "options", "response", "hexpairs"),
        ),
    }),
    Proto("profinet_cm", None, {
        "pn_io.block_type": both("profinet_cm", "block_type", "reply_block_type", "hex4"),
        "pn_io.index": both("profinet_cm", "index", "reply_index", "hex4", ("block_type", "")),
    }),
    Proto("opcua", 99.5, {
        # We have a row a message, tshark a field a chunk: `chunks` says of how many a message was made.
        "opcua.transport.type": both("opcua", "type", "reply_type", "text"),
        "opcua.servicenodeid.numeric": both("opcua", "service_id", "reply_service_id"),
    }),
    Proto("fins", 100.0, {
        "omron.command": (
            *both("fins", "command", "reply", "hex4"), *both("fins_tcp", "command", "reply", "hex4"),
        ),
    }),
    Proto("arp", None, {"arp.opcode": each("arp", "opcode")}),
    Proto("lldp", None, {"lldp.tlv.type": _LLDP_TLVS}),
    Proto("dhcp", None, {"dhcp.option.dhcp": both("dhcp", "msg_type", "reply_type")}),
    Proto("dns", None, {
        "dns.flags.response": tuple(
            Count(stream, column, side, f"const:{value}")
            for stream in ("dns", "dns_tcp")
            for column, side, value in (("opcode", "request", "0"), ("rcode", "response", "1"))
        ),
    }),
    Proto("http", None, {
        "http.request.method": (*each("http", "method", "text"), *each("ssdp", "method", "text")),
        "http.response.code": (
            Count("http", "status_code", "response"),
            Count("ssdp", "status_code", "response"),
        ),
    }),
    Proto("tls", None, {"tls.handshake.type": both("tls", "handshake", "reply_handshake")}),
    Proto("snmp", None, {"snmp.data": both("snmp", "pdu", "reply_pdu")}),
    Proto("smb", None, {
        # The octet that ends a chain of commands ("no further commands", 0xff) is a command to tshark.
        "smb.cmd": (
            *both("smb", "command", "reply", "hex2"),
            *both("smb", "andx", "reply_andx", "hex2"),
            Count("browser", "smb_command", "request", "hex2"),
        ),
        "smb2.cmd": both("smb", "command2", "reply2"),
    }),
    Proto("ntp", None, {"ntp.flags.mode": both("ntp", "mode", "reply_mode")}),
)


@dataclass(frozen=True, slots=True)
class Key:
    """An identity key.

    `kind` says how its values are compared (see `_accuracy/identity.py`); `skip` are values (in lower case) that name
    no device.
    """

    protocol: str
    means: str
    kind: str = "text"
    note: str = ""
    skip: frozenset[str] = frozenset()


IDENTITY: Mapping[str, Key] = {
    "s7comm.szl.xy11.0001.anz": Key(
        "s7comm", "order_number", note="index 0x81 is the boot loader's", skip=frozenset({"boot loader"})
    ),
    "s7comm.szl.001c.0001.name": Key("s7comm", "name"),
    "s7comm.szl.001c.0002.name": Key("s7comm", "name"),
    "s7comm.szl.001c.0005.serialn": Key("s7comm", "serial"),
    "s7comm.szl.001c.0007.cputypname": Key("s7comm", "model"),
    "omron.controller.model": Key("fins", "model"),
    "omron.controller.version": Key("fins", "firmware"),
    "modbus.object_str_value": Key("modbus", "vendor, product code, revision"),
    "enip.lir.name": Key("enip", "model"),
    "enip.lir.serial": Key("enip", "serial", "serial"),
    "enip.lir.vendor": Key("enip", "vendor", "cip_vendor"),
    "enip.lir.revision": Key("enip", "firmware", "revision_bytes", "tshark reads major and minor as one number"),
    "enip.lir.prodcode": Key("enip", "product", "number:product code"),
    "enip.lir.devtype": Key("enip", "product", "number:device type"),
    "cip.id.product_name": Key("enip", "model"),
    "cip.id.serial_number": Key("enip", "serial", "serial"),
    "cip.id.vendor_id": Key("enip", "vendor", "cip_vendor"),
    "cip.id.major_rev": Key("enip", "firmware", "major"),
    "cip.id.minor_rev": Key("enip", "firmware", "minor"),
    "cip.id.product_code": Key("enip", "product", "number:product code"),
    "bacapp.object_name": Key("bacnet", "name", "bacnet_name", "of the device object; names of points are no identity"),
    "bacapp.vendor_identifier": Key("bacnet", "vendor", "bacnet_vendor"),
    "opcua.ApplicationUri": Key("opcua", "name of the application"),
    "opcua.ProductUri": Key("opcua", "product"),
    "pn_dcp.suboption_device_nameofstation": Key("profinet_dcp", "station name"),
    "pn_dcp.suboption_device_devicevendorvalue": Key("profinet_dcp", "model"),
    "pn_dcp.suboption_vendor_id": Key("profinet_dcp", "vendor", "profinet_vendor"),
    "pn_dcp.suboption_device_id": Key("profinet_dcp", "product", "number:device(?: id)?"),
    "lldp.tlv.system.name": Key("lldp", "system name"),
    "lldp.tlv.system.desc": Key("lldp", "description"),
    "lldp.chassis.id": Key("lldp", "name of the chassis", "hex_text"),
    "dhcp.option.hostname": Key("dhcp", "host name"),
    "dhcp.option.vendor_class_id": Key("dhcp", "vendor class"),
    "smb.native_os": Key("smb", "os"),
    "smb.server": Key("smb", "host name"),
    "ntlmssp.auth.hostname": Key("smb", "host name"),  # and in DCE/RPC and HTTP
    "http.server": Key("http", "server software"),
    "browser.server": Key("smb", "host name"),
    "cdp.deviceid": Key("cdp", "name"),
    "cdp.platform": Key("cdp", "model"),
}
"""Keys whose every value must reach the asset that owns the sender's address.

Left out on purpose: nonces (ntlmserverchallenge), what is asked for or chosen and names no sender (dns.qry.name,
nbns.name, tls server_name, http.host, opcua.EndpointUrl, mqtt.topic), secrets and people (snmp.community, user names),
numbers and octets without their meaning (snmp.value.octets), addresses (lldp.chassis.id.mac, lldp.mgn.addr.ip4,
pn_dcp.suboption_ip_ip), ports, roles, client programs (http.user_agent), and protocols that are not read yet.
"""
NO_NAME = frozenset({"", "null", "none"})
"""What tshark shows for an empty field."""
